//! What becomes too old: ended runs, idempotency keys, kv entries, contents without use. In batches of one
//! commit each, so that nothing waits long behind them; the caller goes on while there is more.

use std::sync::Arc;

use attune_core::{Millis, RunId, Timestamp};
use attune_driver::port::StoreError;
use redb::{ReadTransaction, Table, WriteTransaction};

use crate::catalog::kv;
use crate::fault::Outcome;
use crate::rows::index_rows;
use crate::seal::Sealer;
use crate::shared::Shared;
use crate::store::Store;
use crate::table;
use crate::{garbage, key, run};

/// One commit removes at most so many runs.
const MAX_RUNS: usize = 200;
/// One look for old runs goes through at most so many ended ones of a status.
const MAX_LOOKED_AT: usize = 1_000;
/// One commit removes at most so many keys.
const MAX_KEYS: usize = 2_000;

/// What one batch of retention removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Ended runs with all that belongs to them.
    pub runs: usize,
    /// Expired idempotency keys.
    pub keys: usize,
    /// Expired kv entries.
    pub kv: usize,
    /// Contents that nothing refers to.
    pub contents: usize,
}

impl Removed {
    /// Tells whether another batch may find more.
    pub fn is_anything(&self) -> bool {
        *self != Self::default()
    }
}

impl Store {
    /// Removes a batch of what is too old: runs that ended longer than `keep` before `now`,
    /// expired keys and kv entries, unused contents. To be called again while [`Removed::is_anything`].
    ///
    /// # Errors
    /// If the store fails.
    pub async fn remove_old(&self, now: Timestamp, keep: Millis) -> Result<Removed, StoreError> {
        let before = Timestamp(now.0.saturating_sub(keep.0));
        let runs = self.remove_runs(before).await?;
        let shared = &self.shared;
        let sweep = move |tx: &WriteTransaction| Ok(Ok(key::sweep(tx, now, MAX_KEYS)?));
        let keys = shared.write::<_, StoreError, _>(sweep).await?;
        let opened = Arc::clone(shared);
        let sweep =
            move |tx: &WriteTransaction| Ok(Ok(kv::sweep(tx, &opened.sealer, now, MAX_KEYS)?));
        let kv = shared.write::<_, StoreError, _>(sweep).await?;
        let contents = shared.change(move |tx| garbage::collect(tx, now)).await?;
        Ok(Removed {
            runs,
            keys,
            kv,
            contents,
        })
    }

    async fn remove_runs(&self, before: Timestamp) -> Result<usize, StoreError> {
        let old = self
            .shared
            .scan(move |shared, tx| old_runs(tx, &shared.sealer, before))
            .await?;
        let blocked = Blocked::new(&self.shared, old);
        if blocked.runs.is_empty() {
            return Ok(0);
        }
        self.shared
            .write(move |tx| remove_all(tx, &blocked).map(Ok))
            .await
    }
}

/// Returns runs that ended before `before`, lowest ids first.
fn old_runs(tx: &ReadTransaction, sealer: &Sealer, before: Timestamp) -> Outcome<Vec<RunId>> {
    let index = tx.open_table(table::RUN_BY_STATUS)?;
    let mut old = Vec::new();
    let over = attune_core::run::RunStatus::ALL.into_iter();
    for status in over
        .filter(|status| status.is_over())
        .map(table::status_key)
    {
        let rows = index.range((status, 0)..=(status, u64::MAX))?;
        for row in rows.take(MAX_LOOKED_AT) {
            let run = RunId(row?.0.value().1);
            let summary = run::summary(tx, sealer, run)?;
            if summary.is_some_and(|summary| summary.updated < before) {
                old.push(run);
            }
            if old.len() == MAX_RUNS {
                return Ok(old);
            }
        }
    }
    Ok(old)
}

/// Runs whose appends conflict for as long as this lives: none comes between look and removal.
struct Blocked {
    shared: Arc<Shared>,
    runs: Vec<RunId>,
}

impl Blocked {
    fn new(shared: &Arc<Shared>, mut runs: Vec<RunId>) -> Self {
        let mut tail = shared.tail();
        runs.retain(|run| tail.block(*run));
        drop(tail);
        Self {
            shared: Arc::clone(shared),
            runs,
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        let mut tail = self.shared.tail();
        for run in &self.runs {
            tail.counters.unblock(*run);
        }
    }
}

fn remove_all(tx: &WriteTransaction, blocked: &Blocked) -> Outcome<usize> {
    let mut removed = 0;
    for run in &blocked.runs {
        removed += usize::from(remove(tx, &blocked.shared.sealer, *run)?);
    }
    Ok(removed)
}

/// Removes a run with all that belongs to it, unless it works again.
fn remove(tx: &WriteTransaction, sealer: &Sealer, run: RunId) -> Outcome<bool> {
    let Some(summary) = run::in_transaction(tx, sealer, run)? else {
        return Ok(false);
    };
    if !summary.status.is_over() {
        return Ok(false);
    }
    let id = run.0;
    let rows = index_rows(&summary);
    tx.open_table(table::RUN_BY_STATUS)?.remove(rows.status)?;
    tx.open_table(table::RUN_BY_WORKFLOW)?
        .remove(rows.workflow)?;
    if let Some(row) = rows.parent {
        tx.open_table(table::RUN_BY_PARENT)?.remove(row)?;
    }
    for row in rows.labels {
        tx.open_table(table::RUN_BY_LABEL)?.remove(row)?;
    }
    clear(tx.open_table(table::EVENT)?, id)?;
    clear(tx.open_table(table::LOG)?, id)?;
    clear(tx.open_table(table::INQUIRY)?, id)?;
    tx.open_table(table::SNAPSHOT)?.remove(id)?;
    tx.open_table(table::RUN)?.remove(id)?;
    Ok(true)
}

fn clear(mut table: Table<'_, (u64, u64), &'static [u8]>, run: u64) -> Outcome<()> {
    table.retain_in((run, 0)..=(run, u64::MAX), |_, _| false)?;
    Ok(())
}
