//! Declares more memory than an attempt gets by default.

use attune_sdk::prelude::*;

/// Needs 128 MiB before it starts.
#[action]
fn large() -> Result<(), ActionError> {
    Ok(())
}
