//! Calls itself without end.

use attune_sdk::prelude::*;

/// Calls itself without end.
#[action]
fn stack() -> Result<u64, ActionError> {
    Ok(deeper(core::hint::black_box(0)))
}

#[expect(unconditional_recursion, reason = "this is what it is for")]
fn deeper(depth: u64) -> u64 {
    core::hint::black_box(deeper(depth + 1)) + depth
}
