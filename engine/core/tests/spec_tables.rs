//! Tables of workflow files: wrong ones with what must be said about them, correct ones about
//! which nothing may be said.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use attune_core::diagnostics::code;
use attune_core::spec::{Options, parse, parse_with};

struct Section<'t> {
    title: &'t str,
    source: &'t str,
    expected: &'t str,
}

fn sections(text: &str) -> Vec<Section<'_>> {
    text.split("=== ")
        .skip(1)
        .map(|section| {
            let (title, rest) = section.split_once('\n').expect("a title ends its line");
            let (source, expected) = match rest.split_once("---\n") {
                Some(parts) => parts,
                None => (rest, ""),
            };
            Section {
                title,
                source,
                expected,
            }
        })
        .collect()
}

/// Every problem as `CODE line:column pointer | message | fix`.
fn show(source: &str) -> String {
    let mut shown = String::new();
    for d in parse_with(source, &Options::inline()).diagnostics {
        let _ = write!(
            shown,
            "{} {}:{} {} | {}",
            d.code, d.line, d.column, d.pointer, d.message
        );
        let _ = match d.fix {
            Some(fix) => writeln!(shown, " | {fix}"),
            None => writeln!(shown),
        };
    }
    shown
}

#[test]
fn wrong_files_are_described_in_full() {
    let table = include_str!("spec/wrong.txt");
    let mut found = String::new();
    let mut failures = String::new();
    for Section {
        title,
        source,
        expected,
    } in sections(table)
    {
        let shown = show(source);
        if shown != expected {
            let _ = writeln!(
                failures,
                "=== {title}\nexpected:\n{expected}found:\n{shown}"
            );
        }
        let _ = write!(found, "=== {title}\n{source}---\n{shown}");
    }
    assert!(
        failures.is_empty(),
        "{failures}\nthe whole table as found:\n{found}"
    );
}

#[test]
fn every_code_occurs_in_the_table() {
    let table = include_str!("spec/wrong.txt");
    let described: BTreeSet<&str> = sections(table)
        .iter()
        .flat_map(|section| section.expected.lines())
        .filter_map(|line| line.split(' ').next())
        .collect();
    // Asked for elsewhere, where actions are known.
    let elsewhere = ["E_UNKNOWN_ACTION"];
    for code in code::ALL {
        let occurs = described.contains(code.name) || elsewhere.contains(&code.name);
        assert!(occurs, "{}", code.name);
    }
}

#[test]
fn nothing_is_said_about_correct_files() {
    for section in sections(include_str!("spec/correct.txt")) {
        let parsed = parse(section.source);
        let shown = show(section.source);
        assert_eq!(shown, "", "{}", section.title);
        assert!(parsed.diagnostics.is_empty(), "{}", section.title);
        assert!(parsed.definition.is_some(), "{}", section.title);
    }
}

/// Workflows as people write them who come from other systems.
const PRACTICE: &str = include_str!("spec/practice.txt");

#[test]
fn nothing_is_said_about_workflows_from_practice() {
    for Section { title, source, .. } in sections(PRACTICE) {
        assert_eq!(show(source), "", "{title}");
    }
}

#[test]
fn every_name_that_is_misspelt_in_them_is_found() {
    let mut checked = 0;
    for Section { title, source, .. } in sections(PRACTICE) {
        for end in names(source) {
            let wrong = format!("{}zq{}", &source[..end], &source[end..]);
            let problems = parse(&wrong).diagnostics;
            let found = problems
                .iter()
                .any(|problem| problem.code == "E_UNKNOWN_VARIABLE");
            assert!(found, "{title}: {}", &wrong[..end + 2]);
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} names");
}

/// Returns where names end that stand behind their scope, but in lines where they may be missing.
fn names(source: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut begin = 0;
    for line in source.split_inclusive('\n') {
        for scope in ["vars.", "parameters.", "task."] {
            for (at, _) in line.match_indices(scope) {
                let rest = &line[at + scope.len()..];
                let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let length = rest.find(|c| !is_name(c)).unwrap_or(0);
                ends.push(begin + at + scope.len() + length);
            }
        }
        if line.contains("default(") {
            ends.retain(|end| *end < begin);
        }
        begin += line.len();
    }
    ends
}

#[test]
fn nothing_is_said_about_near_misses_and_every_code_has_one() {
    let table = include_str!("spec/near.txt");
    let mut near = BTreeSet::new();
    let mut failures = String::new();
    for Section { title, source, .. } in sections(table) {
        near.insert(title.split(' ').next().unwrap_or_default());
        let shown = show(source);
        if !shown.is_empty() {
            let _ = writeln!(failures, "=== {title}\n{shown}");
        }
    }
    assert_eq!(failures, "");
    for code in code::ALL {
        assert!(near.contains(code.name), "{} has no near miss", code.name);
    }
}
