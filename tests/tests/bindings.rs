//! The SDK's bindings are generated ahead of time; they must be those of the interfaces.

use std::fs;

use sha2::{Digest, Sha256};
use tests::guests;

#[test]
fn bindings_are_generated_from_the_interfaces_as_they_are() {
    let wit = guests::root().join("wit");
    let mut files: Vec<_> = fs::read_dir(wit)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "wit"));
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(fs::read(file).unwrap());
    }
    let digest: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();

    let bindings = fs::read_to_string(guests::root().join("guest-sdk/src/bindings.rs")).unwrap();
    let first = bindings.lines().next().unwrap();
    let command = "cargo run --manifest-path guest-sdk/bindgen/Cargo.toml";
    assert!(
        first.ends_with(&digest),
        "`wit/` has changed: run `{command}`"
    );
}
