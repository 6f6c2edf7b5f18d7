//! an action is not `async`: it has the instance to itself and may block
use attune_sdk::prelude::*;

#[action]
async fn greet() -> Result<String, ActionError> {
    Ok("hello".into())
}
