//! Idempotency keys: which run a request started.

use attune_core::{Digest, RunId, Timestamp};
use attune_driver::port::StoreError;
use redb::{ReadableTable, WriteTransaction};

use crate::fault::Outcome;
use crate::shared::Shared;
use crate::table;

impl Shared {
    /// Finds the run that a key started and the hash of its body; one that is not durable yet is
    /// waited for, so that the answer can be given away.
    pub(crate) async fn idempotent(
        &self,
        key: Digest,
        now: Timestamp,
    ) -> Result<Option<(RunId, Digest)>, StoreError> {
        let in_flight = self.tail().keys.get(&key).copied();
        if let Some(found) = in_flight {
            self.durable(found.position).await?;
            return Ok(Some((found.run, found.body)));
        }
        Ok(self.synced_key(key, now)?)
    }

    fn synced_key(&self, key: Digest, now: Timestamp) -> Outcome<Option<(RunId, Digest)>> {
        let table = self.read()?.open_table(table::KEY)?;
        let row = ReadableTable::get(&table, &key.0)?;
        Ok(row.and_then(|row| {
            let (run, body, expires) = row.value();
            (expires >= now.0).then_some((RunId(run), Digest(*body)))
        }))
    }
}

/// Forgets keys that expired before `now`, at most `limit`; returns how many.
pub(crate) fn sweep(tx: &WriteTransaction, now: Timestamp, limit: usize) -> Outcome<usize> {
    let mut expiries = tx.open_table(table::KEY_EXPIRY)?;
    let mut keys = tx.open_table(table::KEY)?;
    let mut swept = 0;
    while swept < limit {
        let (expiry, key) = match expiries.first()? {
            Some((row, _)) if row.value().0 < now.0 => (row.value().0, *row.value().1),
            Some(_) | None => break,
        };
        expiries.remove((expiry, &key))?;
        keys.remove(&key)?;
        swept += 1;
    }
    Ok(swept)
}
