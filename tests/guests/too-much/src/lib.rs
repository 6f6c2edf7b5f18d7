//! Returns as much as the input says.

use attune_sdk::prelude::*;

#[derive(Deserialize, JsonSchema)]
struct Input {
    /// The length of the text that is returned.
    #[serde(default = "default_bytes")]
    bytes: usize,
}

fn default_bytes() -> usize {
    2 << 20
}

/// Returns a lot.
#[action]
fn too_much(input: Input) -> Result<String, ActionError> {
    Ok("x".repeat(input.bytes))
}
