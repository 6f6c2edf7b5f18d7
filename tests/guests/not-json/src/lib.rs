//! Returns text that is not JSON, past the SDK, which would not let it.

use attune_sdk::bindings::{self, exports::attune::action};

struct NotJson;

impl action::handler::Guest for NotJson {
    fn run(_input: String) -> Result<String, action::handler::Error> {
        Ok("{this is not JSON".to_owned())
    }
}

impl action::describe::Guest for NotJson {
    fn describe() -> action::describe::Description {
        action::describe::Description {
            summary: "Returns text that is not JSON.".to_owned(),
            description: None,
            parameters: None,
            output: None,
            grants: None,
        }
    }
}

bindings::export!(NotJson with_types_in bindings);
