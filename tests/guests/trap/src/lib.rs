//! Traps, in the way that the input says.

use attune_sdk::prelude::*;

#[derive(Deserialize, JsonSchema)]
struct Input {
    #[serde(default)]
    how: How,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum How {
    #[default]
    Panic,
    Unreachable,
    OutOfBounds,
}

/// Traps.
#[action]
fn trap(input: Input) -> Result<(), ActionError> {
    info!("about to trap");
    match input.how {
        How::Panic => panic!("this guest panics as it was told"),
        How::Unreachable => core::arch::wasm32::unreachable(),
        // SAFETY: none. The address is outside the memory, which is the point.
        How::OutOfBounds => unsafe {
            let outside = core::hint::black_box(0xffff_fff0_usize) as *const u8;
            core::hint::black_box(outside.read_volatile());
        },
    }
    Ok(())
}
