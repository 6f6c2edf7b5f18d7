//! Every command that the documents show exists, with the flags they show.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Returns the lines that call `attune` in the console blocks of all documents.
fn commands() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = BTreeSet::new();
    for folder in [".", "docs", "docs/cookbook"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "md") {
                let text = std::fs::read_to_string(&path).unwrap();
                let lines = text
                    .lines()
                    .filter_map(|line| line.strip_prefix("$ attune "));
                found.extend(lines.map(|line| line.split(" #").next().unwrap().to_owned()));
            }
        }
    }
    found
}

/// Returns the help of the command that a line calls.
fn help(line: &str) -> Option<String> {
    let is_name = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase());
    let names: Vec<&str> = line.split(' ').take_while(is_name).take(2).collect();
    let done = Command::new(env!("CARGO_BIN_EXE_attune"))
        .args(names)
        .arg("--help")
        .output()
        .unwrap();
    done.status
        .success()
        .then(|| String::from_utf8(done.stdout).unwrap())
}

#[test]
fn every_command_in_the_documents_exists() {
    let all = commands();
    assert!(all.len() > 20, "{all:?}");
    let mut wrong = Vec::new();
    for line in all {
        let Some(help) = help(&line) else {
            wrong.push(line);
            continue;
        };
        let flags = line.split([' ', '=']).filter(|word| word.starts_with("--"));
        wrong.extend(
            flags
                .filter(|flag| !help.contains(*flag))
                .map(|flag| format!("{line}: {flag}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
