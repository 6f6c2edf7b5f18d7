//! Rules of a single file.

use super::source::{files, read, report};

/// Longest a source file may be, in lines.
const MAX_LINES: usize = 500;

#[test]
fn no_source_file_is_too_long() {
    let long: Vec<String> = files("rs")
        .iter()
        .map(|path| (path, read(path).lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(path, lines)| format!("{}: {lines} lines", path.display()))
        .collect();
    report("split these files: one idea each", &long);
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let silent: Vec<String> = files("rs")
        .iter()
        .filter(|path| !read(path).starts_with("//!"))
        .map(|path| path.display().to_string())
        .collect();
    report("open these files with `//!`", &silent);
}

#[test]
fn modules_stand_beside_their_folder() {
    let found: Vec<String> = files("rs")
        .iter()
        .filter(|path| path.ends_with("mod.rs"))
        .map(|path| path.display().to_string())
        .collect();
    report("use `foo.rs` beside `foo/`, not `mod.rs`", &found);
}

#[test]
fn no_test_is_ignored_and_nothing_is_left_to_do() {
    // Spelled in pieces, so that this file does not find itself.
    let marks = [
        concat!("#[ig", "nore"),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("#[al", "low("),
    ];
    let mut found = Vec::new();
    for path in files("rs") {
        // A macro cannot expect a lint that its expansion may or may not raise.
        if path.starts_with("guest-sdk/macros") {
            continue;
        }
        for (number, line) in read(&path).lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) {
                found.push(format!(
                    "{}:{}: {}",
                    path.display(),
                    number + 1,
                    line.trim()
                ));
            }
        }
    }
    report("finish these, or use `#[expect(.., reason)]`", &found);
}

#[test]
fn error_messages_are_lowercase_fragments() {
    let mut found = Vec::new();
    for path in files("rs") {
        for (number, line) in read(&path).lines().enumerate() {
            let Some(text) = line.trim().strip_prefix("#[error(\"") else {
                continue;
            };
            let Some((message, _)) = text.rsplit_once('"') else {
                continue;
            };
            let acronym = message
                .chars()
                .nth(1)
                .is_some_and(|c| c.is_ascii_uppercase());
            let starts_upper = message.starts_with(|c: char| c.is_ascii_uppercase()) && !acronym;
            if starts_upper || message.ends_with('.') {
                found.push(format!("{}:{}: {message}", path.display(), number + 1));
            }
        }
    }
    report("write errors in lower case and without a full stop", &found);
}

#[test]
fn no_snapshot_waits_for_review() {
    let waiting: Vec<String> = walk(super::source::root());
    report("review these with `cargo insta review`", &waiting);
}

fn walk(dir: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)
        .expect("a folder can be listed")
        .flatten()
    {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            found.extend(walk(&path));
        } else if name.ends_with(".snap.new") {
            found.push(path.display().to_string());
        }
    }
    found
}
