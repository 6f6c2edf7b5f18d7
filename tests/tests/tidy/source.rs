//! Finds the project's files: what git tracks, and what it would track.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Written by a tool: held to no rule of ours.
const GENERATED: &str = "bindings.rs";

/// Returns the root of the project.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests crate is below the root")
}

/// Returns the project's files that end in `.end`, relative to the root.
pub(crate) fn files(end: &str) -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the project's files");
    let list = String::from_utf8(output.stdout).expect("paths are UTF-8");
    let found: Vec<PathBuf> = list
        .lines()
        .map(PathBuf::from)
        .filter(|path| path.extension().is_some_and(|found| found == end))
        .filter(|path| root().join(path).is_file())
        .filter(|path| !path.ends_with(GENERATED))
        .collect();
    assert!(
        !found.is_empty(),
        "no .{end} file found: is this a git checkout?"
    );
    found
}

/// Reads a file of the project.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(root().join(path)).expect("a listed file can be read")
}

/// Fails with one line for each broken rule.
pub(crate) fn report(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}
