//! the input is `Deserialize + JsonSchema`, the output `Serialize + JsonSchema`
use attune_sdk::prelude::*;

struct Output;

#[action]
fn greet() -> Result<Output, ActionError> {
    Ok(Output)
}
