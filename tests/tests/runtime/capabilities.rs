//! What an action asks of the engine reaches it, and the answers come back as the SDK says.

use attune_core::Value;
use attune_core::event::Outcome;
use attune_runtime::Settings;

use crate::bench::{Bench, attempt, failure, result};
use crate::world::World;

const MANIFEST: &str = r#"{"grants":{"kv":"write","config":true,
    "secrets":{"pay":{"hosts":["a.test"],"reveal":true},"new":{"hosts":["a.test"]}}}}"#;

fn bench() -> Bench {
    Bench::within(Settings::default(), World::new(MANIFEST))
}

#[tokio::test]
async fn kv_calls_answer_as_the_sdk_says() {
    let bench = bench();
    for (input, expected) in [
        (r#"{"call":"get","key":"a.1"}"#, "null"),
        (
            r#"{"call":"set","key":"a.1","value":{"n":[1,null]}}"#,
            "true",
        ),
        (r#"{"call":"get","key":"a.1"}"#, r#"{"n":[1,null]}"#),
        (
            r#"{"call":"set","key":"a.2","value":2,"ttl_ms":60000}"#,
            "true",
        ),
        (r#"{"call":"create","key":"a.3","value":3}"#, "true"),
        (
            r#"{"call":"list","prefix":"a.","after":"a.1","limit":1}"#,
            r#"["a.2"]"#,
        ),
        (r#"{"call":"delete","key":"a.3"}"#, "true"),
        (r#"{"call":"delete","key":"a.3"}"#, "false"),
    ] {
        assert_eq!(
            result(&bench.call("store", "null", input).await),
            expected,
            "{input}"
        );
    }
}

#[tokio::test]
async fn refused_calls_name_what_is_wrong() {
    let bench = bench();
    let written = bench
        .call("store", "null", r#"{"call":"set","key":"k","value":1}"#)
        .await;
    assert_eq!(result(&written), "true");
    for (input, kind, retryable) in [
        (r#"{"call":"create","key":"k","value":1}"#, "conflict", true),
        (r#"{"call":"set","key":"a b","value":1}"#, "invalid", false),
        (r#"{"call":"placeholder","name":"new"}"#, "not_found", false),
        (r#"{"call":"reveal","name":"new"}"#, "denied", false),
    ] {
        let finished = bench.call("store", "null", input).await;
        let failure = failure(&finished);
        assert_eq!(
            (&*failure.kind, failure.retryable),
            (kind, retryable),
            "{input}"
        );
    }
}

#[tokio::test]
async fn configuration_and_secrets_are_the_packs() {
    let bench = bench();
    let store = bench.guest("store", "null").await;
    for (input, expected) in [
        (r#"{"call":"config"}"#, r#"{"region":"eu"}"#),
        (r#"{"call":"config","key":"region"}"#, r#""eu""#),
        (r#"{"call":"config","key":"zone"}"#, "null"),
        // What it shows of a secret that it was given is hidden from all others.
        (r#"{"call":"reveal","name":"pay"}"#, r#""[secret]""#),
    ] {
        let mut attempt = attempt(&store, input);
        attempt.config = Value::from_json(br#"{"region":"eu"}"#).unwrap();
        assert_eq!(result(&bench.run(attempt).await), expected, "{input}");
    }
    let revealed = bench
        .call("store", "null", r#"{"call":"reveal","name":"pay"}"#)
        .await;
    let Outcome::Succeeded(value) = revealed.outcome else {
        panic!("{:?}", revealed.outcome);
    };
    assert_eq!(value.to_revealed_json(), r#""hunter2""#);
    let placeholder = bench
        .call("store", "null", r#"{"call":"placeholder","name":"pay"}"#)
        .await;
    assert!(!result(&placeholder).contains("hunter2"));
}

#[tokio::test]
async fn counting_at_the_same_time_loses_nothing() {
    let bench = bench();
    let counter = bench.guest("counter", "null").await;
    let count = || bench.run(attempt(&counter, r#"{"key":"runs"}"#));
    let (a, b, c, d) = tokio::join!(count(), count(), count(), count());
    let mut counts = [a, b, c, d].map(|finished| result(&finished));
    counts.sort();
    assert_eq!(counts, ["1", "2", "3", "4"]);
}
