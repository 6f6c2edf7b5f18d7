//! Takes as much memory as the input says, uses it and returns.

use attune_sdk::prelude::*;

#[derive(Deserialize, JsonSchema)]
struct Input {
    /// How much.
    bytes: usize,
}

/// Takes some memory.
#[action]
fn memory(input: Input) -> Result<usize, ActionError> {
    Ok(core::hint::black_box(vec![1_u8; input.bytes]).len())
}
