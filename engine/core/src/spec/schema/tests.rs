//! Schemas: the flat form, defaults, mismatches.

use super::*;
use crate::spec::yaml::to_value;

fn schema(yaml: &str) -> Schema {
    Schema::from_value(&to_value(yaml).unwrap()).unwrap()
}

fn problems(result: Result<Value, Vec<Mismatch>>) -> String {
    match result {
        Ok(value) => value.to_public_json(),
        Err(problems) => problems
            .iter()
            .map(|p| {
                let fix = p
                    .fix
                    .as_ref()
                    .map_or(String::new(), |fix| format!(" ({fix})"));
                format!("{} {}{fix}", p.pointer, p.message)
            })
            .collect::<Vec<_>>()
            .join("; "),
    }
}

#[test]
fn parameters_are_filled_checked_and_marked() {
    let flat = "sku: {type: string, required: true}\nqty: {type: integer, default: 1}\n\
                card: {type: string, secret: true}\n\
                to: {type: object, properties: {zip: {type: string, required: true}, c: {default: AT}}}";
    let json = "type: object\nrequired: [sku]\nproperties:\n  sku: {type: string}\n\
                \x20 qty: {type: integer, default: 1}\n  card: {type: string, secret: true}\n\
                \x20 to: {type: object, required: [zip], properties: {zip: {type: string}, c: {default: AT}}}";
    for schema in [schema(flat), schema(json)] {
        for (given, expected) in [
            ("sku: a", r#"{"sku":"a","qty":1}"#),
            (
                "{sku: a, qty: 2, card: s3}",
                r#"{"sku":"a","qty":2,"card":"[secret]"}"#,
            ),
            (
                "{sku: a, to: {zip: x}}",
                r#"{"sku":"a","to":{"zip":"x","c":"AT"},"qty":1}"#,
            ),
            ("{}", "/sku is required"),
            ("", "/sku is required"),
            (
                "{sku: 1, qty: x}",
                "/sku must be string, not integer; /qty must be integer, not string",
            ),
            ("{sku: a, qyt: 2}", "/qyt is unknown (did you mean `qty`?)"),
            ("{sku: a, to: {}}", "/to/zip is required"),
            ("{sku: a, qty: 1.0}", r#"{"sku":"a","qty":1.0}"#),
            ("[1]", " must be object, not array"),
        ] {
            let prepared = schema.prepare(to_value(given).unwrap());
            assert_eq!(problems(prepared), expected, "{given}");
        }
    }
}

#[test]
fn messages_never_show_values() {
    let schema = schema("card: {type: string, maxLength: 3, secret: true}\nk: {enum: [a, b]}");
    let shown = problems(schema.prepare(to_value("{card: hunter2, k: hunter2}").unwrap()));
    assert_eq!(
        shown,
        r#"/card is longer than 3 characters; /k is not one of "a" or "b""#
    );
    let secret = Value::map([("card", Value::from("hunter2").secret())]);
    assert!(!problems(schema.prepare(secret)).contains("hunter"));
}

#[test]
fn secrets_are_found_through_references_lists_and_combinations() {
    let schema = schema(
        "type: object\n$defs: {token: {type: string, secret: true}}\nproperties:\n\
         \x20 a: {$ref: '#/$defs/token'}\n  b: {type: array, items: {$ref: '#/$defs/token'}}\n\
         \x20 c: {allOf: [{properties: {d: {secret: true}}}]}\nadditionalProperties: {secret: true}",
    );
    let prepared = schema.prepare(to_value("{a: x, b: [y], c: {d: z}, e: w}").unwrap());
    assert_eq!(
        problems(prepared),
        r#"{"a":"[secret]","b":["[secret]"],"c":{"d":"[secret]"},"e":"[secret]"}"#
    );
}

#[test]
fn what_is_no_schema_is_refused_with_its_place() {
    for (yaml, expected) in [
        ("a: string", "/a `a` must be a map such as `{type: string}`"),
        (
            "a: {type: strin}",
            "/a/type `strin` is no type of JSON (did you mean `string`?)",
        ),
        (
            "a: {typ: string}",
            "/a/typ `typ` is no keyword of a schema (did you mean `type`?)",
        ),
        (
            "a: {secret: maybe}",
            "/a/secret `secret` is `true` or `false`",
        ),
        ("{type: object, required: yes}", "/required not a schema: "),
        (
            "a: {$ref: 'https://example.com/x.json'}",
            "/a/$ref the schema refers to something outside",
        ),
        ("a: {pattern: '('}", "/a/pattern not a schema: "),
    ] {
        let error = Schema::from_value(&to_value(yaml).unwrap()).map(|s| s.json);
        let shown = problems(error);
        assert!(shown.contains(expected), "{yaml}: {shown}");
    }
}

#[test]
fn an_optional_parameter_may_default_to_null() {
    let schema = schema("note: {type: string, default: null}");
    assert_eq!(problems(schema.prepare(Value::Null)), r#"{"note":null}"#);
}

#[test]
fn json_schema_of_any_object_takes_any_key() {
    let schema = schema("type: object");
    assert_eq!(
        problems(schema.prepare(to_value("{a: 1}").unwrap())),
        r#"{"a":1}"#
    );
    assert_eq!(
        problems(Schema::none().prepare(to_value("{a: 1}").unwrap())),
        "/a is unknown"
    );
}

#[test]
fn recursive_schemas_end() {
    let schema = schema(
        "type: object\nproperties: {next: {$ref: '#'}, v: {type: integer}}\nadditionalProperties: false",
    );
    let deep = "{next: {next: {next: {v: x}}}}";
    let shown = problems(schema.prepare(to_value(deep).unwrap()));
    assert_eq!(shown, "/next/next/next/v must be integer, not string");
    assert!(
        Schema::from_json(&to_value("$ref: '#'").unwrap())
            .is_ok_and(|s| s.validate(&Value::Null).is_empty())
    );
}
