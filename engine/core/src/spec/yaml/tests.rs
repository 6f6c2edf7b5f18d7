//! The reader of YAML: types, places, refusals.

use super::*;

fn json(text: &str) -> String {
    match to_value(text) {
        Ok(value) => value.to_public_json(),
        Err(problem) => format!(
            "{}:{}:{} {}",
            problem.line, problem.column, problem.pointer, problem.message
        ),
    }
}

#[test]
fn yaml_becomes_values() {
    for (text, expected) in [
        ("", "null"),
        ("a: 1\nb: [x, yes, null]", r#"{"a":1,"b":["x","yes",null]}"#),
        ("on: push", r#"{"on":"push"}"#),
        ("a: &x {n: 1}\nb: *x", r#"{"a":{"n":1},"b":{"n":1}}"#),
        (
            "base: &b {a: 1, c: 2}\nt: {<<: *b, c: 3}",
            r#"{"base":{"a":1,"c":2},"t":{"c":3,"a":1}}"#,
        ),
        (
            "p: &p {a: 1}\nq: &q {a: 2, b: 2}\nt: {<<: [*p, *q]}",
            r#"{"p":{"a":1},"q":{"a":2,"b":2},"t":{"a":1,"b":2}}"#,
        ),
        ("'<<': 1", r#"{"<<":1}"#),
        ("a: !!str 1", r#"{"a":"1"}"#),
        ("1: x", r#"{"1":"x"}"#),
        ("a: |\n  x\n  y\n", "{\"a\":\"x\\ny\\n\"}"),
        ("--- \na: 1\n...\n", r#"{"a":1}"#),
    ] {
        assert_eq!(json(text), expected, "{text:?}");
    }
}

#[test]
fn bad_yaml_is_refused_with_its_place() {
    for (text, expected) in [
        (
            "a: 1\na: 2",
            "2:1:/a the key `a` is given twice, first in line 1",
        ),
        ("a: !foo 1", "1:4:/a the tag `!foo` has no meaning here"),
        ("a: &x [*x]", "1:8:/a/0 the anchor contains itself"),
        ("a: *x", "1:4:/a there is no anchor of this name above"),
        (
            "a: 1\n---\nb: 2",
            "2:1: the text has a second document: one file is one document",
        ),
        ("? [a]\n: 1", "1:3: a key must be text, not a collection"),
        (
            "a: .inf",
            "1:4:/a `.inf` is no JSON number; in quotes it is text",
        ),
        ("t: {<<: 3}", "1:9:/t `<<` takes a map or a list of maps"),
        (": 1", "1:1: a key is missing before the colon"),
    ] {
        assert_eq!(json(text), expected, "{text:?}");
    }
}

#[test]
fn common_mistakes_are_told_at_their_place_with_what_to_do() {
    for (text, expected) in [
        ("a: 1\nb 2\n", "2:1 a `:` is missing behind the key"),
        (
            "a: 1\n  \nb 2\n\nc: 3\n",
            "3:1 a `:` is missing behind the key",
        ),
        ("- x: 1\n  y\n", "2:3 a `:` is missing behind the key"),
        ("a: b: c\n", "1:5 a `:` does not fit here"),
        ("-a: 1\nb:2\nc: 1\n", "2:1 a `:` is missing behind the key"),
        ("- a: 1\n b: 2\n", "2:2 the indentation fits nothing above"),
        ("a:\n\t- b\n", "2:2 a tab stands where only spaces may"),
        ("a: {b: 1\nc: 2\n", "2:2 a `,` or `}` is missing"),
        ("a: [b, c\n", "1:9 a `,` or `]` is missing"),
        ("a: 'b\n", "1:4 the quote that begins here is never closed"),
        (
            "a: \"\\q\"\n",
            "1:4 `\"…\"` has an escape that does not exist",
        ),
        ("a: @b\n", "1:4 a text cannot begin with this character"),
        ("a: %b\n", "1:4 a text cannot begin with this character"),
    ] {
        let problem = to_value(text).unwrap_err();
        let told = format!("{}:{} {}", problem.line, problem.column, problem.message);
        assert_eq!(told, expected, "{text:?}");
        assert!(problem.fix.is_some(), "{text:?}");
    }
}

#[test]
fn alias_bombs_and_deep_nesting_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let previous = format!("*a{}, ", level - 1).repeat(10);
        bomb.push_str(&["a", &level.to_string(), ": &a", &level.to_string(), " ["].concat());
        bomb.push_str(&[&previous, "]\n"].concat());
    }
    assert!(
        json(&bomb).contains("too large with its aliases"),
        "{}",
        json(&bomb)
    );
    let long = "y".repeat(500_000);
    let repeated = format!("a: &a {long}\nb: [{}]", "*a, ".repeat(1000));
    assert!(json(&repeated).contains("too large with its aliases"));
    assert!(json(&format!("{}{}", "[".repeat(65), "]".repeat(65))).contains("levels deep"));
    let through_alias = format!(
        "a: &a {}{}\nb: {}*a{}",
        "[".repeat(40),
        "]".repeat(40),
        "[".repeat(40),
        "]".repeat(40)
    );
    assert!(json(&through_alias).contains("levels deep"));
    assert!(json(&"- ".repeat(400_000)).contains("levels deep"));
    assert!(json(&" ".repeat(MAX_BYTES + 1)).contains("more than 1048576"));
}

#[test]
fn both_layers_read_the_same_values() {
    let text = "a: 1\nb: -2.5\nc: yes\nd: 'no'\ne: ~\nf: [true, 0x1F, 1e3, +3, 0o17]\n\
                g: >\n  folded\n  text\nh: {x: \"\\u00e9\", y: 2024-01-01}\ni: 18446744073709551615\n";
    let typed: serde_json::Value = from_text(text).unwrap();
    assert_eq!(json(text), typed.to_string());
}

#[test]
fn typed_reading_merges_and_refuses_what_the_reader_refuses() {
    #[derive(serde::Deserialize, Debug, PartialEq)]
    struct Pair {
        a: i64,
        #[serde(default)]
        b: i64,
    }
    let merged: std::collections::BTreeMap<String, Pair> =
        from_text("x: &x {a: 1, b: 5}\ny: {<<: *x, a: 2}").unwrap();
    assert_eq!(merged["y"], Pair { a: 2, b: 5 });
    let error = from_text::<Pair>("a: 1\nb: x").unwrap_err();
    assert_eq!((error.code, error.line, error.column), ("E_SCHEMA", 2, 4));
    assert_eq!(from_text::<Pair>("a: !x 1").unwrap_err().code, "E_YAML");
}
