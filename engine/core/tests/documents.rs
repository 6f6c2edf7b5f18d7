//! The documents are held true: every example is read, every rehearsal runs.
#![expect(clippy::unwrap_used, reason = "a test may fail")]
#![expect(
    clippy::disallowed_methods,
    reason = "the tests read the documents; the core itself reads no file"
)]

#[path = "documents/cookbook.rs"]
mod cookbook;
#[path = "documents/examples.rs"]
mod examples;
#[path = "documents/markdown.rs"]
mod markdown;

use std::path::{Path, PathBuf};

use attune_core::rehearse;

/// Returns the folder of the whole project.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the files of a folder with this ending, in order.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == ending))
        .collect();
    found.sort();
    found
}

/// Runs the cases of a rehearsal file; returns how many there are and what differed.
fn rehearse_all(text: &str, folder: &Path) -> (usize, Vec<String>) {
    let find = |path: &str| std::fs::read_to_string(folder.join(path)).ok();
    let cases = rehearse::read(text).unwrap_or_else(|problem| panic!("{problem:?}"));
    let mut wrong = Vec::new();
    for case in &cases {
        let verdict = rehearse::rehearse(case, &find);
        let told = verdict.differences.iter();
        wrong.extend(told.map(|difference| format!("{}: {difference}", case.id)));
    }
    (cases.len(), wrong)
}

/// Fails with everything that was found.
fn report(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}
