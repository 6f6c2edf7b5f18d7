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
