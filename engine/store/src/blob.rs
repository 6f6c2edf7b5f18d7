//! Contents by digest: components, sources of workflows, and what a run was started from unsaved.

use attune_core::{Digest, Timestamp};
use attune_driver::port::StoreError;
use bytes::Bytes;
use redb::{ReadTransaction, ReadableTable, WriteTransaction};

use crate::fault::Outcome;
use crate::table;

/// Returns a content.
pub(crate) fn get(tx: &ReadTransaction, digest: Digest) -> Outcome<Option<Bytes>> {
    let table = tx.open_table(table::BLOB)?;
    let row = ReadableTable::get(&table, &digest.0)?;
    Ok(row.map(|row| Bytes::copy_from_slice(row.value())))
}

/// Stores a content under its digest, unless it is there.
pub(crate) fn put(tx: &WriteTransaction, digest: Digest, content: &[u8]) -> Outcome<()> {
    let mut table = tx.open_table(table::BLOB)?;
    if table.get(&digest.0)?.is_none() {
        table.insert(&digest.0, content)?;
    }
    Ok(())
}

/// Stores a content that no revision names; `now` is when it was last asked for.
pub(crate) fn put_loose(
    tx: &WriteTransaction,
    content: &[u8],
    now: Timestamp,
) -> Outcome<Result<Digest, StoreError>> {
    let digest = Digest::of(content);
    put(tx, digest, content)?;
    tx.open_table(table::BLOB_LOOSE)?.insert(&digest.0, now.0)?;
    Ok(Ok(digest))
}
