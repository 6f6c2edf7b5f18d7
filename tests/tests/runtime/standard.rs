//! The standard actions as components: what their examples say comes true in the sandbox, and
//! they describe themselves.

use std::fs;

use attune_core::event::Outcome;
use serde_json::Value as Json;
use tests::guests;

use crate::bench::{Bench, attempt};

/// Uploads a standard action and runs its examples.
async fn check(reference: &str) {
    let bench = Bench::new();
    let component = fs::read(guests::standard(reference)).unwrap();
    let inspection = bench.upload(component, "null").await.unwrap();
    assert!(inspection.pure && inspection.cacheable, "{reference}");

    let directory = guests::root()
        .join("actions")
        .join(reference.replacen('.', "-", 1));
    let examples = fs::read_to_string(directory.join("examples.json")).unwrap();
    let examples: Vec<Json> = serde_json::from_str(&examples).unwrap();
    assert!(!examples.is_empty(), "{reference}");
    for example in examples {
        let finished = bench
            .run(attempt(&inspection, &example["input"].to_string()))
            .await;
        let title = format!("{reference}: {}", example["title"]);
        match finished.outcome {
            Outcome::Succeeded(value) => {
                let found: Json = serde_json::from_str(&value.to_public_json()).unwrap();
                assert!(
                    example.get("error").is_none(),
                    "{title}: it succeeded with {found}"
                );
                assert_eq!(found, example["result"], "{title}");
            }
            Outcome::Failed(failure) => {
                let expected = &example["error"];
                let message = expected["message"].as_str().unwrap_or("no failure at all");
                assert!(
                    failure.message.contains(message),
                    "{title}: {}",
                    failure.message
                );
                assert_eq!(
                    failure.retryable,
                    expected["case"] == "transient",
                    "{title}"
                );
                if let Some(kind) = expected["kind"].as_str() {
                    assert_eq!(&*failure.kind, kind, "{title}");
                }
            }
            other @ (Outcome::TimedOut | Outcome::Interrupted | Outcome::Abandoned) => {
                panic!("{title}: {other:?}")
            }
        }
    }
}

#[tokio::test]
async fn core_actions_do_as_their_examples_say() {
    for reference in ["core.echo", "core.noop", "core.fail"] {
        check(reference).await;
    }
}

#[tokio::test]
async fn json_actions_do_as_their_examples_say() {
    check("json.merge").await;
    check("json.query").await;
}

#[tokio::test]
async fn text_and_hash_actions_do_as_their_examples_say() {
    check("text.render").await;
    check("hash.digest").await;
}

#[tokio::test]
async fn doc_comments_are_the_description() {
    let component = fs::read(guests::standard("hash.digest")).unwrap();
    let inspection = Bench::new().upload(component, "null").await.unwrap();
    let parameters: Json = serde_json::from_str(&inspection.parameters.to_public_json()).unwrap();
    let text = &parameters["properties"]["text"]["description"];
    assert_eq!(text, "What is hashed, one of: text, as UTF-8.");
    assert_eq!(parameters["additionalProperties"], false);
    let output: Json = serde_json::from_str(&inspection.output.to_public_json()).unwrap();
    assert_eq!(output["properties"]["hex"]["type"], "string");
}
