//! unknown argument `sumary`: there are `summary` and `grants`
use attune_sdk::prelude::*;

#[action(sumary = "Says hello")]
fn greet() -> Result<String, ActionError> {
    Ok("hello".into())
}
