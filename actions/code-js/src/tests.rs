//! Programs of every form, and what goes wrong in them.

use attune_sdk::prelude::*;
use attune_sdk::testing;

use super::js;

fn run(code: &str, input: Value) -> Result<Value, ActionError> {
    testing::call(&js, &json!({"code": code, "input": input}))
}

fn check(code: &str, input: Value, expected: Value) {
    assert_eq!(
        run(code, input).unwrap_or_else(|e| panic!("{code}: {e}")),
        expected,
        "{code}"
    );
}

fn fails(code: &str) -> ActionError {
    run(code, json!({"a": 1})).expect_err(code)
}

#[test]
fn examples_come_true() {
    testing::check_examples(&js, include_str!("../examples.json"));
}

#[test]
fn every_form_of_a_program_runs() {
    for code in [
        "input.a + 1",
        "input.a + 1;",
        "input.a + 1 // why",
        "(input) => input.a + 1",
        "async (input) => input.a + 1",
        "function add(input) { return input.a + 1 }",
        "({a}) => a + 1",
        "const b = input.a; return b + 1",
        "return await Promise.resolve(input.a + 1)",
        "let s = 0; for (const x of [input.a, 1]) { s += x }\nreturn s",
    ] {
        check(code, json!({"a": 1}), json!(2));
    }
}

#[test]
fn results_become_json() {
    check("undefined", json!(null), json!(null));
    check("return", json!(null), json!(null));
    check(
        "({a: undefined, b: [() => 1], d: new Date(0)})",
        json!(null),
        json!({"b": [null], "d": "1970-01-01T00:00:00.000Z"}),
    );
    check("[...new Set(input)]", json!([1, 1, 2]), json!([1, 2]));
    check(
        "input",
        json!({"z": 1, "a": {"é": [null, true, 1.5, "x"]}}),
        json!({"z": 1, "a": {"é": [null, true, 1.5, "x"]}}),
    );
    check(
        "Object.entries(input).map(([k, v]) => `${k}=${v}`).join('&')",
        json!({"a": 1, "b": 2}),
        json!("a=1&b=2"),
    );
    check(
        "/(?<y>\\d{4})/.exec(input).groups.y",
        json!("in 1999"),
        json!("1999"),
    );
}

#[test]
fn mistakes_in_the_program_have_a_place() {
    for (code, place) in [
        ("const x = ;\nreturn x", "1:11"),
        ("return 1;\n  return )", "2:10"),
        ("(input) => {\n  return input.\n}", "3:1"),
    ] {
        let error = fails(code);
        assert_eq!(error.kind(), Some("js_syntax"), "{code}: {error}");
        assert!(error.message().contains(place), "{code}: {error}");
    }
}

#[test]
fn what_is_thrown_has_a_place() {
    let error = fails("const x = input;\nreturn x.b.c");
    assert_eq!(error.kind(), Some("js_error"));
    assert!(error.message().starts_with("TypeError: "), "{error}");
    assert_eq!(error.details().unwrap()["line"], 2, "{:?}", error.details());
    let error = fails("const f = () => { throw new Error('no stock') }\n\nreturn f()");
    assert!(error.message().starts_with("no stock (at 1:"), "{error}");
    assert_eq!(
        error.details().unwrap()["backtrace"]
            .as_array()
            .unwrap()
            .len(),
        2,
        "{:?}",
        error.details()
    );
}

#[test]
fn what_is_thrown_can_say_how_to_handle_it() {
    let error = fails("throw {message: 'busy', kind: 'busy', retryable: true, details: {n: 1}}");
    assert_eq!(
        (error.case(), error.kind()),
        (attune_sdk::Case::Transient, Some("busy"))
    );
    assert_eq!(error.details().unwrap()["details"], json!({"n": 1}));
    assert_eq!(fails("throw 'just text'").message(), "just text");
}

#[test]
fn what_never_ends_or_has_no_json_form_fails() {
    for code in [
        "new Promise(() => {})",
        "10n",
        "const a = []; a.push(a); return a",
        "const f = () => f(); return f()",
        "const f = () => [1].map(f); return f()",
        "fetch('https://example.com')",
        "require('fs')",
    ] {
        assert_eq!(fails(code).kind(), Some("js_error"), "{code}");
    }
}

#[test]
fn console_writes_the_log() {
    check(
        "console.log('n', 1, {a: [1]}, undefined); console.error('x'); return 1",
        json!(null),
        json!(1),
    );
    let logs = testing::logs();
    assert_eq!(logs[0].message, r#"n 1 {"a":[1]} undefined"#);
    assert_eq!(logs[1].level, attune_sdk::log::Level::Error);
}
