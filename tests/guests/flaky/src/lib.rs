//! Fails until a certain attempt.

use attune_sdk::prelude::*;

#[derive(Deserialize, JsonSchema)]
struct Input {
    /// The first attempt that succeeds.
    succeed_at: u32,
}

/// Fails at first.
#[action]
fn flaky(input: Input) -> Result<u32, ActionError> {
    let attempt = context::attempt();
    if attempt < input.succeed_at {
        warn!("failing", attempt = attempt);
        return Err(ActionError::transient("not yet")
            .with_kind("not_yet")
            .with_details(attempt));
    }
    Ok(attempt)
}
