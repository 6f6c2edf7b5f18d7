//! The actions that are built into the engine, as far as a file can see them.

use crate::spec::ActionSchemas;
use crate::value::Value;

/// A durable timer.
pub(crate) const SLEEP: &str = "core.sleep";
/// Waits for somebody's answer.
pub(crate) const INQUIRY: &str = "core.inquiry";

/// Returns the schemas of a built-in action.
pub fn schemas(reference: &str) -> Option<ActionSchemas> {
    let parameters = match reference {
        SLEEP => {
            r#"{"type": "object", "required": ["seconds"], "additionalProperties": false,
                "properties": {"seconds": {"type": ["number", "string"], "minimum": 0}}}"#
        }
        INQUIRY => {
            r#"{"type": "object", "additionalProperties": false, "properties": {
                "prompt": {}, "schema": {}, "assigned_to": {}}}"#
        }
        _ => return None,
    };
    let parameters = Value::from_json(parameters.as_bytes()).expect("the text above is JSON");
    Some(ActionSchemas {
        parameters: Some(parameters),
        output: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::schema::Schema;

    #[test]
    fn schemas_of_built_in_actions_compile() {
        for reference in [SLEEP, INQUIRY] {
            let parameters = schemas(reference).unwrap().parameters.unwrap();
            assert!(Schema::from_json(&parameters).is_ok(), "{reference}");
        }
    }
}
