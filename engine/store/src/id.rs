//! Ids of runs, given out in blocks: what is given is on disk before, so no id is given twice. A
//! crash loses the rest of a block; gaps do no harm.

use std::sync::PoisonError;

use attune_core::RunId;
use attune_driver::port::StoreError;
use redb::{ReadableTable, WriteTransaction};

use crate::fault::Outcome;
use crate::shared::Shared;
use crate::table;

/// How many ids one sync makes available.
const BLOCK: u64 = 4096;
/// Where [`table::META`] has the next id that was never reserved.
const NEXT: &str = "next_run";

/// Ids that are reserved on disk and not yet given out.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    next: u64,
    end: u64,
}

impl Ids {
    fn take(&mut self, count: u64) -> Option<u64> {
        let first = self.next;
        let fits = self.end - first >= count;
        fits.then(|| {
            self.next += count;
            first
        })
    }

    /// Keeps the higher rest, so that ids rise with time; the other becomes a gap.
    fn put(&mut self, next: u64, end: u64) {
        if next > self.next {
            *self = Self { next, end };
        }
    }
}

impl Shared {
    /// Reserves `count` ids and returns the first.
    pub(crate) async fn reserve_ids(&self, count: u64) -> Result<u64, StoreError> {
        let taken = self.ids().take(count);
        if let Some(first) = taken {
            return Ok(first);
        }
        let block = count.max(BLOCK);
        let first: u64 = self
            .write(move |tx| reserve(tx, block).map(Ok::<u64, StoreError>))
            .await?;
        self.ids().put(first + count, first + block);
        Ok(first)
    }

    fn ids(&self) -> std::sync::MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Moves the next id by `count` and returns what it was.
pub(crate) fn reserve(tx: &WriteTransaction, count: u64) -> Outcome<u64> {
    let mut meta = tx.open_table(table::META)?;
    let first = match meta.get(NEXT)? {
        None => 1,
        Some(next) => {
            let bytes = next.value().try_into().map_err(|_| {
                StoreError::Corrupt(format!("`meta/{NEXT}` is not a number").into())
            })?;
            u64::from_le_bytes(bytes)
        }
    };
    let next = first
        .checked_add(count)
        .filter(|next| *next <= RunId::MAX.0);
    let next = next.ok_or_else(|| StoreError::Io("all run ids are used up".into()))?;
    meta.insert(NEXT, next.to_le_bytes().as_slice())?;
    Ok(first)
}
