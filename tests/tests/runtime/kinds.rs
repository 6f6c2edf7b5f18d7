//! The three kinds of components, and the ways in which an action reports a failure.

use attune_core::Value;
use attune_core::error::{Source, kind};
use attune_core::pin::Invocation;

use crate::bench::{Bench, attempt, failure, result};

/// Function, input, and the result, or kind and message of the failure.
type Case = (
    &'static str,
    &'static str,
    Result<&'static str, (&'static str, &'static str)>,
);

/// Calls functions of `typed` and compares: a result, or kind and message of a failure.
async fn check_typed(cases: &[Case]) {
    let bench = Bench::new();
    for (function, input, expected) in cases {
        let manifest = format!(r#"{{"export":"sample:typed/sums@1.2.0#{function}"}}"#);
        let finished = bench.call("typed", &manifest, input).await;
        match expected {
            Ok(expected) => assert_eq!(&result(&finished), expected, "{function} {input}"),
            Err((kind, message)) => {
                let failure = failure(&finished);
                assert_eq!(&*failure.kind, *kind, "{function} {input}");
                assert!(failure.message.contains(message), "{}", failure.message);
            }
        }
    }
}

#[tokio::test]
async fn scalars_go_in_and_out() {
    check_typed(&[
        ("add", r#"{"a":2,"b":-3}"#, Ok("-1")),
        ("add", "[2,3]", Ok("5")),
        ("divide", r#"{"a":1,"b":4}"#, Ok("0.25")),
        (
            "small",
            r#"{"a":255,"b":-128,"c":65535,"d":-32768}"#,
            Ok("32894"),
        ),
        ("large", r#"{"a":18446744073709551615,"b":"-5"}"#, Ok("4")),
        ("repeat", r#"{"text":"é","times":3}"#, Ok(r#""ééé""#)),
        ("next", r#"{"of":"a"}"#, Ok(r#""b""#)),
        ("negate", r#"{"flag":true}"#, Ok("false")),
        ("halve", r#"{"number":10}"#, Ok("5")),
        ("nothing", "{}", Ok("null")),
    ])
    .await;
}

#[tokio::test]
async fn misfits_name_the_place() {
    let (kind, failed) = (kind::INVALID_INPUT, kind::ACTION_FAILED);
    check_typed(&[
        (
            "add",
            r#"{"a":2}"#,
            Err((kind, "`/b`: expected an integer of 32 bits, found nothing")),
        ),
        ("add", r#"{"a":2,"b":3,"c":4}"#, Err((kind, "`/c`"))),
        ("add", r#"{"a":2,"b":1.5}"#, Err((kind, "`/b`"))),
        (
            "small",
            r#"{"a":256,"b":0,"c":0,"d":0}"#,
            Err((kind, "`/a`")),
        ),
        ("next", r#"{"of":"ab"}"#, Err((kind, "one character"))),
        ("negate", "true", Err((kind, "an object"))),
        (
            "divide",
            r#"{"a":1,"b":0}"#,
            Err((failed, "cannot be divided by zero")),
        ),
        ("refuse", "{}", Err((failed, "returned an error"))),
    ])
    .await;
}

#[tokio::test]
async fn error_value_is_in_the_details() {
    let bench = Bench::new();
    let manifest = r#"{"export":"sample:typed/sums@1.2.0#halve"}"#;
    let finished = bench.call("typed", manifest, r#"{"number":7}"#).await;
    assert_eq!(failure(&finished).source, Source::Action);
    assert_eq!(failure(&finished).details, Value::Int(7));
}

#[tokio::test]
async fn one_bare_function_needs_no_choice() {
    let bench = Bench::new();
    let greet = bench.guest("typed-one", "null").await;
    let expected = Invocation::Typed {
        interface: None,
        function: "greet".into(),
    };
    assert_eq!(greet.invocation, expected);
    assert_eq!(
        greet.parameters.to_public_json(),
        r#"{"type":"object","properties":{"name":{"type":"string"},"shout":{"type":"boolean"}},"required":["name","shout"],"additionalProperties":false}"#
    );
    let finished = bench
        .run(attempt(&greet, r#"{"name":"Ada","shout":true}"#))
        .await;
    assert_eq!(result(&finished), r#""HELLO, ADA!""#);
}

#[tokio::test]
async fn program_reads_stdin_and_writes_stdout() {
    let bench = Bench::new();
    let finished = bench.call("command", "null", r#"{"a":1}"#).await;
    assert_eq!(result(&finished), r#"{"bytes":7,"arguments":0}"#);
    let manifest = r#"{"command":{"args":["x","y"],"stdin":"text"}}"#;
    let finished = bench.call("command", manifest, "{}").await;
    assert_eq!(result(&finished), r#"{"bytes":4,"arguments":2}"#);
    let given = "action".len() + "x".len() + "y".len() + "text".len();
    assert_eq!(finished.usage.input_bytes, given as u64);
    let written = r#"{"bytes": 4, "arguments": 2}"#.len()
        + "
"
        .len();
    assert_eq!(finished.usage.output_bytes, written as u64);
    let finished = bench.call("command", "null", r#"{"text":true}"#).await;
    assert_eq!(result(&finished), r#""plain text""#);
    let finished = bench.call("command", "null", r#"{"exit": 0}"#).await;
    assert_eq!(result(&finished), r#""""#);
}

#[tokio::test]
async fn module_for_preview1_runs_unchanged() {
    let bench = Bench::new();
    let module = tests::guests::preview1("command");
    assert!(
        module.starts_with(b"\0asm\x01\0\0\0"),
        "a module, no component"
    );
    let manifest = r#"{"command":{"args":["x"]}}"#;
    let program = bench.upload(module, manifest).await.unwrap();
    assert!(program.pure && program.cacheable);
    let finished = bench.run(attempt(&program, r#"{"a":1}"#)).await;
    assert_eq!(result(&finished), r#"{"bytes":7,"arguments":1}"#);
}

/// `titlecase` by Wesley Moore (MIT), a program for people's terminals.
#[tokio::test]
async fn program_written_by_somebody_else_runs_unchanged() {
    let bench = Bench::new();
    let program = tests::guests::published("titlecase", "3.6.0");
    let manifest = r#"{"command":{"stdin":"{{ input.title }}"}}"#;
    let program = bench.upload(program, manifest).await.unwrap();
    assert!(program.pure && program.cacheable);
    let input = r#"{"title":"an ode to the joy of being a program"}"#;
    let finished = bench.run(attempt(&program, input)).await;
    assert_eq!(
        result(&finished),
        r#""An Ode to the Joy of Being a Program""#
    );
}

#[tokio::test]
async fn action_of_the_sdk_for_preview1_runs_as_well() {
    let bench = Bench::new();
    let module = tests::guests::preview1("about");
    assert!(module.starts_with(b"\0asm\x01\0\0\0"));
    let about = bench.upload(module, "null").await.unwrap();
    assert_eq!(about.invocation, Invocation::Handler);
    let seen = result(&bench.run(attempt(&about, "{}")).await);
    assert!(seen.contains(r#""run_id":7"#), "{seen}");
}

#[tokio::test]
async fn exit_code_is_a_failure_with_stderr() {
    // WASI 0.2 tells success from failure, not the code.
    let finished = Bench::new().call("command", "null", r#"{"exit": 3}"#).await;
    let failure = failure(&finished);
    assert_eq!(&*failure.message, "the program exited with code 1");
    assert_eq!(
        failure.details.to_public_json(),
        r#"{"stderr":"failing as told"}"#
    );
    assert!(failure.retryable);
}

#[tokio::test]
async fn action_names_its_own_failure() {
    let finished = Bench::new()
        .call("flaky", "null", r#"{"succeed_at":2}"#)
        .await;
    let failure = failure(&finished);
    assert_eq!((&*failure.kind, &*failure.message), ("not_yet", "not yet"));
    assert_eq!(failure.source, Source::Action);
    assert!(failure.retryable);
    assert_eq!(failure.details, Value::Int(1));
}

#[tokio::test]
async fn failures_without_a_kind_have_the_engines() {
    let bench = Bench::new();
    let other = bench.call("other-error", "null", "{}").await;
    assert_eq!(&*failure(&other).kind, kind::ACTION_FAILED);
    assert!(failure(&other).retryable);
    let misfit = bench.call("too-much", "null", r#"{"bytes":"many"}"#).await;
    assert_eq!(&*failure(&misfit).kind, kind::INVALID_INPUT);
    assert!(!failure(&misfit).retryable);
}

#[tokio::test]
async fn denial_names_the_grant() {
    let bench = Bench::new();
    let manifest = r#"{"grants":{}}"#;
    for (input, names) in [
        (r#"{"call":"get","key":"k"}"#, "kv: read"),
        (r#"{"call":"set","key":"k","value":1}"#, "kv: write"),
        (r#"{"call":"config","key":"k"}"#, "config: true"),
        (r#"{"call":"reveal","name":"pay"}"#, "secrets"),
    ] {
        let finished = bench.call("store", manifest, input).await;
        let failure = failure(&finished);
        assert!(
            failure.message.contains(names),
            "{input}: {}",
            failure.message
        );
        assert_eq!(&*failure.kind, "denied", "{input}");
    }
}
