//! Never ends describing itself.

use attune_sdk::bindings::{self, exports::attune::action};

struct DescribeSpin;

impl action::handler::Guest for DescribeSpin {
    fn run(input: String) -> Result<String, action::handler::Error> {
        Ok(input)
    }
}

impl action::describe::Guest for DescribeSpin {
    fn describe() -> action::describe::Description {
        while core::hint::black_box(true) {}
        action::describe::Description {
            summary: String::new(),
            description: None,
            parameters: None,
            output: None,
            grants: None,
        }
    }
}

bindings::export!(DescribeSpin with_types_in bindings);
