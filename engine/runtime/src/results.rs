//! Results of cacheable attempts, for tasks that say how long one may be used again.
//!
//! Such an attempt gives the same bytes for the same component, function and input, so these
//! three are the key. Only success is kept, nothing that a secret went into, and nothing on disk.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use attune_core::{Digest, Value};
use attune_driver::port::Attempt;

use crate::pure::canonical;

/// Results together, as JSON.
const MAX_BYTES: usize = 64 << 20;

/// One result, as JSON: larger ones would push out too many others.
const MAX_RESULT_BYTES: usize = 1 << 20;

/// Results, however small.
const MAX_RESULTS: usize = 10_000;

/// What an entry costs beside its JSON.
const OVERHEAD_BYTES: usize = 256;

/// The results that may be used again.
#[derive(Default)]
pub(crate) struct Results(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    entries: HashMap<Digest, Kept>,
    /// By the time of their last use.
    order: BTreeMap<u64, Digest>,
    clock: u64,
    bytes: usize,
}

struct Kept {
    value: Value,
    made: Instant,
    bytes: usize,
    used: u64,
}

/// Returns the key of an attempt's result and how old it may be, if it may be used again at all.
pub(crate) fn reusable(attempt: &Attempt) -> Option<(Digest, Duration)> {
    let most = attempt.cache?;
    let action = &attempt.action;
    if !attempt.pure || !action.cacheable || attempt.input.has_secret() {
        return None;
    }
    let mut bytes = action.digest.0.to_vec();
    let invocation = serde_json::to_vec(&action.invocation).ok()?;
    bytes.extend_from_slice(&(invocation.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&invocation);
    canonical(&attempt.input, &mut bytes);
    Some((Digest::of(&bytes), Duration::from_millis(most.0)))
}

impl Results {
    /// Returns a result that is not older than `most`.
    pub(crate) fn get(&self, key: Digest, most: Duration) -> Option<Value> {
        let mut shelf = self.shelf();
        shelf.clock += 1;
        let now = shelf.clock;
        let kept = shelf.entries.get_mut(&key)?;
        if kept.made.elapsed() > most {
            return None;
        }
        let before = std::mem::replace(&mut kept.used, now);
        let value = kept.value.clone();
        shelf.order.remove(&before);
        shelf.order.insert(now, key);
        Some(value)
    }

    /// Keeps a result, and forgets those not used for longest where there are too many.
    pub(crate) fn put(&self, key: Digest, value: &Value, bytes: usize) {
        if bytes > MAX_RESULT_BYTES {
            return;
        }
        let mut shelf = self.shelf();
        shelf.clock += 1;
        let used = shelf.clock;
        shelf.forget(key);
        let bytes = bytes + OVERHEAD_BYTES;
        let kept = Kept {
            value: value.clone(),
            made: Instant::now(),
            bytes,
            used,
        };
        shelf.bytes += bytes;
        shelf.entries.insert(key, kept);
        shelf.order.insert(used, key);
        while shelf.bytes > MAX_BYTES || shelf.entries.len() > MAX_RESULTS {
            let Some((_, oldest)) = shelf.order.pop_first() else {
                break;
            };
            shelf.forget(oldest);
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn forget(&mut self, key: Digest) {
        if let Some(kept) = self.entries.remove(&key) {
            self.bytes -= kept.bytes;
            self.order.remove(&kept.used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn key(number: usize) -> Digest {
        Digest::of(&number.to_le_bytes())
    }

    #[test]
    fn results_are_kept_for_as_long_as_asked() {
        let results = Results::default();
        results.put(key(1), &Value::Int(1), 1);
        assert_eq!(results.get(key(1), HOUR), Some(Value::Int(1)));
        assert_eq!(results.get(key(2), HOUR), None);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(results.get(key(1), Duration::from_millis(1)), None);
    }

    #[test]
    fn those_not_used_for_longest_go_first() {
        let results = Results::default();
        for number in 0..MAX_RESULTS {
            results.put(key(number), &Value::Null, 4);
        }
        assert!(results.get(key(0), HOUR).is_some());
        results.put(key(MAX_RESULTS), &Value::Null, 4);
        assert!(results.get(key(0), HOUR).is_some());
        assert!(results.get(key(1), HOUR).is_none());
        assert_eq!(results.shelf().entries.len(), MAX_RESULTS);
        assert_eq!(results.shelf().order.len(), MAX_RESULTS);
    }

    #[test]
    fn bytes_are_bounded() {
        let results = Results::default();
        results.put(key(0), &Value::Null, MAX_RESULT_BYTES + 1);
        assert!(results.get(key(0), HOUR).is_none());
        for number in 0..200 {
            results.put(key(number), &Value::Null, MAX_RESULT_BYTES);
        }
        assert!(results.shelf().bytes <= MAX_BYTES);
        assert_eq!(results.shelf().entries.len(), 63);
    }
}
