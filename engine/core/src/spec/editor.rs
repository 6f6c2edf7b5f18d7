//! The JSON Schema that makes editors complete and check workflow files.
//!
//! Made from the same declaration of fields that the reader checks files against, so the two
//! cannot say different things.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::spec::fields::{FILE, FILE_NEEDS, TASK};
use crate::spec::shape::{Record, Shape};
use crate::spec::task::{NOT_FOR_BLOCKS, RESERVED};

/// Returns the JSON Schema 2020-12 of workflow files.
pub fn schema() -> Value {
    let mut definitions = BTreeMap::new();
    let mut file = record(&FILE, &mut definitions);
    let needed = file["required"].as_array_mut();
    let needed = needed.expect("a record says what it needs");
    needed.extend(FILE_NEEDS.iter().map(|(name, _)| json!(name)));
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:attune:workflow",
        "title": "Attune workflow",
    });
    let object = schema.as_object_mut().expect("it is written as an object");
    object.extend(file.as_object().cloned().unwrap_or_default());
    if let Some(task) = definitions.get_mut(TASK.id) {
        add_kinds(task);
    }
    object.insert("$defs".into(), json!(definitions));
    object["properties"]["tasks"]["minItems"] = json!(1);
    schema
}

/// Adds what depends on the kind of a task: a block has tasks and does not iterate, all else
/// calls something.
fn add_kinds(task: &mut Value) {
    let never: Map<String, Value> = NOT_FOR_BLOCKS
        .iter()
        .chain(&["with_items"])
        .map(|key| ((*key).to_owned(), json!(false)))
        .collect();
    let mut block = json!({"required": ["tasks"], "properties": never});
    block["properties"]["tasks"] = json!({"type": "array", "minItems": 1});
    task["if"] = json!({"required": ["type"], "properties": {"type": {"const": "parallel"}}});
    task["then"] = block;
    task["else"] = json!({"required": ["action"], "properties": {"tasks": false}});
    task["properties"]["join"]["not"] = json!({"type": "integer", "maximum": 0});
    task["properties"]["name"]["not"] = json!({"enum": RESERVED});
}

/// Returns the schema of a record; records inside it go to the definitions.
fn record(record: &'static Record, definitions: &mut BTreeMap<&'static str, Value>) -> Value {
    let mut properties = Map::new();
    for field in record.fields {
        let mut shape = of(field.shape, definitions);
        if field.missing.is_none() {
            // Null is as good as not given.
            shape = json!({"anyOf": [shape, {"type": "null"}]});
        }
        if let Some(object) = shape.as_object_mut() {
            object.insert("description".into(), json!(field.doc));
        }
        properties.insert(field.name.into(), shape);
    }
    let required: Vec<&str> = record
        .fields
        .iter()
        .filter(|field| field.missing.is_some())
        .map(|field| field.name)
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": {"^x-": {}},
        "additionalProperties": false,
        "required": required,
    })
}

fn of(shape: Shape, definitions: &mut BTreeMap<&'static str, Value>) -> Value {
    match shape {
        Shape::Any => json!({}),
        Shape::Text | Shape::Target => json!({"type": "string"}),
        Shape::Label => json!({"type": ["string", "number"]}),
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Integer(min, max) => {
            let mut schema = json!({"type": "integer"});
            if min > i64::MIN {
                schema["minimum"] = json!(min);
            }
            if max < i64::MAX {
                schema["maximum"] = json!(max);
            }
            schema
        }
        Shape::Number(min, max) => json!({"type": "number", "minimum": min, "maximum": max}),
        Shape::Size => json!({"anyOf": [
            {"type": "integer", "minimum": 0},
            {"type": "string", "pattern": r"^\s*[0-9]+\s*(B|KiB|MiB|GiB|kB|KB|MB|GB)?\s*$"},
        ]}),
        Shape::Percent => json!({"type": "string", "pattern": r"^\s*[0-9.]+\s*%\s*$"}),
        Shape::Duration => json!({"anyOf": [
            {"type": "number", "minimum": 0},
            {"type": "string", "pattern": r"^\s*[0-9.]+\s*(ms|s|m|h|d)?\s*$"},
        ]}),
        Shape::Templated(inner) => json!({"anyOf": [
            of(*inner, definitions),
            {"type": "string", "pattern": r"\{\{"},
        ]}),
        Shape::Expression => json!({"type": ["string", "number", "boolean"]}),
        Shape::Condition => json!({"type": ["string", "boolean"]}),
        Shape::Word(words) => json!({"enum": words}),
        Shape::Ref => json!({
            "type": "string",
            "pattern": r"^[a-z][a-z0-9_-]{0,62}\.[a-z][a-z0-9_-]{0,62}$",
        }),
        Shape::Action => json!({
            "type": "string",
            "pattern": r"^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)?(@([0-9]+|sha256:[0-9a-fA-F]{64}))?$",
        }),
        Shape::Map => json!({"type": "object"}),
        Shape::Schema => json!({"type": "object"}),
        Shape::List(inner) => json!({"type": "array", "items": of(*inner, definitions)}),
        Shape::Record(inner) => {
            let name = inner.id;
            if !definitions.contains_key(name) {
                // Tasks contain tasks: the place is taken before the inside is looked at.
                definitions.insert(name, Value::Null);
                let schema = record(inner, definitions);
                definitions.insert(name, schema);
            }
            json!({"$ref": format!("#/$defs/{name}")})
        }
        Shape::OneOf(shapes) => {
            let all: Vec<Value> = shapes.iter().map(|shape| of(*shape, definitions)).collect();
            json!({"anyOf": all})
        }
        Shape::Publish => json!({"anyOf": [
            {"type": ["object", "string"]},
            {"type": "array", "items": {"type": ["object", "string"]}},
        ]}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::schema::Schema;
    use crate::spec::yaml::to_value;

    #[test]
    fn editors_and_the_reader_agree() {
        let schema = Schema::from_json(&crate::Value::from_serde(&schema())).unwrap();
        let head = "ref: a.b\nlabel: x\nversion: 1.0\n";
        for (text, fits) in [
            ("tasks: [{name: a, action: core.echo}]", true),
            (
                "tasks: [{name: a, action: core.echo, timeout: 5m, retry: {count: '{{ vars.n }}'}}]",
                true,
            ),
            (
                "tasks: [{name: p, type: parallel, tasks: [{name: a, action: n}]}]",
                true,
            ),
            (
                "vars:\ntasks: [{name: a, action: n, on_success: [{when: x, do: [b]}, c]}]",
                true,
            ),
            ("x-note: 1\ntasks: []", false),
            ("x-note: 1\ntasks: [{name: a, action: n}]", true),
            ("tasks: [{name: a, action: core.echo, timout: 5m}]", false),
            (
                "tasks: [{name: a, action: core.echo, retry: {count: 101}}]",
                false,
            ),
            (
                "tasks: [{name: p, type: parallel, tasks: [{action: n}]}]",
                false,
            ),
            ("tasks: [{name: a, action: '{{ x }}'}]", false),
            ("tasks: [{name: a, type: paralel}]", false),
        ] {
            let value = to_value(&format!("{head}{text}")).unwrap();
            let problems = schema.validate(&value);
            assert_eq!(problems.is_empty(), fits, "{text}: {problems:?}");
        }
    }
}
