//! Describes itself with a schema that is no schema.

use attune_sdk::bindings::{self, exports::attune::action};

struct BadSchema;

impl action::handler::Guest for BadSchema {
    fn run(input: String) -> Result<String, action::handler::Error> {
        Ok(input)
    }
}

impl action::describe::Guest for BadSchema {
    fn describe() -> action::describe::Description {
        action::describe::Description {
            summary: "Has a wrong schema.".to_owned(),
            description: None,
            parameters: Some(r#"{"type": "no such type"}"#.to_owned()),
            output: None,
            grants: None,
        }
    }
}

bindings::export!(BadSchema with_types_in bindings);
