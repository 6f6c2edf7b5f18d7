//! What the action is being run for. Needs no grant, but an action that asks for any of this
//! cannot be answered from the cache.

use std::time::{Duration, SystemTime};

use crate::engine;

/// Returns the id of the run.
#[must_use]
pub fn run_id() -> u64 {
    engine::run_id()
}

/// Returns the id of the task execution within the run: the same for all its attempts.
#[must_use]
pub fn task_id() -> u64 {
    engine::task_id()
}

/// Returns which attempt of the task execution this is, counted from 1.
#[must_use]
pub fn attempt() -> u32 {
    engine::attempt()
}

/// Returns the action's reference and version, such as `shop.charge@3`.
#[must_use]
pub fn action_ref() -> String {
    engine::action_ref()
}

/// Returns when the attempt will be ended.
#[must_use]
pub fn deadline() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(engine::deadline_ms())
}

/// Returns how much time the attempt has left.
#[must_use]
pub fn time_left() -> Duration {
    deadline()
        .duration_since(SystemTime::now())
        .unwrap_or_default()
}

/// Returns a key that is the same for all attempts of this task execution and for no other: hand
/// it to services that must do a thing only once.
#[must_use]
pub fn idempotency_key() -> String {
    engine::idempotency_key()
}

/// Tells those who watch the run how far the attempt is.
pub fn progress(percent: u8, message: impl AsRef<str>) {
    engine::progress(percent, message.as_ref());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn attempts_of_one_task_share_their_key() {
        let first = (attempt(), idempotency_key());
        testing::set_attempt(2);
        let second = (attempt(), idempotency_key());
        assert_eq!((first.0, second.0), (1, 2));
        assert_eq!(first.1, second.1);
        assert!(time_left() > Duration::ZERO);
    }

    #[test]
    fn progress_is_kept() {
        progress(40, "half");
        assert_eq!(testing::progress(), [(40, "half".to_owned())]);
    }
}
