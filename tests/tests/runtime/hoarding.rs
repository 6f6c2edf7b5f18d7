//! What the host holds and does for a guest is bounded as what the guest itself holds and does.

use std::time::{Duration, Instant};

use attune_core::event::Outcome;
use attune_driver::port::{Finished, Runner};
use attune_runtime::Settings;
use tokio_util::sync::CancellationToken;

use crate::bench::{Bench, attempt, failure, result};

/// How late a timeout may be on a busy machine.
const LATE_US: u64 = 1_500_000;

async fn hoard(what: &str, manifest: &str) -> Finished {
    let bench = Bench::new();
    let before = peak_bytes();
    let input = format!(r#"{{"what":"{what}"}}"#);
    let finished = bench.call("hoard", manifest, &input).await;
    let grown = peak_bytes() - before;
    assert!(grown < 192 << 20, "{what}: {} MiB", grown >> 20);
    bench.still_answers().await;
    finished
}

#[tokio::test]
async fn resources_that_are_not_given_back_end_the_attempt() {
    for what in ["bodies", "headers", "pollables", "handles"] {
        let finished = hoard(what, "null").await;
        let failure = failure(&finished);
        assert_eq!(&*failure.kind, "memory_exhausted", "{what}: {failure:?}");
    }
}

#[tokio::test]
async fn work_of_the_host_ends_at_the_timeout() {
    let manifest = r#"{"limits":{"fuel":1e12,"timeout":"300ms","log":"16KiB"}}"#;
    for what in ["log", "random", "output"] {
        let finished = hoard(what, manifest).await;
        assert_eq!(finished.outcome, Outcome::TimedOut, "{what}");
        let late = finished.usage.wall_us.saturating_sub(300_000);
        assert!(late < LATE_US, "{what}: {late} µs late");
    }
}

#[tokio::test]
async fn work_of_the_host_holds_nobody_up() {
    let settings = Settings {
        threads: Some(1),
        ..Settings::default()
    };
    let bench = Bench::within(settings, attune_host_api::NoBackend);
    let manifest = r#"{"limits":{"fuel":1e12,"timeout":"5s","log":"16KiB"}}"#;
    let hoard = bench.guest("hoard", manifest).await;
    bench.still_answers().await;
    let stop = CancellationToken::new();
    let others = ["log", "random", "output"].map(|what| {
        let attempt = attempt(&hoard, &format!(r#"{{"what":"{what}"}}"#));
        let (runtime, stop) = (bench.runtime.clone(), stop.clone());
        tokio::spawn(async move { runtime.run(attempt, stop).await })
    });
    for _ in 0..5 {
        let begun = Instant::now();
        bench.still_answers().await;
        let taken = begun.elapsed();
        assert!(taken < Duration::from_secs(1), "{taken:?}");
    }
    stop.cancel();
    for other in others {
        assert_eq!(other.await.unwrap().outcome, Outcome::Interrupted);
    }
}

#[tokio::test]
async fn printing_without_end_ends_early() {
    let manifest = r#"{"limits":{"fuel":1e9}}"#;
    for (guest, input) in [("print", "{}"), ("hoard", r#"{"what":"output"}"#)] {
        let finished = Bench::new().call(guest, manifest, input).await;
        let failure = failure(&finished);
        assert_eq!(&*failure.kind, "fuel_exhausted", "{guest}: {failure:?}");
        assert_eq!(finished.usage.fuel, 1_000_000_000);
        // An optimised engine takes a tenth of it.
        assert!(finished.usage.wall_us < 10_000_000, "{:?}", finished.usage);
    }
}

/// Two components in one: the first hands a long text to the second without end, which costs the
/// guest next to nothing and the host the copy.
const TEXTS: &str = r#"(component
    (component $taker
        (core module $m
            (memory (export "memory") 400)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 16))
            (func (export "take") (param i32 i32)))
        (core instance $i (instantiate $m))
        (func (export "take") (param "text" string) (canon lift (core func $i "take")
            (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
    (component $giver
        (import "take" (func $take (param "text" string)))
        (core module $libc (memory (export "memory") 400))
        (core instance $libc (instantiate $libc))
        (core func $take (canon lower (func $take) (memory (core memory $libc "memory"))))
        (core module $m
            (import "taker" "take" (func $take (param i32 i32)))
            (import "libc" "memory" (memory 1))
            (func (export "run") (result i32)
                (memory.fill (i32.const 16) (i32.const 120) (i32.const 20000000))
                (loop $l (call $take (i32.const 16) (i32.const 20000000)) (br $l))
                (i32.const 0)))
        (core instance $taker (export "take" (func $take)))
        (core instance $m (instantiate $m
            (with "taker" (instance $taker)) (with "libc" (instance $libc))))
        (func (export "run") (result u32) (canon lift (core func $m "run"))))
    (instance $taker (instantiate $taker))
    (instance $giver (instantiate $giver (with "take" (func $taker "take"))))
    (export "run" (func $giver "run")))"#;

#[tokio::test]
async fn copies_between_components_end_at_the_timeout() {
    let bench = Bench::new();
    let manifest = r#"{"limits":{"fuel":1e12,"timeout":"300ms"}}"#;
    let uploaded = bench.upload(wat::parse_str(TEXTS).unwrap(), manifest).await;
    let finished = bench.run(attempt(&uploaded.unwrap(), "{}")).await;
    assert_eq!(finished.outcome, Outcome::TimedOut);
    let late = finished.usage.wall_us.saturating_sub(300_000);
    assert!(late < LATE_US, "{late} µs late");
    bench.still_answers().await;
}

/// A function that returns as many bytes as it is asked for.
const BYTES: &str = r#"(component
    (core module $m
        (memory (export "memory") 100)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (func (export "run") (param i32) (result i32)
            (i32.store (i32.const 16) (i32.const 1024))
            (i32.store (i32.const 20) (local.get 0))
            (i32.const 16)))
    (core instance $i (instantiate $m))
    (func (export "run") (param "count" u32) (result (list u8)) (canon lift (core func $i "run")
        (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#;

#[tokio::test]
async fn typed_result_may_be_as_large_as_any() {
    let bench = Bench::new();
    let uploaded = bench.upload(wat::parse_str(BYTES).unwrap(), "null").await;
    let uploaded = uploaded.unwrap();
    let most = ((1 << 20) - 2) / 4 * 3;
    let finished = bench.run(attempt(&uploaded, &format!("[{most}]"))).await;
    assert_eq!(result(&finished).len(), most / 3 * 4 + 2);
    for count in [most + 3, 6 << 20] {
        let finished = bench.run(attempt(&uploaded, &format!("[{count}]"))).await;
        assert_eq!(&*failure(&finished).kind, "output_too_large", "{count}");
    }
}

/// A function of a list of records with many options, each of which an empty object stands for.
fn options() -> Vec<u8> {
    let fields: Vec<String> = (0..60)
        .map(|index| format!("(field \"f{index}\" (option u8))"))
        .collect();
    let text = format!(
        r#"(component
            (type $r' (record {})) (export $r "r" (type $r'))
            (core module $m
                (memory (export "memory") 100)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
                (func (export "run") (param i32 i32) (result i32) (local.get 1)))
            (core instance $i (instantiate $m))
            (func (export "run") (param "all" (list $r)) (result u32)
                (canon lift (core func $i "run")
                (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#,
        fields.join(" ")
    );
    wat::parse_str(text).unwrap()
}

#[tokio::test]
async fn few_bytes_do_not_become_many_values() {
    let bench = Bench::new();
    let uploaded = bench.upload(options(), "null").await.unwrap();
    let call = async |count: usize| {
        let input = format!("[[{}]]", vec!["{}"; count].join(","));
        bench.run(attempt(&uploaded, &input)).await
    };
    assert_eq!(result(&call(1000).await), "1000");
    let before = peak_bytes();
    let finished = call(300_000).await;
    let failure = failure(&finished);
    assert_eq!(&*failure.kind, "input", "{failure:?}");
    assert!(failure.message.contains("fewer values"), "{failure:?}");
    let grown = peak_bytes() - before;
    assert!(grown < 192 << 20, "{} MiB", grown >> 20);
}

/// Returns the most memory that this process had.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.unwrap().trim().trim_end_matches("kB").trim();
    kib.parse::<u64>().unwrap() << 10
}
