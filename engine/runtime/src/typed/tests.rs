//! JSON to WIT values and back, for every kind of type.

use attune_core::Value;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Type};
use wasmtime::{Config, Engine};

use super::json_to_wit::arguments;
use super::{parameters, parameters_schema, unsupported, wit_to_json};

/// A function that takes one value of each kind of type that needs a name, beside plain ones.
const TYPES: &str = r#"(component
    (type $point' (record (field "x-y" s32) (field "label" (option string))))
    (import "point" (type $point (eq $point')))
    (type $shape' (variant (case "dot") (case "circle" f64) (case "at" $point)))
    (import "shape" (type $shape (eq $shape')))
    (type $color' (enum "red" "light-blue"))
    (import "color" (type $color (eq $color')))
    (type $marks' (flags "bold" "under-line"))
    (import "marks" (type $marks (eq $marks')))
    (import "f" (func
        (param "point" $point) (param "shape" $shape) (param "color" $color)
        (param "marks" $marks) (param "bytes" (list u8)) (param "words" (list string))
        (param "pair" (tuple u8 string)) (param "maybe" (option (option u8)))
        (param "outcome" (result u8 (error string))) (param "sign" char)
        (param "wide" u64) (param "signed" s64) (param "real" f32))))"#;

fn types() -> Vec<(String, Type)> {
    let engine = Engine::new(&Config::new()).unwrap();
    let component = Component::new(&engine, wat::parse_str(TYPES).unwrap()).unwrap();
    let ty = component.component_type();
    let import = ty.get_import(&engine, "f").unwrap();
    let ComponentItem::ComponentFunc(func) = import.ty else {
        panic!("`f` is a function");
    };
    parameters(&func)
}

/// Converts one parameter's JSON to its type and back.
fn round(name: &str, json: &str) -> Result<String, String> {
    let one: Vec<_> = types().into_iter().filter(|(n, _)| n == name).collect();
    let value = Value::from_json(json.as_bytes()).unwrap();
    let values = arguments(&one, &Value::map([(name, value)])).map_err(|e| e.to_string())?;
    let back = wit_to_json::value(&values[0], &one[0].1).map_err(|e| e.to_string())?;
    Ok(back.to_public_json())
}

#[test]
fn values_survive_the_way_there_and_back() {
    for (name, json, expected) in [
        (
            "point",
            r#"{"x-y":1,"label":"a"}"#,
            r#"{"x-y":1,"label":"a"}"#,
        ),
        ("point", r#"{"x_y":-1}"#, r#"{"x-y":-1,"label":null}"#),
        ("shape", r#""dot""#, r#""dot""#),
        ("shape", r#"{"dot":null}"#, r#""dot""#),
        ("shape", r#"{"circle":2}"#, r#"{"circle":2.0}"#),
        (
            "shape",
            r#"{"at":{"x-y":0}}"#,
            r#"{"at":{"x-y":0,"label":null}}"#,
        ),
        ("color", r#""light_blue""#, r#""light-blue""#),
        (
            "marks",
            r#"["under-line","bold","bold"]"#,
            r#"["under-line","bold"]"#,
        ),
        ("bytes", r#""AAH/""#, r#""AAH/""#),
        ("bytes", "[0,1,255]", r#""AAH/""#),
        ("bytes", "[]", r#""""#),
        ("words", r#"["a",""]"#, r#"["a",""]"#),
        ("pair", r#"[7,"x"]"#, r#"[7,"x"]"#),
        ("maybe", "null", "null"),
        ("maybe", r#"{"some":null}"#, r#"{"some":null}"#),
        ("maybe", r#"{"some":3}"#, r#"{"some":3}"#),
        ("outcome", r#"{"ok":1}"#, r#"{"ok":1}"#),
        ("outcome", r#"{"err":"no"}"#, r#"{"err":"no"}"#),
        ("sign", r#""é""#, r#""é""#),
        ("wide", r#""18446744073709551615""#, "18446744073709551615"),
        ("signed", "-9223372036854775808", "-9223372036854775808"),
        ("real", "0.5", "0.5"),
    ] {
        assert_eq!(round(name, json).as_deref(), Ok(expected), "{name} {json}");
    }
}

#[test]
fn misfits_point_at_the_place() {
    for (name, json, expected) in [
        (
            "point",
            r#"{"x-y":1.5}"#,
            "`/point/x-y`: expected an integer of 32 bits, found 1.5",
        ),
        (
            "point",
            r#"{"x-y":1,"z":2}"#,
            "`/point/z`: expected one of the fields",
        ),
        (
            "point",
            "{}",
            "`/point/x-y`: expected an integer of 32 bits, found nothing",
        ),
        (
            "shape",
            r#""square""#,
            "`/shape`: expected one of `dot`, `circle`, `at`",
        ),
        ("shape", r#""circle""#, "found the case alone"),
        ("shape", r#"{"at":{"x-y":"1"}}"#, "`/shape/at/x-y`"),
        (
            "color",
            r#""green""#,
            r#"expected one of `red`, `light-blue`, found "green""#,
        ),
        ("marks", r#"["bold","old"]"#, "`/marks/1`"),
        ("bytes", r#""not base64!""#, "expected base64 text"),
        (
            "bytes",
            "[256]",
            "`/bytes/0`: expected an integer from 0 to 255, found 256",
        ),
        ("pair", "[1]", "expected an array of 2 items"),
        ("maybe", "3", "expected null or `{\"some\": …}`"),
        ("outcome", "1", "`{\"ok\": …}`"),
        ("sign", r#""ab""#, "one character"),
        ("wide", r#""1e3""#, "expected an integer of 64 bits"),
        ("wide", "-1", "not negative"),
        ("real", r#""0.5""#, "expected a number"),
    ] {
        let error = round(name, json).unwrap_err();
        assert!(error.contains(expected), "{name} {json}: {error}");
    }
}

#[test]
fn schema_takes_what_the_conversion_takes() {
    use attune_core::spec::schema::Schema;
    for (name, good, bad) in [
        ("point", r#"{"x-y":1,"label":null}"#, r#"{"x-y":"1"}"#),
        ("shape", r#"{"circle":2}"#, r#"{"square":2}"#),
        ("color", r#""red""#, r#""green""#),
        ("marks", r#"["bold"]"#, r#"["old"]"#),
        ("bytes", r#""AAH/""#, "7"),
        ("pair", r#"[7,"x"]"#, "[7]"),
        ("maybe", r#"{"some":3}"#, "3"),
        ("outcome", r#"{"ok":1}"#, r#"{"ok":"x"}"#),
        ("wide", "1", "-1"),
    ] {
        let one: Vec<_> = types().into_iter().filter(|(n, _)| n == name).collect();
        let schema = Schema::from_json(&parameters_schema(&one)).unwrap();
        let fits = |json: &str| {
            let value = Value::from_json(json.as_bytes()).unwrap();
            let input = Value::map([(name, value)]);
            (
                schema.validate(&input).is_empty(),
                arguments(&one, &input).is_ok(),
            )
        };
        assert_eq!(fits(good), (true, true), "{name} {good}");
        assert_eq!(fits(bad), (false, false), "{name} {bad}");
    }
}

#[test]
fn every_kind_here_has_a_form_in_json() {
    for (name, ty) in types() {
        assert_eq!(unsupported([ty.clone()]), None, "{name}");
    }
}
