//! What a schema adds to a value: defaults where something is missing, and marks on secrets.

use std::sync::Arc;

use crate::value::{Map, Value};

/// How many references to other parts of a schema are followed without going into the value.
const MAX_REFERENCES: usize = 16;
/// Keywords whose schemas apply to the value itself.
const APPLICATORS: &[&str] = &["allOf", "anyOf", "oneOf"];

/// Tells whether `key` stands anywhere in the schema.
pub(super) fn mentions(schema: &Value, key: &str) -> bool {
    match schema {
        Value::Map(map) => map.contains_key(key) || map.values().any(|v| mentions(v, key)),
        Value::List(items) => items.iter().any(|item| mentions(item, key)),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::BigInt(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Secret(_) => false,
    }
}

/// Fills in the defaults of missing properties, in nested objects that are there too.
pub(super) fn defaults(root: &Value, value: Value) -> Value {
    fill(root, root, value)
}

fn fill(root: &Value, schema: &Value, value: Value) -> Value {
    let schemas = applying(root, schema);
    let Value::Map(map) = &value else {
        return value;
    };
    let mut filled: Option<Map> = None;
    for properties in schemas.iter().filter_map(|schema| schema.get("properties")) {
        for (name, property) in properties.as_map().into_iter().flatten() {
            let old = filled.as_ref().unwrap_or(map).get(name);
            let new = match old {
                Some(old) => {
                    let new = fill(root, property, old.clone());
                    if same(&new, old) { None } else { Some(new) }
                }
                None => applying(root, property)
                    .iter()
                    .find_map(|schema| schema.get("default").cloned()),
            };
            if let Some(new) = new {
                filled
                    .get_or_insert_with(|| Map::clone(map))
                    .insert(name.clone(), new);
            }
        }
    }
    filled.map_or(value, |filled| Value::Map(Arc::new(filled)))
}

/// Tells cheaply whether nothing was filled in: then the parts are still shared.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Map(a), Value::Map(b)) => Arc::ptr_eq(a, b),
        _ => true,
    }
}

/// Marks what the schema calls secret.
pub(super) fn secrets(root: &Value, value: Value) -> Value {
    mark(root, root, value)
}

fn mark(root: &Value, schema: &Value, value: Value) -> Value {
    let schemas = applying(root, schema);
    if schemas
        .iter()
        .any(|schema| schema.get("secret").and_then(Value::as_bool) == Some(true))
    {
        return value.secret();
    }
    schemas
        .iter()
        .fold(value, |value, schema| mark_inside(root, schema, value))
}

fn mark_inside(root: &Value, schema: &Value, value: Value) -> Value {
    if let Value::Map(map) = &value {
        return Value::map(map.iter().map(|(name, member)| {
            let member = match member_schema(schema, name) {
                Some(inner) => mark(root, inner, member.clone()),
                None => member.clone(),
            };
            (name.clone(), member)
        }));
    }
    if let (Value::List(items), Some(inner)) = (&value, schema.get("items")) {
        let marked = items.iter().map(|item| mark(root, inner, item.clone()));
        return Value::list(marked.collect());
    }
    value
}

fn member_schema<'s>(schema: &'s Value, name: &str) -> Option<&'s Value> {
    schema
        .get("properties")
        .and_then(|properties| properties.get(name))
        .or_else(|| schema.get("additionalProperties"))
}

/// Returns all schemas that speak about the value itself: this one, what it refers to within the
/// same document, and what it combines.
fn applying<'s>(root: &'s Value, schema: &'s Value) -> Vec<&'s Value> {
    let mut found: Vec<&Value> = vec![schema];
    let mut next = 0;
    while next < found.len() && found.len() < MAX_REFERENCES {
        let schema = found[next];
        next += 1;
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let local = target.strip_prefix('#');
            found.extend(local.and_then(|pointer| super::node::at(root, pointer)));
        }
        for key in APPLICATORS {
            let list = schema.get(key).and_then(Value::as_list);
            found.extend(list.unwrap_or_default());
        }
        for key in ["then", "else"] {
            found.extend(schema.get(key));
        }
    }
    found
}
