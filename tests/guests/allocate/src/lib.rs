//! Takes memory without end.

use attune_sdk::prelude::*;

/// How much it takes at once.
const STEP_BYTES: usize = 1 << 20;

/// Takes memory without end.
#[action]
fn allocate() -> Result<usize, ActionError> {
    let mut taken = Vec::new();
    while core::hint::black_box(true) {
        taken.push(vec![1_u8; STEP_BYTES]);
    }
    Ok(taken.len())
}
