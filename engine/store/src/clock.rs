//! The wall clock, for what the catalog stamps and expires itself.

use std::time::{SystemTime, UNIX_EPOCH};

use attune_core::Timestamp;

/// Returns the present instant.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| since.as_millis() as u64))
}
