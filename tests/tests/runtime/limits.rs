//! Each limit has a guest that goes over it. The attempt fails with the right kind, what it used
//! is recorded, and the engine answers the next one.

use std::time::Duration;

use attune_core::event::Outcome;
use tokio_util::sync::CancellationToken;

use attune_driver::port::Runner;

use crate::bench::{Bench, attempt, failure, result};

/// Runs a guest that must fail with `kind`, and the engine after it.
async fn check(guest: &str, manifest: &str, input: &str, kind: &str) {
    let bench = Bench::new();
    let finished = bench.call(guest, manifest, input).await;
    let failure = failure(&finished);
    assert_eq!(&*failure.kind, kind, "{guest}: {}", failure.message);
    assert!(!failure.message.contains("0x"), "{}", failure.message);
    assert_eq!(finished.usage.attempts, 1);
    assert!(finished.usage.fuel > 0, "{guest} used no fuel");
    bench.still_answers().await;
}

#[tokio::test]
async fn computing_without_end_uses_up_the_fuel() {
    check(
        "spin",
        r#"{"limits":{"fuel":50000000}}"#,
        "{}",
        "fuel_exhausted",
    )
    .await;
}

#[tokio::test]
async fn traps_are_told() {
    for how in ["panic", "unreachable", "out_of_bounds"] {
        check("trap", "null", &format!(r#"{{"how":"{how}"}}"#), "trap").await;
    }
}

#[tokio::test]
async fn panic_message_is_in_the_details() {
    let finished = Bench::new().call("trap", "null", "{}").await;
    let details = failure(&finished).details.to_public_json();
    assert!(
        details.contains("this guest panics as it was told"),
        "{details}"
    );
    assert!(
        finished
            .logs
            .iter()
            .any(|line| &*line.message == "about to trap")
    );
}

#[tokio::test]
async fn recursion_without_end_is_a_trap() {
    check("stack", "null", "{}", "trap").await;
}

#[tokio::test]
async fn taking_memory_without_end_is_stopped_at_the_limit() {
    check("allocate", "null", "{}", "memory_exhausted").await;
    let finished = Bench::new().call("allocate", "null", "{}").await;
    let peak = finished.usage.peak_memory_bytes;
    assert!(peak > 60 << 20 && peak <= 64 << 20, "{peak}");
}

#[tokio::test]
async fn result_over_its_limit_is_refused() {
    check("too-much", "null", "{}", "output_too_large").await;
    check(
        "too-much",
        "null",
        r#"{"bytes":1048575}"#,
        "output_too_large",
    )
    .await;
    let finished = Bench::new()
        .call("too-much", "null", r#"{"bytes":1048574}"#)
        .await;
    assert_eq!(finished.usage.output_bytes, 1 << 20);
    assert_eq!(result(&finished).len(), 1 << 20);
}

#[tokio::test]
async fn result_that_is_not_json_is_refused() {
    check("not-json", "null", "{}", "output_error").await;
}

#[tokio::test]
async fn leaving_by_exit_is_a_trap() {
    check("exit", "null", r#"{"code":3}"#, "trap").await;
}

#[tokio::test]
async fn printing_without_end_is_cut() {
    let bench = Bench::new();
    let manifest = r#"{"limits":{"fuel":100000000,"log":"16KiB"}}"#;
    let finished = bench.call("print", manifest, "{}").await;
    assert_eq!(&*failure(&finished).kind, "fuel_exhausted");
    let size: usize = finished.logs.iter().map(|line| line.message.len()).sum();
    assert!(size <= 16 << 10, "{size}");
    let last = finished.logs.last().unwrap();
    assert!(last.message.contains("the log is full"), "{}", last.message);
    bench.still_answers().await;
}

#[tokio::test]
async fn logging_without_end_is_cut() {
    let manifest = r#"{"limits":{"fuel":100000000,"log":"16KiB"}}"#;
    let finished = Bench::new().call("log", manifest, "{}").await;
    assert_eq!(&*failure(&finished).kind, "fuel_exhausted");
    assert!(finished.logs.len() < 400);
}

#[tokio::test]
async fn long_lines_are_cut() {
    let finished = Bench::new()
        .call("log", "null", r#"{"lines":2,"bytes":20000}"#)
        .await;
    assert_eq!(result(&finished), "2");
    assert_eq!(finished.logs.len(), 2);
    assert!(finished.logs[0].message.ends_with("[cut]"));
    assert!(finished.logs[0].message.len() <= 8 << 10);
}

#[tokio::test]
async fn sleeping_for_real_ends_at_the_timeout() {
    let bench = Bench::new();
    let manifest = r#"{"pure":false,"limits":{"timeout":"200ms"}}"#;
    let finished = bench.call("sleep", manifest, "{}").await;
    assert_eq!(finished.outcome, Outcome::TimedOut);
    let wall = finished.usage.wall_us;
    assert!((200_000..5_000_000).contains(&wall), "{wall}");
    bench.still_answers().await;
}

#[tokio::test]
async fn computing_ends_at_the_timeout() {
    let manifest = r#"{"limits":{"timeout":"200ms","fuel":1e12}}"#;
    let finished = Bench::new().call("spin", manifest, "{}").await;
    assert_eq!(finished.outcome, Outcome::TimedOut);
    assert!(finished.usage.fuel > 1_000_000);
    assert_eq!(finished.usage.input_bytes, "{}".len() as u64);
}

#[tokio::test]
async fn interrupted_attempt_ends_at_once() {
    let bench = Bench::new();
    let inspection = bench.guest("spin", r#"{"limits":{"fuel":1e12}}"#).await;
    let stop = CancellationToken::new();
    let run = bench.runtime.run(attempt(&inspection, "{}"), stop.clone());
    let (finished, ()) = tokio::join!(run, async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        stop.cancel();
    });
    assert_eq!(finished.outcome, Outcome::Interrupted);
    assert!(finished.usage.fuel > 0);
    bench.still_answers().await;
}

#[tokio::test]
async fn many_at_once_all_end() {
    let bench = Bench::new();
    let spin = bench.guest("spin", r#"{"limits":{"fuel":20000000}}"#).await;
    let about = bench.guest("about", "null").await;
    let mut running = tokio::task::JoinSet::new();
    for index in 0..100 {
        let inspection = if index % 2 == 0 { &spin } else { &about };
        let attempt = attempt(inspection, "{}");
        let runtime = bench.runtime.clone();
        running.spawn(async move { runtime.run(attempt, CancellationToken::new()).await });
    }
    let finished = running.join_all().await;
    let succeeded = finished
        .iter()
        .filter(|finished| matches!(finished.outcome, Outcome::Succeeded(_)));
    assert_eq!(succeeded.count(), 50);
}

#[tokio::test]
async fn fallback_allocator_keeps_the_same_limits() {
    let bench = Bench::on_demand();
    assert!(!bench.runtime.is_pooled());
    let finished = bench.call("allocate", "null", "{}").await;
    assert_eq!(&*failure(&finished).kind, "memory_exhausted");
    bench.still_answers().await;
}
