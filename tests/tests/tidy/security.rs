//! Every promise of docs/security.md is held by a test that exists.

use std::path::Path;

use super::source::{files, read, report};

/// Returns the names in backticks that look like those of tests.
fn named(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let is_test = |name: &&str| {
        name.matches('_').count() >= 2 && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    quoted.filter(is_test).map(str::to_owned).collect()
}

#[test]
fn every_test_that_security_names_exists() {
    let names = named(&read(Path::new("docs/security.md")));
    assert!(names.len() > 40, "only {} are named", names.len());
    let sources: Vec<String> = files("rs").iter().map(|path| read(path)).collect();
    let is_missing = |name: &&String| {
        let function = format!("fn {name}(");
        !sources.iter().any(|source| source.contains(&function))
    };
    let missing: Vec<String> = names.iter().filter(is_missing).cloned().collect();
    report("there are no such tests", &missing);
}
