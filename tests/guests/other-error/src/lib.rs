//! Fails with the error that carries nothing but text, past the SDK, which never uses it.

use attune_sdk::bindings::{self, exports::attune::action};

struct OtherError;

impl action::handler::Guest for OtherError {
    fn run(_input: String) -> Result<String, action::handler::Error> {
        Err(action::handler::Error::Other("nobody knows why".to_owned()))
    }
}

impl action::describe::Guest for OtherError {
    fn describe() -> action::describe::Description {
        action::describe::Description {
            summary: "Fails with plain text.".to_owned(),
            description: None,
            parameters: None,
            output: None,
            grants: None,
        }
    }
}

bindings::export!(OtherError with_types_in bindings);
