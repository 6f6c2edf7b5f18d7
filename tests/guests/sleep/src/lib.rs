//! Sleeps on the clock of WASI, a minute by default, and returns how long it took by that clock.

use std::time::{Duration, Instant};

use attune_sdk::prelude::*;

#[derive(Deserialize, JsonSchema)]
struct Input {
    /// How long, in milliseconds.
    #[serde(default = "default_ms")]
    ms: u64,
}

fn default_ms() -> u64 {
    60_000
}

/// Sleeps.
#[action]
fn sleep(input: Input) -> Result<u128, ActionError> {
    let start = Instant::now();
    std::thread::sleep(Duration::from_millis(input.ms));
    Ok(start.elapsed().as_millis())
}
