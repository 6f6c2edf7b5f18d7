//! the input is `Deserialize + JsonSchema`, the output `Serialize + JsonSchema`
use attune_sdk::prelude::*;

struct Input {
    name: String,
}

#[action]
fn greet(input: Input) -> Result<String, ActionError> {
    Ok(input.name)
}
