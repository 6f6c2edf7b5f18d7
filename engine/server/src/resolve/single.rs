//! The workflow of one task that runs a single action.

use attune_core::Value;
use attune_driver::port::ActionRecord;

/// Name of its task.
const TASK: &str = "action";

/// Writes it, as JSON, which is YAML. The action's revision is part of it, so that each has a
/// source of its own and recovery finds the right one.
pub(super) fn source(action: &ActionRecord) -> String {
    let reference = format!("{}@{}", action.reference, action.revision);
    let output = format!("{{{{ task.{TASK}.result }}}}");
    let task = Value::map([
        ("name", Value::from(TASK)),
        ("action", Value::from(reference)),
        ("input", Value::from("{{ parameters }}")),
    ]);
    let file = Value::map([
        ("ref", Value::Text(action.reference.clone())),
        ("parameters", parameters(&action.parameters)),
        ("tasks", Value::list(vec![task])),
        ("output_map", Value::from(output)),
    ]);
    file.to_public_json()
}

/// The action's schema if it speaks of an object, as that of parameters must; else everything
/// passes here, and the action's own check decides.
fn parameters(schema: &Value) -> Value {
    if schema.get("type").and_then(Value::as_str) == Some("object") {
        return schema.clone();
    }
    Value::map([
        ("type", Value::from("object")),
        ("additionalProperties", Value::Bool(true)),
    ])
}

#[cfg(test)]
mod tests {
    use attune_core::spec::schema::Schema;
    use attune_core::spec::{self, Options};

    use super::*;

    #[test]
    fn schemas_of_actions_become_those_of_parameters() {
        let closed = r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#;
        for (schema, given, fits) in [
            ("null", r#"{"anything": 1}"#, true),
            ("{}", "{}", true),
            (r#"{"type": "object"}"#, r#"{"x": 1}"#, true),
            (closed, r#"{"a": "x"}"#, true),
            (closed, r#"{"a": 1}"#, false),
            (closed, r#"{"a": "x", "b": 1}"#, false),
        ] {
            let parameters = parameters(&Value::from_json(schema.as_bytes()).unwrap());
            let task = r#"{"name":"action","action":"a.b@1","input":"{{ parameters }}"}"#;
            let text = format!(
                r#"{{"ref":"a.b","parameters":{},"tasks":[{task}]}}"#,
                parameters.to_public_json()
            );
            let parsed = spec::parse_with(&text, &Options::inline());
            let definition = parsed.definition.expect("the file is valid");
            let given = Value::from_json(given.as_bytes()).unwrap();
            let prepared = Schema::prepare(&definition.parameters, given);
            assert_eq!(prepared.is_ok(), fits, "{schema}: {prepared:?}");
        }
    }
}
