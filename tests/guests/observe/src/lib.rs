//! Returns what it sees of clocks and randomness: a pure attempt sees the same each time.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::{Duration, SystemTime};

use attune_sdk::prelude::*;
use wasip2::{clocks::monotonic_clock, random};

/// Observes.
#[action]
fn observe() -> Result<Value, ActionError> {
    let clocks = |_| (now_ms(), monotonic_clock::now());
    let first: Vec<_> = (0..3).map(clocks).collect();
    std::thread::sleep(Duration::from_secs(1));
    Ok(json!({
        "clocks": first,
        "after_a_second": clocks(0),
        "random": random::random::get_random_u64(),
        "random_bytes": random::random::get_random_bytes(8),
        "insecure": random::insecure::get_insecure_random_u64(),
        "insecure_seed": random::insecure_seed::insecure_seed(),
        "hash": RandomState::new().hash_one("x"),
    }))
}

fn now_ms() -> u128 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_millis())
}
