//! Idempotency keys of requests that are in flight, so that a repeat which overtakes the disk
//! finds the first. A key is free again only when its run is durable or was refused: from then
//! on the store answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use attune_core::Digest;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::port::Idempotency;

type Keys = Arc<Mutex<HashMap<Digest, (Digest, CancellationToken)>>>;

/// The keys in flight.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims {
    keys: Keys,
}

/// What became of an attempt to claim a key.
#[derive(Debug)]
pub(crate) enum Claim {
    /// It is ours until the guard is dropped.
    Ours(ClaimGuard),
    /// The same request is in flight: wait until this is cancelled, then look again.
    InFlight(CancellationToken),
    /// Another request with this key is in flight.
    Reused,
}

/// Holds a key in flight.
#[derive(Debug)]
pub(crate) struct ClaimGuard {
    key: Digest,
    keys: Keys,
    _ends: DropGuard,
}

impl Claims {
    /// Claims a key.
    pub(crate) fn claim(&self, wanted: &Idempotency) -> Claim {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        match keys.get(&wanted.key) {
            Some((body, _)) if *body != wanted.body => Claim::Reused,
            Some((_, ends)) => Claim::InFlight(ends.clone()),
            None => {
                let ends = CancellationToken::new();
                keys.insert(wanted.key, (wanted.body, ends.clone()));
                Claim::Ours(ClaimGuard {
                    key: wanted.key,
                    keys: self.keys.clone(),
                    _ends: ends.drop_guard(),
                })
            }
        }
    }
}

impl Drop for ClaimGuard {
    fn drop(&mut self) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.remove(&self.key);
    }
}
