//! Sleeps on the clock of WASI, and may not be run ahead of the disk: it reads the pack's `kv`.

use std::time::Duration;

use attune_sdk::prelude::*;

#[derive(Deserialize, JsonSchema)]
struct Input {
    /// How long, in milliseconds.
    ms: u64,
    /// Returned as it came.
    #[serde(default)]
    value: Value,
}

/// Sleeps, and has effects as far as the engine can tell.
#[action(grants = {"kv": "read"})]
fn slow(input: Input) -> Result<Value, ActionError> {
    // Whether it is there, or may be read at all, does not matter.
    let seen: Result<Option<Value>, CallError> = kv::get("slow");
    debug!("slept", found = seen.is_ok());
    std::thread::sleep(Duration::from_millis(input.ms));
    Ok(input.value)
}
