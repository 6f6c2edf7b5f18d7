//! The standard actions in the sandbox: they are what the engine believes without compiling them,
//! and their examples come true.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use attune_core::Value;
use attune_core::event::Outcome;
use attune_driver::port::{Finished, Inspection, Inspector};
use attune_runtime::Settings;
use attune_sdk::testing::Example;
use serde_json::{Value as Json, json};

use crate::bench::{Bench, attempt, failure};
use crate::world::World;

/// Set to write `about.json` of every standard action instead of comparing it.
const UPDATE: &str = "ATTUNE_UPDATE_ABOUT";

/// Directory and reference of every standard action, in order.
fn all() -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(tests::guests::root().join("actions")).unwrap();
    let directories = entries.map(|entry| entry.unwrap().path());
    directories
        .filter(|path| path.join("Cargo.toml").is_file())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            (name.replacen('-', ".", 1), path.clone())
        })
        .collect()
}

fn component(reference: &str) -> Vec<u8> {
    fs::read(tests::guests::standard(reference)).unwrap()
}

/// What an action says about itself, as `about.json` holds it.
fn about(found: &Inspection) -> Json {
    let json = |value: &Value| serde_json::from_str::<Json>(&value.to_public_json()).unwrap();
    let mut about = json!({"summary": found.summary.as_deref()});
    if let Some(description) = &found.description {
        about["description"] = (**description).into();
    }
    about["parameters"] = json(&found.parameters);
    about["output"] = json(&found.output);
    let grants = json(&found.grants);
    if grants != json!({}) {
        about["grants"] = grants;
    }
    about
}

#[tokio::test]
async fn standard_actions_are_what_the_engine_believes() {
    let bench = Bench::new();
    for (reference, directory) in all() {
        let upload = component(&reference);
        let inspected = bench
            .runtime
            .inspect(upload.clone().into(), Value::Null)
            .await;
        let inspected = inspected.unwrap_or_else(|error| panic!("{reference}: {error}"));
        let found = about(&inspected);
        let file = directory.join("about.json");
        if std::env::var_os(UPDATE).is_some() {
            let text = serde_json::to_string_pretty(&found).unwrap();
            fs::write(&file, text + "\n").unwrap();
        }
        let kept = fs::read(&file).unwrap_or_default();
        let kept: Json = serde_json::from_slice(&kept).unwrap_or_default();
        assert_eq!(
            kept, found,
            "{reference}: run this test with {UPDATE}=1 and look at the change"
        );
        let kept = Value::from_json(kept.to_string().as_bytes()).unwrap();
        let believed = bench.runtime.foreknown(upload.into(), &kept).unwrap();
        assert_eq!(believed, inspected, "{reference}");
    }
}

#[tokio::test]
async fn examples_of_standard_actions_come_true() {
    for (reference, directory) in all() {
        let examples = fs::read(directory.join("examples.json")).unwrap();
        let examples: Vec<Example> = serde_json::from_slice(&examples).unwrap();
        for example in examples.iter().filter(|example| example.http.is_empty()) {
            check(&reference, example).await;
        }
    }
}

/// Runs one example in a sandbox of its own.
async fn check(reference: &str, example: &Example) {
    let uploaded = Bench::new().upload(component(reference), "null").await;
    let grants = uploaded.unwrap().grants.to_public_json();
    let world = World::new(&format!(r#"{{"grants": {grants}}}"#));
    for (key, value) in &example.kv {
        world.put(key, Value::from_json(value.to_string().as_bytes()).unwrap());
    }
    let bench = Bench::within(Settings::default(), world);
    let uploaded = bench.upload(component(reference), "null").await.unwrap();
    let finished = bench
        .run(attempt(&uploaded, &example.input.to_string()))
        .await;
    compare(reference, example, &finished);
}

/// Compares how an attempt ended with what its example says.
pub(crate) fn compare(reference: &str, example: &Example, finished: &Finished) {
    let what = format!("{reference}: {}", example.title);
    let Some(expected) = &example.error else {
        let Outcome::Succeeded(found) = &finished.outcome else {
            panic!("{what}: {:?}", finished.outcome)
        };
        let found: Json = serde_json::from_str(&found.to_public_json()).unwrap();
        assert_eq!(found, without_fractions(&example.result), "{what}");
        return;
    };
    let failure = failure(finished);
    assert!(
        failure.message.contains(&expected.message),
        "{what}: {}",
        failure.message
    );
    let kind = match (&expected.kind, &*expected.case) {
        (Some(kind), _) => kind,
        (None, "invalid-input") => attune_core::error::kind::INVALID_INPUT,
        (None, _) => attune_core::error::kind::ACTION_FAILED,
    };
    assert_eq!(&*failure.kind, kind, "{what}");
    assert_eq!(failure.retryable, expected.case == "transient", "{what}");
}

/// The engine's numbers have one form for 12 and 12.0.
fn without_fractions(value: &Json) -> Json {
    let value = Value::from_json(value.to_string().as_bytes()).unwrap();
    serde_json::from_str(&value.to_public_json()).unwrap()
}

#[tokio::test]
async fn doc_comments_are_the_description() {
    let component = fs::read(tests::guests::standard("hash.digest")).unwrap();
    let inspection = Bench::new().upload(component, "null").await.unwrap();
    let parameters: Json = serde_json::from_str(&inspection.parameters.to_public_json()).unwrap();
    let text = &parameters["properties"]["text"]["description"];
    assert_eq!(text, "What is hashed, one of: text, as UTF-8.");
    assert_eq!(parameters["additionalProperties"], false);
    let output: Json = serde_json::from_str(&inspection.output.to_public_json()).unwrap();
    assert_eq!(output["properties"]["hex"]["type"], "string");
}
