//! Wants a grant that somebody has to approve.

use attune_sdk::prelude::*;

/// Wants to call a service.
#[action(grants = {"http": ["POST https://api.example.com/v1/*"]})]
fn wants_http() -> Result<(), ActionError> {
    Ok(())
}
