//! Every example of the documentation gives what it says, and the page shows the table.

use super::{World, check_in, json, kv};
use crate::event::FactKey;
use crate::expr::builtin::{Form, find, tables};
use crate::expr::{Completion, reference};
use crate::value::Value;

const PAGE: &str = include_str!("../../../../../docs/expressions.md");

#[test]
fn every_example_gives_what_it_says() {
    let world = setting();
    for builtin in tables().into_iter().flatten() {
        assert!(!builtin.examples.is_empty(), "{builtin:?} has no example");
        for (code, json) in builtin.examples {
            check_in(&world, code, json);
        }
    }
}

/// What the page says that its examples take for granted.
fn setting() -> World {
    World {
        completion: Some(Completion {
            result: json(r#"{"code": 200}"#),
            error: Value::Null,
            succeeded: true,
            failed: false,
            timed_out: false,
            skipped: false,
            attempt: None,
        }),
        ..World::default()
    }
    .with_fact(kv("flag"), Value::Bool(true))
    .with_fact(kv("region"), Value::Null)
    .with_fact(FactKey::Secret("token".into()), json(r#""s3cret""#))
}

#[test]
fn every_builtin_is_documented_and_found() {
    for builtin in tables().into_iter().flatten() {
        assert!(!builtin.text.is_empty() && !builtin.usage.is_empty());
        for form in builtin.forms {
            for name in builtin.names {
                let found = find(*form, name).map(|found| found.name());
                assert_eq!(found, Some(builtin.name()), "{name} is there twice");
            }
        }
    }
}

const FILTERS: &str = "abs attr batch bool capitalize chain count d default dictsort e escape first \
    float format groupby indent int items join last length lines list lower map max min reject \
    rejectattr replace reverse round select selectattr slice sort split string sum title tojson \
    trim unique upper urlencode zip";

const TESTS: &str = "boolean defined divisibleby endingwith eq equalto even false filter float ge \
    greaterthan gt in int integer iterable le lessthan lower lt mapping ne none number odd sameas \
    sequence startingwith string test true undefined upper == != < <= > >=";

#[test]
fn all_that_minijinja_has_is_here() {
    let all = [
        (Form::Filter, FILTERS),
        (Form::Test, TESTS),
        (Form::Function, "range dict"),
    ];
    for (form, names) in all {
        for name in names.split_whitespace() {
            assert!(find(form, name).is_some(), "{name}");
        }
    }
}

#[test]
fn the_page_shows_the_table() {
    let begin = "<!-- begin: made from the table in engine/core/src/expr/builtin -->\n";
    let (_, rest) = PAGE.split_once(begin).expect("the page has a begin mark");
    let (shown, _) = rest
        .split_once("<!-- end -->")
        .expect("the page has an end mark");
    let expected = reference();
    assert_eq!(
        shown.trim(),
        expected.trim(),
        "put the right side between the marks"
    );
}
