//! Every YAML example of the documents is what it claims to be.
//!
//! A block with `tasks` is a workflow and draws no diagnostic, unless codes stand behind its
//! fence (`yaml E_CYCLE`): then it draws exactly those. A list of tasks is a workflow without a
//! head; a list of cases is a rehearsal file and passes. `yaml foreign` is another system's.

use attune_core::spec::{self, Options};

use super::markdown::{Block, blocks};
use super::{Standard, rehearse_all, report};

#[test]
fn every_example_is_what_it_claims() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    let all = blocks("yaml");
    for block in &all {
        let found = check(block, &all);
        checked += usize::from(found.is_some());
        let told = found.unwrap_or_default();
        wrong.extend(told.iter().map(|line| format!("{}: {line}", block.place)));
    }
    report("examples in the documents", &wrong);
    assert!(checked > 50, "only {checked} examples were found");
}

/// Returns what is wrong with an example; `None` if it is none of ours.
fn check(block: &Block, all: &[Block]) -> Option<Vec<String>> {
    let Block { words, text, .. } = block;
    if words.iter().any(|word| word == "foreign") {
        return None;
    }
    let is_list = text.lines().any(|line| line.starts_with("- "));
    if is_list && text.contains("expect:") {
        return Some(rehearse_all(text, &|path| written_in(all, path)).1);
    }
    if is_list && !words.is_empty() | text.contains("name:") && !text.contains("\ntasks:") {
        return Some(diagnose(&format!("tasks:\n{text}"), words));
    }
    let is_workflow = text.contains("tasks:") || !words.is_empty();
    is_workflow.then(|| diagnose(text, words))
}

/// Finds the workflow that another block tells the reader to save at this path.
fn written_in(all: &[Block], path: &str) -> Option<String> {
    let name = path.rsplit('/').next()?.strip_suffix(".yaml")?;
    let is_it = |block: &&Block| {
        let reference = block
            .text
            .strip_prefix("ref: ")
            .and_then(|text| text.lines().next());
        reference.is_some_and(|reference| reference.ends_with(&format!(".{name}")))
    };
    all.iter().find(is_it).map(|block| block.text.clone())
}

fn diagnose(text: &str, words: &[String]) -> Vec<String> {
    let standard = Standard::new();
    let options = Options {
        actions: Some(&standard),
        ..Options::inline()
    };
    let problems = spec::parse_with(text, &options).diagnostics;
    let told = problems
        .iter()
        .filter(|problem| !words.iter().any(|word| word == problem.code))
        .map(|problem| format!("+{} {}: {}", problem.line, problem.code, problem.message));
    let missing = words
        .iter()
        .filter(|word| !problems.iter().any(|problem| problem.code == **word))
        .map(|word| format!("{word} is not reported"));
    told.chain(missing).collect()
}
