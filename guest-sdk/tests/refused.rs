//! Mistakes with `#[action]` and what the compiler says to them: each file in `refused/` begins
//! with words of the message that must stand at it. What the compiler adds is its own business, and
//! another one with each release.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn cases() -> BTreeMap<String, PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let name = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files.map(|path| (name(&path), path)).collect()
}

/// Makes a crate whose examples are the cases, with the versions of our own lock file.
fn project(dir: &Path) {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = format!(
        "[package]\nname = \"refused\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [dependencies]\nattune-sdk = {{ path = {sdk:?} }}\nschemars = \"1.2\"\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\n[workspace]\n"
    );
    fs::create_dir_all(dir.join("src")).unwrap();
    fs::create_dir_all(dir.join("examples")).unwrap();
    fs::write(dir.join("Cargo.toml"), manifest).unwrap();
    fs::write(dir.join("src/lib.rs"), "").unwrap();
    fs::copy(sdk.join("../Cargo.lock"), dir.join("Cargo.lock")).unwrap();
    for (name, path) in cases() {
        let text = fs::read_to_string(path).unwrap() + "\nfn main() {}\n";
        fs::write(dir.join(format!("examples/{name}.rs")), text).unwrap();
    }
}

/// Returns the errors at each case, as the compiler renders them.
fn errors() -> BTreeMap<String, String> {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("refused");
    project(&dir);
    let output = Command::new(env!("CARGO"))
        .args([
            "check",
            "--examples",
            "--keep-going",
            "--message-format",
            "json",
            "--quiet",
        ])
        .arg("--target-dir")
        .arg(dir.join("target"))
        .current_dir(&dir)
        .output()
        .unwrap();
    let mut found = BTreeMap::<String, String>::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["message"]["level"] == "error" {
            let case = line["target"]["name"].as_str().unwrap().to_owned();
            let text = line["message"]["rendered"].as_str().unwrap();
            found.entry(case).or_default().push_str(text);
        }
    }
    assert!(
        !found.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    found
}

#[test]
fn mistakes_are_told_in_words_of_the_sdk() {
    let errors = errors();
    let mut wrong = Vec::new();
    for (name, path) in cases() {
        let text = fs::read_to_string(path).unwrap();
        let expected = text.lines().next().unwrap().trim_start_matches("//! ");
        let found = errors.get(&name).cloned().unwrap_or_default();
        if !found.contains(expected) {
            wrong.push(format!("{name}: expected `{expected}`, found\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
