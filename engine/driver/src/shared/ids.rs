//! Run ids, taken from ranges that the store reserves.

use std::sync::Mutex;
use std::sync::PoisonError;

use attune_core::RunId;

use crate::config::IDS_AT_ONCE;
use crate::port::{Store, StoreError};

/// Gives run ids, each once.
#[derive(Debug)]
pub(crate) struct Ids {
    range: Mutex<Range>,
    /// Held while a range is fetched, so that a burst fetches one.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Range {
    next: u64,
    end: u64,
}

impl Ids {
    /// Begins with the range of [`IDS_AT_ONCE`] ids at `first`.
    pub(crate) fn starting_at(first: u64) -> Self {
        let range = Range {
            next: first,
            end: first + IDS_AT_ONCE,
        };
        Self {
            range: Mutex::new(range),
            fetching: tokio::sync::Mutex::new(()),
        }
    }

    /// Takes the next id.
    pub(crate) async fn next<S: Store>(&self, store: &S) -> Result<RunId, StoreError> {
        if let Some(id) = self.take() {
            return Ok(id);
        }
        let _one_at_a_time = self.fetching.lock().await;
        loop {
            if let Some(id) = self.take() {
                return Ok(id);
            }
            let next = store.reserve_ids(IDS_AT_ONCE).await?;
            let end = next + IDS_AT_ONCE;
            *self.range.lock().unwrap_or_else(PoisonError::into_inner) = Range { next, end };
        }
    }

    fn take(&self) -> Option<RunId> {
        let mut range = self.range.lock().unwrap_or_else(PoisonError::into_inner);
        let id = (range.next < range.end).then_some(RunId(range.next))?;
        range.next += 1;
        Some(id)
    }
}
