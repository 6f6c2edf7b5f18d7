//! Every problem that the validator can find, in every format it is told in: its code, severity
//! and place are there.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeSet;

use attune_core::diagnostics::report::{Colour, FileReport, github, json, sarif, text};
use attune_core::diagnostics::{Diagnostic, code};
use attune_core::spec::{ActionSchemas, Actions, Options, parse_with};

/// A server on which there is one action.
struct OnlyNoop;

impl Actions for OnlyNoop {
    fn lookup(&self, reference: &str) -> Option<ActionSchemas> {
        (reference == "core.noop").then(ActionSchemas::default)
    }

    fn references(&self) -> Vec<String> {
        vec!["core.noop".to_owned()]
    }
}

/// The files of the table of wrong ones, and one that is wrong only where actions are known.
fn problems() -> Vec<(String, Vec<Diagnostic>)> {
    let sections = include_str!("spec/wrong.txt").split("=== ").skip(1);
    let mut all: Vec<_> = sections
        .filter_map(|section| section.split_once('\n')?.1.split_once("---\n"))
        .map(|(source, _)| {
            let found = parse_with(source, &Options::inline()).diagnostics;
            (source.to_owned(), found)
        })
        .collect();
    let source = "tasks:\n- {name: a, action: core.nop}\n";
    let options = Options {
        actions: Some(&OnlyNoop),
        ..Options::inline()
    };
    all.push((source.to_owned(), parse_with(source, &options).diagnostics));
    all
}

#[test]
fn every_code_is_told_in_every_format() {
    let mut told = BTreeSet::new();
    for (source, found) in problems() {
        for problem in &found {
            let one = [FileReport {
                path: "flow.yaml",
                source: &source,
                diagnostics: std::slice::from_ref(problem),
            }];
            for (format, shown) in [
                ("text", in_text(&one, problem)),
                ("json", in_json(&one, problem)),
                ("sarif", in_sarif(&one, problem)),
                ("github", in_github(&one, problem)),
            ] {
                assert!(
                    shown,
                    "{} is not told as {format}: {problem:?}",
                    problem.code
                );
            }
            told.insert(problem.code);
        }
    }
    for code in code::ALL {
        assert!(told.contains(code.name), "nothing provokes {}", code.name);
    }
}

/// The code, the message, the place, the line underlined and the fix.
fn in_text(one: &[FileReport<'_>], problem: &Diagnostic) -> bool {
    let shown = text(one, Colour::Off);
    let severity = problem.severity.as_str();
    let head = format!("{severity}[{}]: {}", problem.code, problem.message);
    let line = one[0].source.lines().nth(problem.line as usize - 1);
    let underlined = line.is_none_or(|line| line.is_empty() || shown.contains('^'));
    // What is missing at the end of the text has no line to show.
    let place = line.map_or("flow.yaml:".to_owned(), |_| {
        format!("flow.yaml:{}:{}", problem.line, problem.column)
    });
    let fix = problem.fix.as_ref().is_none_or(|fix| shown.contains(fix));
    shown.contains(&head) && shown.contains(&place) && underlined && fix
}

fn in_json(one: &[FileReport<'_>], problem: &Diagnostic) -> bool {
    let shown = json(one);
    let entry = &shown["diagnostics"][0];
    let total = shown["errors"].as_u64().unwrap() + shown["warnings"].as_u64().unwrap();
    total == 1
        && entry["code"] == problem.code
        && entry["severity"] == problem.severity.as_str()
        && entry["file"] == "flow.yaml"
        && entry["line"] == problem.line
        && entry["column"] == problem.column
        && entry["pointer"] == *problem.pointer
        && entry["message"] == *problem.message
}

fn in_sarif(one: &[FileReport<'_>], problem: &Diagnostic) -> bool {
    let run = &sarif(one)["runs"][0];
    let result = &run["results"][0];
    let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    let region = &result["locations"][0]["physicalLocation"]["region"];
    result["ruleId"] == problem.code
        && run["tool"]["driver"]["rules"][rule]["id"] == problem.code
        && result["level"] == problem.severity.as_str()
        && region["startLine"] == problem.line
        && region["startColumn"] == problem.column
}

fn in_github(one: &[FileReport<'_>], problem: &Diagnostic) -> bool {
    let shown = github(one);
    let (severity, line, column) = (problem.severity.as_str(), problem.line, problem.column);
    let head = format!("::{severity} file=flow.yaml,line={line},col={column}");
    shown.starts_with(&head)
        && shown.contains(&format!("title={}::", problem.code))
        && shown.lines().count() == 1
}
