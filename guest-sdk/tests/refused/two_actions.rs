//! A_COMPONENT_HAS_ONE_ACTION
use attune_sdk::prelude::*;

#[action]
fn greet() -> Result<String, ActionError> {
    Ok("hello".into())
}

#[action]
fn part() -> Result<String, ActionError> {
    Ok("good bye".into())
}
