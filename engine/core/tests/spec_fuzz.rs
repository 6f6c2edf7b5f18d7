//! Whatever is done to a workflow file, reading it ends, panics nowhere, and what it says of the
//! file keeps its promises.

use attune_core::diagnostics::report::{Colour, FileReport, github, json, sarif, text};
use attune_core::graph;
use attune_core::spec::{Options, parse_with, yaml};
use proptest::prelude::*;

const CORRECT: &str = include_str!("spec/correct.txt");
const WRONG: &str = include_str!("spec/wrong.txt");
/// What is put into files: everything that means something to YAML or to the language.
const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "[",
    "]",
    "{",
    "}",
    ":",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\t",
    "'",
    "\"",
    "|\n",
    ">-\n",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!x ",
    "#",
    "~",
    "null",
    "true",
    "-1",
    "1e999",
    "99999999999999999999",
    "tasks:",
    "name: a",
    "action: n",
    "on_success: a",
    "needs: [a]",
    "join: 2",
    "do: [retry, fail]",
    "when: x and",
    "publish: [",
    "decision:",
    "with_items: x",
    "type: parallel",
    "parameters:",
    "\u{feff}",
    "é",
    "\u{202e}",
    "\0",
    "\\",
    "%",
    "---\n",
    "...\n",
    "? ",
    ", ",
];

#[derive(Clone, Debug)]
enum Change {
    Insert(usize, &'static str),
    Remove(usize, usize),
    Repeat(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let place = 0_usize..4_000;
    prop_oneof![
        (place.clone(), prop::sample::select(PIECES))
            .prop_map(|(at, text)| Change::Insert(at, text)),
        (place.clone(), 1_usize..40).prop_map(|(at, count)| Change::Remove(at, count)),
        (place, 1_usize..200).prop_map(|(at, count)| Change::Repeat(at, count)),
    ]
}

fn source() -> impl Strategy<Value = String> {
    let sections: Vec<String> = CORRECT
        .split("=== ")
        .chain(WRONG.split("=== "))
        .skip(1)
        .filter_map(|section| Some(section.split_once('\n')?.1.to_owned()))
        .map(|section| section.split("---\n").next().unwrap_or_default().to_owned())
        .collect();
    (
        prop::sample::select(sections),
        prop::collection::vec(change(), 0..6),
    )
        .prop_map(|(section, changes)| {
            let mut characters: Vec<char> = section.chars().collect();
            for change in changes {
                apply(&mut characters, &change);
            }
            characters.into_iter().collect()
        })
}

fn apply(text: &mut Vec<char>, change: &Change) {
    let place = |at: usize| at % (text.len() + 1);
    match *change {
        Change::Insert(at, piece) => {
            let at = place(at);
            text.splice(at..at, piece.chars());
        }
        Change::Remove(at, count) => {
            let at = place(at);
            text.drain(at..(at + count).min(text.len()));
        }
        Change::Repeat(at, count) => {
            let at = place(at);
            let piece = text[at..(at + count).min(text.len())].to_vec();
            text.splice(at..at, piece);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn any_file_is_read_and_described(source in source()) {
        let parsed = parse_with(&source, &Options::inline());
        let refused = parsed.diagnostics.iter().any(|d| d.is_error());
        prop_assert_eq!(parsed.definition.is_none(), refused);
        let lines: Vec<&str> = source.split('\n').collect();
        for d in &parsed.diagnostics {
            prop_assert!(d.line >= 1 && d.line as usize <= lines.len() + 1, "{:?}", d);
            prop_assert!(d.column >= 1, "{:?}", d);
        }
        let report = [FileReport { path: "a.yaml", source: &source, diagnostics: &parsed.diagnostics }];
        let shown = text(&report, Colour::Off);
        prop_assert_eq!(shown.is_empty(), parsed.diagnostics.is_empty());
        let acts = shown.contains(['\u{202e}', '\0', '\u{1b}']);
        prop_assert!(!acts, "{}", shown);
        drop((text(&report, Colour::On), github(&report), json(&report), sarif(&report)));
        if let Some(definition) = &parsed.definition {
            drop((graph::mermaid(definition), graph::dot(definition), graph::json(definition)));
            for task in &definition.tasks {
                prop_assert!(task.inbound.iter().all(|index| index.get() < definition.tasks.len()));
            }
        }
        drop(yaml::from_text::<serde_json::Value>(&source));
    }
}
