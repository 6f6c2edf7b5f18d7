//! The words of JSON Schema: any other word may be an annotation, but not one that is merely
//! misspelt.

use super::Mismatch;
use crate::spec::context::push_segment;
use crate::spec::suggest::nearest;
use crate::value::{Map, Value};

/// Keywords that people write, for "did you mean".
const KEYWORDS: &[&str] = &[
    "type",
    "required",
    "default",
    "secret",
    "description",
    "title",
    "enum",
    "const",
    "format",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "items",
    "properties",
    "additionalProperties",
    "examples",
    "deprecated",
];

/// Other words that mean something, here or to tools that read schemas.
const KNOWN: &[&str] = &[
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "additionalItems",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "definitions",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "example",
    "maxContains",
    "maxProperties",
    "minContains",
    "minProperties",
    "nullable",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "readOnly",
    "unevaluatedItems",
    "unevaluatedProperties",
    "writeOnly",
];

/// How deep schemas within schemas are looked at.
const MAX_DEPTH: usize = 32;

/// Says what was meant by a word that only looks like a keyword; `at` is its pointer.
pub(super) fn misspelt(key: &str, at: &str) -> Option<Mismatch> {
    if key.starts_with("x-") || KEYWORDS.contains(&key) || KNOWN.contains(&key) {
        return None;
    }
    let meant = match key {
        "min" => Some("minimum"),
        "max" => Some("maximum"),
        // Any word may be an annotation; only what begins like a keyword is taken for one.
        _ => nearest(key, KEYWORDS.iter().copied()).filter(|meant| meant.get(..1) == key.get(..1)),
    }?;
    Some(Mismatch {
        fix: Some(format!("did you mean `{meant}`?")),
        ..Mismatch::value(at, format!("`{key}` is no keyword of a schema"))
    })
}

/// Looks for misspelt keywords in a JSON Schema and all that is in it.
pub(super) fn all_misspelt(schema: &Value) -> Vec<Mismatch> {
    let mut found = Vec::new();
    look(schema, "", MAX_DEPTH, &mut found);
    found
}

fn look(schema: &Value, pointer: &str, depth: usize, found: &mut Vec<Mismatch>) {
    let Some(map) = schema.as_map().filter(|_| depth > 0) else {
        return;
    };
    for (key, value) in map {
        let mut at = pointer.to_owned();
        push_segment(&mut at, key);
        found.extend(misspelt(key, &at));
        match &**key {
            "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => {
                let named: Option<&Map> = value.as_map();
                for (name, schema) in named.into_iter().flatten() {
                    let mut at = at.clone();
                    push_segment(&mut at, name);
                    look(schema, &at, depth - 1, found);
                }
            }
            "allOf" | "anyOf" | "oneOf" | "prefixItems" => {
                for (index, schema) in value.as_list().into_iter().flatten().enumerate() {
                    look(schema, &format!("{at}/{index}"), depth - 1, found);
                }
            }
            "items" | "additionalProperties" | "not" | "contains" | "if" | "then" | "else" => {
                look(value, &at, depth - 1, found);
            }
            _ => {}
        }
    }
}
