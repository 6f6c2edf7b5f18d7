//! The flat form of a schema: a map from names to their schemas, `required` standing with each.

use std::sync::Arc;

use super::{Mismatch, keyword};
use crate::spec::context::push_segment;
use crate::value::{Map, Value};

/// Tells whether the value is in the flat form: JSON Schema says so by a `type`, or `$schema`.
pub(super) fn is_flat(value: &Value) -> bool {
    let Some(map) = value.as_map() else {
        return false;
    };
    let says_type = map
        .get("type")
        .is_some_and(|kind| kind.as_str().is_some() || kind.as_list().is_some());
    !says_type
        && !map.keys().any(|key| key.starts_with('$'))
        && !["anyOf", "oneOf", "allOf"]
            .iter()
            .any(|key| map.get(*key).is_some_and(|of| of.as_list().is_some()))
}

/// Translates the flat form to JSON Schema, as far as it is one; the rest are its problems.
pub(super) fn translate(value: &Value) -> (Value, Vec<Mismatch>) {
    let mut problems = Vec::new();
    let empty = Map::new();
    let schema = object(value.as_map().unwrap_or(&empty), "", &mut problems);
    (schema, problems)
}

/// Turns a pointer into the translation into one into the flat form.
pub(super) fn pointer(translated: &str) -> String {
    translated
        .strip_prefix("/properties")
        .unwrap_or(translated)
        .to_owned()
}

fn object(map: &Map, pointer: &str, problems: &mut Vec<Mismatch>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, value) in map {
        if name.starts_with("x-") {
            continue;
        }
        let mut pointer = pointer.to_owned();
        push_segment(&mut pointer, name);
        let Some(schema) = value.as_map() else {
            let message = format!("`{name}` must be a map such as `{{type: string}}`");
            problems.push(Mismatch::value(pointer, message));
            continue;
        };
        let (schema, is_required) = property(schema, &pointer, problems);
        if is_required {
            required.push(Value::Text(name.clone()));
        }
        properties.insert(name.clone(), schema);
    }
    let mut schema = vec![
        ("type", Value::from("object")),
        ("properties", Value::Map(Arc::new(properties))),
    ];
    if !required.is_empty() {
        schema.push(("required", Value::list(required)));
    }
    Value::map(schema)
}

/// Translates one property; the second answer is whether it is required.
fn property(map: &Map, pointer: &str, problems: &mut Vec<Mismatch>) -> (Value, bool) {
    let mut schema = Map::new();
    let mut required = false;
    for (key, value) in map {
        let mut at = pointer.to_owned();
        push_segment(&mut at, key);
        match (&**key, value) {
            ("required", Value::Bool(value)) => required = *value,
            ("secret", value) if value.as_bool().is_none() => {
                let message = "`secret` is `true` or `false`".to_owned();
                problems.push(Mismatch::value(at, message));
            }
            ("properties", Value::Map(inner)) => merge(&mut schema, object(inner, &at, problems)),
            _ => {
                problems.extend(keyword::misspelt(key, &at));
                schema.insert(key.clone(), value.clone());
            }
        }
    }
    if schema.get("default").is_some_and(Value::is_null) {
        accept_null(&mut schema);
    }
    (Value::Map(Arc::new(schema)), required)
}

/// Adds the translation of nested `properties`; what the property itself says comes first.
fn merge(schema: &mut Map, object: Value) {
    for (key, value) in object.as_map().into_iter().flatten() {
        schema.entry(key.clone()).or_insert_with(|| value.clone());
    }
}

/// A default of null says that null is as good as any value of the type.
fn accept_null(schema: &mut Map) {
    if let Some(Value::Text(kind)) = schema.get("type").cloned() {
        let kinds = vec![Value::Text(kind), Value::from("null")];
        schema.insert("type".into(), Value::list(kinds));
    }
}
