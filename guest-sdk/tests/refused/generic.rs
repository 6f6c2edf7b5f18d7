//! an action is not generic: its input and output are what the workflow sees
use attune_sdk::prelude::*;

#[action]
fn greet<T: Default>(_input: Value) -> Result<String, ActionError> {
    Ok("hello".into())
}
