//! Uploads: what they are taken for, and why they are refused.

use attune_core::pin::Invocation;

use crate::bench::Bench;

async fn refused(component: Vec<u8>, manifest: &str) -> (&'static str, String) {
    let uploaded = Bench::new().upload(component, manifest).await;
    let error = uploaded.expect_err("it must be refused");
    (error.code, error.message)
}

#[tokio::test]
async fn refusals_name_the_cause() {
    let guest = |name: &str| tests::guests::bytes(name);
    let mut cut = guest("about");
    cut.truncate(1000);
    for (component, manifest, code, names) in [
        (b"hello".to_vec(), "null", "not_wasm", "not WebAssembly"),
        (Vec::new(), "null", "not_wasm", "not WebAssembly"),
        (guest("core-module"), "null", "core_module", "core module"),
        (cut, "null", "broken_component", "not valid"),
        (
            guest("unknown-import"),
            "null",
            "unknown_import",
            "acme:shop/stock@1.0.0",
        ),
        (
            guest("unknown-import"),
            "null",
            "unknown_import",
            "acme:shop/prices@1.0.0",
        ),
        (
            guest("two-exports"),
            "null",
            "ambiguous_export",
            "`double`, `triple`",
        ),
        (
            guest("two-exports"),
            r#"{"export":"half"}"#,
            "no_export",
            "half",
        ),
        (guest("large"), "null", "needs_memory", "declares"),
        (guest("bad-schema"), "null", "describe_failed", "schema"),
        (
            guest("about"),
            r#"{"nonsense":1}"#,
            "invalid_manifest",
            "/nonsense",
        ),
    ] {
        let (found, message) = refused(component, manifest).await;
        assert_eq!(found, code, "{message}");
        assert!(message.contains(names), "{code}: {message}");
    }
}

#[tokio::test]
async fn schemas_that_take_forever_to_check_by_are_refused() {
    let again = r##"{"properties":{"a":{"$ref":"#"}}}"##;
    let twice = format!(r#"{{"type":"object","anyOf":[{again},{again}]}}"#);
    let patterns = (0..100).map(|index| format!(r#""p{index}":{{"pattern":"(a{{200}}){{40}}"}}"#));
    let patterns = patterns.collect::<Vec<_>>().join(",");
    let patterns = format!(r#"{{"type":"object","properties":{{{patterns}}}}}"#);
    for (schema, names) in [(twice, "looks"), (patterns, "64 patterns")] {
        for key in ["parameters", "output"] {
            let manifest = format!(r#"{{"{key}":{schema}}}"#);
            let (code, message) = refused(tests::guests::bytes("about"), &manifest).await;
            assert_eq!(code, "invalid_manifest", "{message}");
            assert!(
                message.contains(names) && message.contains(key),
                "{message}"
            );
        }
    }
}

#[tokio::test]
async fn upload_over_the_limit_is_refused() {
    let (code, _) = refused(vec![0; (64 << 20) + 1], "null").await;
    assert_eq!(code, "too_large");
}

#[tokio::test]
async fn describe_that_does_not_end_is_refused() {
    let limits = r#"{"limits":{"fuel":10000000}}"#;
    let (code, message) = refused(tests::guests::bytes("describe-spin"), limits).await;
    assert_eq!(code, "describe_failed");
    assert!(message.contains("fuel"), "{message}");
}

#[tokio::test]
async fn handler_describes_itself() {
    let about = Bench::new().guest("too-much", "null").await;
    assert_eq!(about.invocation, Invocation::Handler);
    assert_eq!(about.summary.as_deref(), Some("Returns a lot."));
    let parameters = about.parameters.to_public_json();
    assert!(parameters.contains(r#""bytes""#), "{parameters}");
    assert!(!about.needs_approval);
}

#[tokio::test]
async fn more_memory_is_taken_where_the_manifest_asks() {
    let large = Bench::new()
        .guest("large", r#"{"limits":{"memory":"256MiB"}}"#)
        .await;
    assert_eq!(large.limits.memory_bytes, 256 << 20);
}

#[tokio::test]
async fn wanted_grants_are_shown_and_need_approval() {
    let http = Bench::new().guest("wants-http", "null").await;
    assert!(http.needs_approval && !http.pure);
    assert!(http.grants.get("http").is_some(), "{:?}", http.grants);
    let store = Bench::new().guest("store", "null").await;
    assert!(!store.needs_approval && !store.pure);
    assert_eq!(
        store.grants.to_public_json(),
        r#"{"kv":"write","config":true}"#
    );
}
