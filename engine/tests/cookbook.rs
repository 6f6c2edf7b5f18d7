//! Workflows of the cookbook that need nothing but standard actions, run for real by the binary.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};

/// Runs a workflow in an engine inside the command; returns the output and whether it went well.
fn run(name: &str, inputs: &Json) -> (bool, Json) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs/cookbook/workflows")
        .join(format!("{name}.yaml"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    command
        .args(["workflow", "run", "--output", "json"])
        .arg(file)
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
    for (key, value) in inputs.as_object().unwrap() {
        command.arg(format!("{key}:={value}"));
    }
    let done = command.output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    let told = String::from_utf8_lossy(&done.stderr);
    let output = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}\n{told}"));
    (done.status.success(), output)
}

fn check(name: &str, inputs: &Json, expected: &Json) {
    let (is_good, output) = run(name, inputs);
    assert_eq!((is_good, &output), (true, expected), "{name}");
}

#[test]
fn words_are_counted() {
    let expected = json!({"words": {"a": 2, "b": 2, "c": 1}, "texts": 2});
    check("map_reduce", &json!({"texts": ["a b a", "B c"]}), &expected);
    check(
        "map_reduce",
        &json!({"texts": []}),
        &json!({"words": {}, "texts": 0}),
    );
}

#[test]
fn bad_rows_are_put_aside() {
    let csv = "sku,quantity,price\na,2,1.5\nb,x,1\n,1,1\nc,1,4\n";
    let expected = json!({
        "loaded": [{"sku": "a", "total": 3.0}, {"sku": "c", "total": 4}],
        "quarantine": [
            {"line": 3, "why": "the quantity is no number"},
            {"line": 4, "why": "no sku"},
        ],
    });
    check("csv_import", &json!({"csv": csv}), &expected);
    let (is_good, output) = run("csv_import", &json!({"csv": csv, "tolerated": 1}));
    assert!(!is_good, "{output}");
}

#[test]
fn a_range_is_filled_slice_by_slice() {
    let expected = json!({"rows": 250, "slices": 3, "next": 250});
    check("backfill", &json!({"from": 0, "to": 250}), &expected);
}

#[test]
fn layers_are_merged_and_rendered() {
    let inputs = json!({"environment": "prod", "overrides": {"workers": 3}});
    let (is_good, output) = run("config_render", &inputs);
    assert!(is_good);
    let file = "log = info\nworkers = 3\ndatabase.host = db.internal\ndatabase.pool = 5\n";
    assert_eq!(output["file"], file);
    assert_eq!(output["etag"].as_str().unwrap().len(), 12);
}

#[test]
fn every_combination_is_built() {
    let expected = json!({
        "built": {"linux": ["1.94", "1.95"], "mac": ["1.94", "1.95"], "windows": ["1.95"]},
        "count": 5,
        "names": ["linux-1.94", "linux-1.95", "mac-1.94", "mac-1.95", "windows-1.95"],
    });
    check("build_matrix", &json!({}), &expected);
}

#[test]
fn small_amounts_pass_by_themselves() {
    let inputs = json!({"what": "a chair", "amount": 12.5});
    check("expense_approval", &inputs, &json!({"paid": 12.5}));
}

/// The signature is what `openssl dgst -sha256 -hmac s3cret` gives for the body.
#[test]
fn signed_webhooks_are_sorted() {
    let body = r#"{"action":"opened","labels":["bug"],"title":"it broke"}"#;
    let signature = "sha256=538bb05a803f4e2454061d0ad759681029f12c5ac3b0f0b64e18be4b1920efc9";
    let inputs = json!({"body": body, "signature": signature, "secret": "s3cret"});
    check("webhook_triage", &inputs, &json!({"queue": "bugs"}));
    let forged = json!({"body": body, "signature": signature, "secret": "other"});
    assert!(!run("webhook_triage", &forged).0);
}
