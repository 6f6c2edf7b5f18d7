//! Computes for ever.

use attune_sdk::prelude::*;

/// Computes for ever.
#[action]
fn spin() -> Result<u64, ActionError> {
    let mut turns = 0_u64;
    while core::hint::black_box(true) {
        turns = core::hint::black_box(turns.wrapping_add(1));
    }
    Ok(turns)
}
