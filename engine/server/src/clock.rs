//! The present instant, for records and expiry. The driver has its own clock for runs.

use std::time::{SystemTime, UNIX_EPOCH};

use attune_core::Timestamp;

/// Returns the present instant.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp(since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX)))
}
