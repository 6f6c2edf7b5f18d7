//! an action takes one input: put its fields into a struct
use attune_sdk::prelude::*;

#[action]
fn greet(name: String, times: u8) -> Result<String, ActionError> {
    Ok(name.repeat(times.into()))
}
