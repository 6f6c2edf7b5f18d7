//! Every YAML example of the documents is what it claims to be.
//!
//! A block with `tasks` is a workflow and draws no diagnostic, unless codes stand behind its
//! fence (`yaml E_CYCLE`): then it draws exactly those. A list of tasks is a workflow without a
//! head; a list of cases is a rehearsal file and passes. `yaml foreign` is another system's.

use attune_core::spec::{self, Options};

use super::markdown::{Block, blocks};
use super::{Standard, rehearse_all, report, root};

#[test]
fn every_example_is_what_it_claims() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for block in blocks("yaml") {
        let found = check(&block);
        checked += usize::from(found.is_some());
        let told = found.unwrap_or_default();
        wrong.extend(told.iter().map(|line| format!("{}: {line}", block.place)));
    }
    report("examples in the documents", &wrong);
    assert!(checked > 50, "only {checked} examples were found");
}

/// Returns what is wrong with an example; `None` if it is none of ours.
fn check(block: &Block) -> Option<Vec<String>> {
    let Block { words, text, .. } = block;
    if words.iter().any(|word| word == "foreign") {
        return None;
    }
    let is_list = text.lines().any(|line| line.starts_with("- "));
    if is_list && text.contains("expect:") {
        return Some(rehearse_all(text, &root().join("docs/cookbook/tests")).1);
    }
    if is_list && !words.is_empty() | text.contains("name:") && !text.contains("\ntasks:") {
        return Some(diagnose(&format!("tasks:\n{text}"), words));
    }
    let is_workflow = text.contains("tasks:") || !words.is_empty();
    is_workflow.then(|| diagnose(text, words))
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
