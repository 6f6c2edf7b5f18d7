//! Fuzzing for as long as `ATTUNE_FUZZ_SECONDS` says, two seconds without it: whatever a workflow
//! file or an expression looks like, reading and running it ends soon and panics nowhere.
#![expect(clippy::disallowed_methods, reason = "a budget of time needs a clock")]

use std::time::{Duration, Instant};

use attune_core::rehearse::{Case, rehearse};
use attune_core::spec::{Options, parse_with};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use serde_json::json;

/// No input may take longer, on a busy machine and without optimisation: what grows
/// exponentially takes far more.
const SLOWEST: Duration = Duration::from_secs(20);

/// Files that fuzzing found wanting once, and those that are made to be.
const SEEDS: &[&str] = &[
    include_str!("spec/correct.txt"),
    include_str!("spec/wrong.txt"),
    include_str!("spec/near.txt"),
];

/// What means something to the expression language.
const TOKENS: &[&str] = &[
    "vars.x",
    "vars.m",
    "vars.l",
    "task.t.result",
    "parameters.p",
    "item",
    "index",
    "x",
    "result()",
    "error()",
    "kv.get('a')",
    "kv.get_secret('a')",
    "system.now",
    "1",
    "0",
    "-1",
    "1.5",
    "1e308",
    "9223372036854775807",
    "99999999999999999999",
    "'a'",
    "\"b\"",
    "''",
    "'\\u{0}'",
    "true",
    "none",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ",",
    ":",
    ".",
    "..",
    "|",
    "?",
    "~",
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "**",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "=",
    " and ",
    " or ",
    " not ",
    " in ",
    " is ",
    " if ",
    " else ",
    " is defined",
    " is undefined",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "| default(1)",
    "| length",
    "| upper",
    "| sort",
    "| map('upper')",
    "| join(',')",
    "| tojson",
    "| to_json",
    "| from_json",
    "| append(1)",
    "| slice(start=1, end=2)",
    "| filter(a=1)",
    "| batch(2)",
    "| replace('a', 'aaaaaaaa')",
    "| list",
    "| unique",
    "| indent(99999)",
    "| round(99)",
    "| format(1)",
    "range(9999999)",
    "range(5)",
    "product(a=range(999), b=range(999))",
    "zip(",
    "flat(",
    "merge(",
    "keys(",
    "values(",
    "type_of(",
    "unique(",
    "dict(a=1)",
    "self",
    "loop",
    "[0]",
    "[-1]",
    "[1:]",
    "[::-1]",
    "['a']",
    ".a",
    ".b.c",
    " ",
    "\n",
    "\t",
    "é",
    "\u{202e}",
    "\\",
    "'",
    "\"",
    "`",
    "@",
    "#",
];

fn budget() -> Duration {
    let given = std::env::var("ATTUNE_FUZZ_SECONDS").ok();
    Duration::from_secs(given.and_then(|text| text.parse().ok()).unwrap_or(2))
}

/// Tries inputs until the time is up.
fn fuzz<S: Strategy>(inputs: &S, test: impl Fn(&S::Value)) {
    let begun = Instant::now();
    while begun.elapsed() < budget() {
        let mut runner = TestRunner::new(Config {
            cases: 20,
            failure_persistence: None,
            ..Config::default()
        });
        let outcome = runner.run(inputs, |input| {
            let started = Instant::now();
            test(&input);
            let spent = started.elapsed();
            prop_assert!(spent < SLOWEST, "it took {spent:?}");
            Ok(())
        });
        if let Err(TestError::Fail(why, input)) = outcome {
            panic!("{why}: {input:?}");
        }
    }
}

fn expression() -> impl Strategy<Value = String> {
    let token = prop::sample::select(TOKENS);
    let plain = prop::collection::vec(token.clone(), 1..12).prop_map(|parts| parts.concat());
    let deep = (token, 1_usize..3_000, prop::sample::select(TOKENS))
        .prop_map(|(part, count, end)| part.repeat(count) + end);
    prop_oneof![4 => plain, 1 => deep]
}

fn file() -> impl Strategy<Value = String> {
    let sections = SEEDS.iter().flat_map(|table| table.split("=== ").skip(1));
    let sources: Vec<String> = sections
        .filter_map(|section| section.split_once('\n'))
        .map(|(_, rest)| rest.split("---\n").next().unwrap_or_default().to_owned())
        .collect();
    let cut = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        0..60_usize,
    );
    (
        prop::sample::select(sources.clone()),
        prop::sample::select(sources),
        prop::collection::vec(cut, 0..5),
        expression(),
    )
        .prop_map(|(mut text, other, cuts, expression)| {
            for (to, from, length) in cuts {
                let piece = piece(&other, from.index(other.len() + 1), length);
                let at = boundary(&text, to.index(text.len() + 1));
                text.insert_str(at, &piece);
            }
            let at = boundary(&text, expression.len() % (text.len() + 1));
            if expression.len().is_multiple_of(3) {
                text.insert_str(at, &expression);
            }
            text
        })
}

fn boundary(text: &str, at: usize) -> usize {
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

fn piece(text: &str, from: usize, length: usize) -> String {
    let from = boundary(text, from);
    text[from..].chars().take(length).collect()
}

#[test]
fn any_file_is_read_soon() {
    fuzz(&file(), |source| {
        let parsed = parse_with(source, &Options::inline());
        let refused = parsed.diagnostics.iter().any(|problem| problem.is_error());
        assert_eq!(parsed.definition.is_none(), refused);
    });
}

#[test]
fn any_expression_is_evaluated_soon() {
    fuzz(&expression(), |text| {
        let braced = format!("{{{{ {text} }}}}");
        let case = json!({
            "id": "fuzz",
            "workflow": {
                "parameters": {"p": {"type": "string", "default": "p"}},
                "vars": {"x": 5, "m": {"a": {"b": {"c": [1]}}}, "l": [3, "a", null, {"a": 1}]},
                "tasks": [
                    {"name": "t", "action": "n", "input": {"in_text": format!("a {braced} b")}, "on_failure": "u", "on_success": "u"},
                    {"name": "u", "action": "n", "with_items": [1, 2], "input": {"alone": braced, "raw": text}, "on_complete": "v"},
                    {"name": "v", "action": "n", "when": braced},
                ],
                "output_map": {"x": braced},
            },
            "kv": {"a": "secret"},
        });
        let case: Case = serde_json::from_value(case).unwrap();
        let verdict = rehearse(&case, &|_| None);
        // Either the file says what is wrong, or it ran to an end.
        let refused = verdict.diagnostics.iter().any(|problem| problem.is_error());
        let ended = verdict.happened.is_some_and(|end| end.status.is_over());
        assert!(refused != ended, "neither refused nor run: {text}");
    });
}
