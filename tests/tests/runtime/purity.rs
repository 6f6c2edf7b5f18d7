//! A pure attempt sees the same bytes each time, on every engine, and cannot reach anything.

use std::time::Instant;

use attune_core::event::Outcome;

use crate::bench::{Bench, FIRST_STARTED, attempt, result};

#[tokio::test]
async fn same_input_sees_the_same_bytes_on_another_engine() {
    let first = Bench::new();
    let observe = first.guest("observe", "null").await;
    assert!(observe.pure && observe.cacheable);
    let seen = result(&first.run(attempt(&observe, "{}")).await);
    assert_eq!(result(&first.run(attempt(&observe, "{}")).await), seen);

    let second = Bench::on_demand();
    let observe = second.guest("observe", "null").await;
    let mut other = attempt(&observe, "{}");
    other.context.seed = 7;
    other.context.first_started.0 += 5000;
    assert_eq!(
        result(&second.run(other).await),
        seen,
        "cacheable: by content alone"
    );

    let input = attempt(&observe, r#"{"x":1}"#);
    assert_ne!(
        result(&second.run(input).await),
        seen,
        "another input, another seed"
    );
}

#[tokio::test]
async fn same_attempt_sees_the_same_bytes() {
    let bench = Bench::new();
    let observe = bench.guest("observe", "null").await;
    let pure = |seed| {
        let mut attempt = attempt(&observe, "{}");
        attempt.action.cacheable = false;
        attempt.context.seed = seed;
        attempt
    };
    let seen = result(&bench.run(pure(1)).await);
    assert_eq!(result(&bench.run(pure(1)).await), seen);
    assert_ne!(result(&bench.run(pure(2)).await), seen);
    assert!(seen.contains(&FIRST_STARTED.0.to_string()), "{seen}");
}

#[tokio::test]
async fn effectful_attempt_sees_the_world() {
    let bench = Bench::new();
    let observe = bench.guest("observe", r#"{"pure":false}"#).await;
    assert!(!observe.pure && !observe.cacheable);
    let one = result(&bench.run(attempt(&observe, "{}")).await);
    assert_ne!(result(&bench.run(attempt(&observe, "{}")).await), one);
}

#[tokio::test]
async fn pure_sleep_takes_no_time() {
    let bench = Bench::new();
    let sleep = bench.guest("sleep", "null").await;
    let start = Instant::now();
    let slept = result(&bench.run(attempt(&sleep, r#"{"ms":3600000}"#)).await);
    assert!(start.elapsed().as_secs() < 20);
    let slept: u64 = slept.parse().unwrap();
    assert!((3_600_000..3_600_100).contains(&slept), "{slept}");
}

#[tokio::test]
async fn every_way_of_waiting_ends_at_once() {
    let bench = Bench::new();
    let wait = bench.guest("wait", "null").await;
    assert!(wait.pure && wait.cacheable);
    for (how, looks) in [
        ("spin", None),
        ("wall", None),
        ("ask", None),
        ("block", Some("0")),
        ("poll", Some("1")),
        ("steps", Some("100")),
    ] {
        let input = format!(r#"{{"how":"{how}","ms":600000}}"#);
        let start = Instant::now();
        let finished = bench.run(attempt(&wait, &input)).await;
        assert!(start.elapsed().as_secs() < 60, "{how}");
        let found = result(&finished);
        match looks {
            Some(looks) => assert_eq!(found, looks, "{how}"),
            // The clock moves by a millisecond with each look.
            None => assert!(found.parse::<u64>().unwrap() <= 600_000, "{how}: {found}"),
        }
        assert_eq!(
            result(&bench.run(attempt(&wait, &input)).await),
            found,
            "{how}"
        );
    }
}

#[tokio::test]
async fn requests_are_denied_in_a_pure_attempt() {
    let bench = Bench::new();
    let fetch = bench.guest("fetch", "null").await;
    assert!(!fetch.pure, "it imports `secrets`");
    let mut pure = attempt(&fetch, r#"{"authority":"127.0.0.1:80"}"#);
    pure.pure = true;
    let seen = result(&bench.run(pure.clone()).await);
    assert!(seen.contains("HttpRequestDenied"), "{seen}");
    assert_eq!(result(&bench.run(pure).await), seen);
}

#[tokio::test]
async fn result_is_used_again_for_as_long_as_the_task_says() {
    let bench = Bench::new();
    let observe = bench.guest("observe", "null").await;
    let cached = |input: &str, cache| {
        let mut attempt = attempt(&observe, input);
        attempt.cache = cache;
        attempt
    };
    let hour = Some(attune_core::Millis(3_600_000));
    let first = bench.run(cached("{}", hour)).await;
    assert!(first.usage.fuel > 0);
    let second = bench.run(cached("{}", hour)).await;
    assert_eq!(second.usage.fuel, 0, "nothing was executed");
    assert_eq!(result(&second), result(&first));
    assert!(second.logs[0].message.contains("`cache`"));
    for other in [
        cached("{}", None),
        cached(r#"{"x":1}"#, hour),
        cached("{}", Some(attune_core::Millis(0))),
    ] {
        assert!(bench.run(other).await.usage.fuel > 0);
    }
    // What may see more than its input is executed each time.
    let about = bench.guest("about", "null").await;
    for _ in 0..2 {
        let mut attempt = attempt(&about, "{}");
        attempt.cache = hour;
        assert!(bench.run(attempt).await.usage.fuel > 0);
    }
}

#[tokio::test]
async fn nothing_outside_is_reached() {
    let bench = Bench::new();
    for manifest in ["null", r#"{"pure":false}"#] {
        let finished = bench.call("reach", manifest, "{}").await;
        let Outcome::Succeeded(seen) = &finished.outcome else {
            panic!("{:?}", finished.outcome);
        };
        assert_eq!(seen.get("arguments").unwrap().to_public_json(), "[]");
        assert_eq!(seen.get("environment").unwrap().to_public_json(), "[]");
        for way in [
            "root", "here", "passwd", "write", "connect", "resolve", "datagram",
        ] {
            let outcome = seen.get(way).unwrap();
            assert!(
                outcome.get("err").is_some(),
                "{way}: {}",
                outcome.to_public_json()
            );
        }
        assert_eq!(seen.get("stdin").unwrap().to_public_json(), r#"{"ok":""}"#);
    }
}

#[tokio::test]
async fn context_makes_it_not_cacheable() {
    let bench = Bench::new();
    let about = bench.guest("about", "null").await;
    assert!(about.pure && !about.cacheable);
    let finished = bench.run(attempt(&about, "{}")).await;
    let seen = result(&finished);
    assert!(
        seen.contains(r#""run_id":7,"task_id":3,"attempt":1"#),
        "{seen}"
    );
    assert!(seen.contains("pack.action@1"), "{seen}");
    let progress = finished
        .logs
        .iter()
        .find(|line| &*line.stream == "progress");
    assert_eq!(&*progress.unwrap().message, "half way");
}
