//! Bindings are generated ahead of time, the SDK's and those of the C template; they must be those
//! of the interfaces.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fs;
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use tests::guests;

/// What generates them.
const COMMAND: &str = "cargo run --manifest-path guest-sdk/bindgen/Cargo.toml";

/// Lists the files of our own interfaces, in order.
fn interfaces() -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(guests::root().join("wit"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "wit"));
    files.sort();
    files
}

fn digest(files: Vec<PathBuf>) -> String {
    let mut hash = Sha256::new();
    for file in files {
        hash.update(fs::read(file).unwrap());
    }
    let bytes = hash.finalize();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn bindings_are_generated_from_the_interfaces_as_they_are() {
    let bindings = fs::read_to_string(guests::root().join("guest-sdk/src/bindings.rs")).unwrap();
    let first = bindings.lines().next().unwrap();
    assert!(
        first.ends_with(&digest(interfaces())),
        "`wit/` has changed: run `{COMMAND}`"
    );
}

#[test]
fn bindings_of_the_c_template_are_those_of_its_interfaces() {
    let kept = fs::read_to_string(guests::root().join("guest-sdk/bindgen/c.sha256")).unwrap();
    let mut files = interfaces();
    files.push(guests::root().join("engine/templates/action-c/wit/world.wit"));
    assert_eq!(
        kept.trim(),
        digest(files),
        "`wit/` or the template's has changed: run `{COMMAND}`"
    );
}
