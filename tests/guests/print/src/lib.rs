//! Prints without end, to both streams.

use attune_sdk::prelude::*;

/// Prints without end.
#[action]
fn print() -> Result<(), ActionError> {
    let mut line = 0_u64;
    while core::hint::black_box(true) {
        println!("line {line} of a guest that does not stop printing");
        eprintln!("line {line} on the other stream");
        line += 1;
    }
    Ok(())
}
