//! Leaves by `exit` in the middle of an attempt.

use attune_sdk::prelude::*;

#[derive(Deserialize, JsonSchema)]
struct Input {
    /// The exit code.
    code: i32,
}

/// Exits.
#[action]
fn exit(input: Input) -> Result<(), ActionError> {
    eprintln!("leaving with {}", input.code);
    std::process::exit(input.code)
}
