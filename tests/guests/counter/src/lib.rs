//! Counts in the pack's `kv`: the same task counted once for each attempt that did it.

use attune_sdk::prelude::*;

/// How often it tries again when somebody else counted at the same time.
const TRIES_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
struct Input {
    /// The key to count in.
    key: String,
}

/// Counts.
#[action(grants = {"kv": "write"})]
fn counter(input: Input) -> Result<u64, ActionError> {
    for _ in 0..TRIES_MAX {
        let counted = match kv::entry::<u64>(&input.key)? {
            Some(entry) => {
                let next = entry.value + 1;
                kv::replace(&input.key, entry.revision, &next).map(|_| next)
            }
            None => kv::create(&input.key, &1_u64).map(|_| 1),
        };
        match counted {
            Err(CallError::Conflict) => {}
            counted => return Ok(counted?),
        }
    }
    Err(CallError::Conflict.into())
}
