//! Logs as many lines, as long, as the input says; by default without end.

use attune_sdk::prelude::*;

#[derive(Deserialize, JsonSchema)]
struct Input {
    /// How many lines; absent means without end.
    lines: Option<u64>,
    /// How long the message of each is.
    #[serde(default = "default_bytes")]
    bytes: usize,
}

fn default_bytes() -> usize {
    64
}

/// Logs a lot.
#[action]
fn log(input: Input) -> Result<u64, ActionError> {
    let message = "x".repeat(input.bytes);
    let mut line = 0_u64;
    while input.lines.is_none_or(|lines| line < lines) {
        info!(message, line = line);
        line += 1;
    }
    Ok(line)
}
