//! an action is a function of its own, without `self`
use attune_sdk::prelude::*;

struct Greeter;

impl Greeter {
    #[action]
    fn greet(&self) -> Result<String, ActionError> {
        Ok("hello".into())
    }
}
