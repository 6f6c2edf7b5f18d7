//! Contents by digest: components, sources of workflows, and what a run was started from unsaved.

use attune_core::{Digest, Timestamp};
use attune_driver::port::StoreError;
use bytes::Bytes;
use redb::{ReadTransaction, ReadableTable, WriteTransaction};

use crate::fault::Outcome;
use crate::table;

/// A content without a revision is kept so long, for the run that will be pinned to it.
const KEEP_LOOSE_MS: u64 = 24 * 3600 * 1000;

/// Returns a content.
pub(crate) fn get(tx: &ReadTransaction, digest: Digest) -> Outcome<Option<Bytes>> {
    let table = tx.open_table(table::BLOB)?;
    let row = ReadableTable::get(&table, &digest.0)?;
    Ok(row.map(|row| Bytes::copy_from_slice(row.value())))
}

/// Stores the content of a revision under its digest, unless it is there.
pub(crate) fn put(tx: &WriteTransaction, digest: Digest, content: &[u8]) -> Outcome<()> {
    put_until(tx, digest, content, 0)
}

/// Stores a content that no revision names; `now` is when it was last asked for.
pub(crate) fn put_loose(
    tx: &WriteTransaction,
    content: &[u8],
    now: Timestamp,
) -> Outcome<Result<Digest, StoreError>> {
    let digest = Digest::of(content);
    put_until(tx, digest, content, now.0 + KEEP_LOOSE_MS)?;
    Ok(Ok(digest))
}

fn put_until(tx: &WriteTransaction, digest: Digest, content: &[u8], until: u64) -> Outcome<()> {
    let mut infos = tx.open_table(table::BLOB_INFO)?;
    let known = infos.get(&digest.0)?.map(|row| row.value());
    if known.is_none() {
        tx.open_table(table::BLOB)?.insert(&digest.0, content)?;
    }
    let until = known.map_or(until, |(_, known)| known.max(until));
    infos.insert(&digest.0, (content.len() as u64, until))?;
    Ok(())
}

/// Removes a content and what is known of it.
pub(crate) fn remove(tx: &WriteTransaction, digest: Digest) -> Outcome<()> {
    tx.open_table(table::BLOB)?.remove(&digest.0)?;
    tx.open_table(table::BLOB_INFO)?.remove(&digest.0)?;
    let mut references = tx.open_table(table::BLOB_REF)?;
    references.retain_in((&digest.0, 0)..=(&digest.0, u64::MAX), |_, ()| false)?;
    Ok(())
}
