//! The documents are held true: every example is read, every rehearsal runs, and the reference
//! of the language leaves out no code, key, state or error.
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
#[path = "documents/reference.rs"]
mod reference;

use std::path::{Path, PathBuf};

use attune_core::rehearse;
use attune_core::spec::{ActionSchemas, Actions};

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

/// The standard actions by name; those of all other packs are taken to exist.
struct Standard(Vec<String>);

impl Standard {
    fn new() -> Self {
        let entries = std::fs::read_dir(root().join("actions")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        let crates = names.filter(|name| name.contains('-') && !name.contains('.'));
        let built_in = ["core.sleep", "core.inquiry"].map(str::to_owned);
        let references = crates.map(|name| name.replacen('-', ".", 1));
        Self(references.chain(built_in).collect())
    }
}

impl Actions for Standard {
    fn lookup(&self, reference: &str) -> Option<ActionSchemas> {
        let (pack, _) = reference.split_once('.')?;
        let is_standard = self
            .0
            .iter()
            .any(|name| name.split('.').next() == Some(pack));
        let exists = !is_standard || self.0.iter().any(|name| name == reference);
        exists.then(ActionSchemas::default)
    }
}

/// Runs the cases of a rehearsal file; returns how many there are and what differed.
fn rehearse_all(text: &str, find: rehearse::Find<'_>) -> (usize, Vec<String>) {
    let cases = rehearse::read(text).unwrap_or_else(|problem| panic!("{problem:?}"));
    let mut wrong = Vec::new();
    for case in &cases {
        let verdict = rehearse::rehearse(case, find);
        let told = verdict.differences.iter();
        wrong.extend(told.map(|difference| format!("{}: {difference}", case.id)));
    }
    (cases.len(), wrong)
}

/// Fails with everything that was found.
fn report(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}
