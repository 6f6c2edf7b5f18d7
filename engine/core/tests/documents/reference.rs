//! The reference of the language names every key, code, state, error and limit there is.

use std::collections::BTreeSet;

use attune_core::definition::Limits;
use attune_core::diagnostics::code;
use attune_core::run::{RunStatus, TaskStatus};
use attune_core::spec::editor;
use serde_json::Value as Json;

use super::markdown::blocks;
use super::{read, rehearse_all, report, root};

fn language() -> String {
    read(&root().join("docs/language.md"))
}

/// Fails with the words that the reference does not show as code.
fn expect_code<'w>(what: &str, words: impl IntoIterator<Item = &'w str>) {
    let text = language();
    let missing: Vec<String> = words
        .into_iter()
        .filter(|word| !text.contains(&format!("`{word}`")))
        .map(str::to_owned)
        .collect();
    report(
        &format!("docs/language.md does not name these {what}"),
        &missing,
    );
}

#[test]
fn every_key_is_described() {
    let mut keys = BTreeSet::new();
    collect_keys(&editor::schema(), &mut keys);
    assert!(keys.len() > 50, "{keys:?}");
    expect_code("keys", keys.iter().map(String::as_str));
}

fn collect_keys(schema: &Json, keys: &mut BTreeSet<String>) {
    if schema["additionalProperties"] == Json::Bool(false)
        && let Some(properties) = schema["properties"].as_object()
    {
        keys.extend(properties.keys().cloned());
    }
    let definitions = schema["$defs"].as_object().into_iter().flatten();
    for (_, inner) in definitions {
        collect_keys(inner, keys);
    }
}

#[test]
fn every_state_is_described() {
    expect_code("states of a run", RunStatus::ALL.map(RunStatus::as_str));
    expect_code("states of a task", TaskStatus::ALL.map(TaskStatus::as_str));
}

#[test]
fn every_error_of_the_engine_is_described() {
    let source = include_str!("../../src/error.rs");
    let kinds = source
        .lines()
        .filter_map(|line| line.split_once(" = \"")?.1.strip_suffix("\";"));
    let kinds: Vec<&str> = kinds.collect();
    assert!(kinds.len() > 20, "{kinds:?}");
    expect_code("errors", kinds);
}

#[test]
fn every_code_has_an_example() {
    let shown: BTreeSet<String> = blocks("yaml")
        .into_iter()
        .filter(|block| block.place.starts_with("language.md"))
        .flat_map(|block| block.words)
        .collect();
    let missing: Vec<String> = code::ALL
        .iter()
        .filter(|code| !shown.contains(code.name))
        .map(|code| code.name.to_owned())
        .collect();
    report("codes without an example in docs/language.md", &missing);
    expect_code("codes", code::ALL.iter().map(|code| code.name));
}

#[test]
fn every_limit_has_its_default() {
    let limits = Limits::default();
    let text = language();
    for (key, value) in [
        ("max_tasks", limits.max_tasks),
        ("max_task_visits", limits.max_task_visits),
        ("max_items", limits.max_items),
        ("max_parallel", limits.max_parallel),
        ("max_depth", limits.max_depth),
    ] {
        let row = format!("| `{key}` | {value} |");
        assert!(text.contains(&row), "docs/language.md has no row `{row}`");
    }
}

#[test]
fn what_its_tables_say_happens() {
    let (count, wrong) = rehearse_all(include_str!("claims.yaml"), &|_| None);
    report("claims of docs/language.md", &wrong);
    assert!(count > 20, "there are {count}");
}

/// What every construct's section tells, by a part of a word.
const TOLD: [(&str, &[&str]); 6] = [
    ("success", &["succe"]),
    ("failure", &["fail"]),
    ("timeout", &["timeout", "times out"]),
    ("skip", &["skip"]),
    ("pause", &["pause"]),
    ("restart", &["restart"]),
];

/// Sections of docs/language.md that are about one construct.
const CONSTRUCTS: [&str; 14] = [
    "Tasks",
    "What follows a task",
    "Handled and unhandled failures",
    "Skipping",
    "Joins",
    "Cycles",
    "Blocks",
    "Sub-workflows",
    "Waiting and asking",
    "Items",
    "Retry and time",
    "Variables",
    "The end of a run",
    "One at a time: keys",
];

#[test]
fn every_construct_tells_what_happens_in_each_case() {
    let text = language();
    let mut silent = Vec::new();
    for construct in CONSTRUCTS {
        let head = format!("\n## {construct}\n");
        let (_, section) = text.split_once(&head).expect("the section is there");
        let section = section.split("\n## ").next().unwrap_or_default();
        // Examples do not tell what happens.
        let prose: Vec<&str> = section.split("```").step_by(2).collect();
        let prose = prose.join(" ").to_lowercase();
        for (case, words) in TOLD {
            if !words.iter().any(|word| prose.contains(word)) {
                silent.push(format!("{construct}: {case}"));
            }
        }
    }
    report(
        "sections of docs/language.md that do not tell of a case",
        &silent,
    );
}
