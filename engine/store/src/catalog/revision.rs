//! What workflows and actions have in common: numbered revisions of a ref, the newest one found
//! without looking at the others. Numbers are never used again, not even after a removal.

use std::ops::Bound;
use std::sync::Arc;

use attune_core::Timestamp;
use attune_driver::codec::{self, Record};
use attune_driver::port::CatalogError;
use redb::{ReadTransaction, ReadableTable, WriteTransaction};

use crate::fault::Outcome;
use crate::seal::Place;
use crate::table::{self, Table};

/// A record of which there are revisions.
pub(crate) trait Revision: Record + Clone {
    /// (ref, revision) → record.
    const RECORDS: Table<(&'static str, u32), &'static [u8]>;
    /// Ref → (last revision, whether it exists).
    const HEADS: Table<&'static str, (u32, bool)>;
    /// Returns the ref.
    fn reference(&self) -> &Arc<str>;
    /// Returns its number.
    fn revision(&self) -> u32;
    /// Returns the content it names.
    fn digest(&self) -> attune_core::Digest;
    /// Numbers a new revision; `before` is the one it follows.
    fn number(&mut self, revision: u32, before: Option<&Self>);
}

macro_rules! revision {
    ($record:ty, $records:expr, $heads:expr) => {
        impl Revision for $record {
            const RECORDS: Table<(&'static str, u32), &'static [u8]> = $records;
            const HEADS: Table<&'static str, (u32, bool)> = $heads;

            fn reference(&self) -> &Arc<str> {
                &self.reference
            }

            fn revision(&self) -> u32 {
                self.revision
            }

            fn digest(&self) -> attune_core::Digest {
                self.digest
            }

            fn number(&mut self, revision: u32, before: Option<&Self>) {
                self.revision = revision;
                let created: Option<Timestamp> = before.map(|before| before.created);
                self.created = created.unwrap_or(self.updated);
            }
        }
    };
}
revision!(
    attune_driver::port::WorkflowRecord,
    table::WORKFLOW,
    table::WORKFLOW_HEAD
);
revision!(
    attune_driver::port::ActionRecord,
    table::ACTION,
    table::ACTION_HEAD
);

/// Tables of either kind of transaction.
pub(crate) type Row<'a> = (&'a str, u32);

/// Decodes a stored revision.
pub(crate) fn decode<R: Revision>((reference, number): Row<'_>, stored: &[u8]) -> Outcome<R> {
    let number = number.to_string();
    Ok(codec::decode(
        Place::Named(R::NAME, reference, &number),
        stored,
    )?)
}

/// Returns one revision.
pub(crate) fn one<R: Revision>(
    records: &impl ReadableTable<(&'static str, u32), &'static [u8]>,
    row: Row<'_>,
) -> Outcome<Option<R>> {
    let stored = records.get(row)?;
    stored.map(|stored| decode(row, stored.value())).transpose()
}

/// Returns the newest revision of a ref that exists.
pub(crate) fn newest<R: Revision>(
    heads: &impl ReadableTable<&'static str, (u32, bool)>,
    records: &impl ReadableTable<(&'static str, u32), &'static [u8]>,
    reference: &str,
) -> Outcome<Option<R>> {
    match heads.get(reference)?.map(|head| head.value()) {
        Some((number, true)) => one(records, (reference, number)),
        Some((_, false)) | None => Ok(None),
    }
}

/// Lists the newest revisions by ref.
pub(crate) fn list<R: Revision>(
    tx: &ReadTransaction,
    after: Option<&str>,
    limit: usize,
) -> Outcome<Vec<R>> {
    let (heads, records) = (tx.open_table(R::HEADS)?, tx.open_table(R::RECORDS)?);
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut newest = Vec::new();
    for head in heads.range::<&str>((from, Bound::Unbounded))? {
        if newest.len() == limit {
            break;
        }
        let (reference, head) = head?;
        if let (number, true) = head.value() {
            newest.extend(one(&records, (reference.value(), number))?);
        }
    }
    Ok(newest)
}

/// Lists all revisions of a ref, newest first.
pub(crate) fn versions<R: Revision>(tx: &ReadTransaction, reference: &str) -> Outcome<Vec<R>> {
    let records = tx.open_table(R::RECORDS)?;
    let rows = records.range((reference, 0)..=(reference, u32::MAX))?;
    rows.rev()
        .map(|row| {
            let (key, stored) = row?;
            decode(key.value(), stored.value())
        })
        .collect()
}

/// Adds a revision after `before`, the newest one; returns it numbered.
pub(crate) fn add<R: Revision>(
    tx: &WriteTransaction,
    mut record: R,
    before: Option<&R>,
) -> Outcome<R> {
    let reference = Arc::clone(record.reference());
    let mut heads = tx.open_table(R::HEADS)?;
    let last = heads.get(&*reference)?.map_or(0, |head| head.value().0);
    record.number(last + 1, before);
    heads.insert(&*reference, (last + 1, true))?;
    replace(tx, &record)?;
    Ok(record)
}

/// Writes a revision that keeps its number.
pub(crate) fn replace<R: Revision>(tx: &WriteTransaction, record: &R) -> Outcome<()> {
    let mut records = tx.open_table(R::RECORDS)?;
    let key = (&**record.reference(), record.revision());
    records.insert(key, codec::encode(record).as_slice())?;
    Ok(())
}

/// Removes a ref with all its revisions. Their contents are collected later, if no run needs them.
pub(crate) fn remove<R: Revision>(
    tx: &WriteTransaction,
    reference: &str,
) -> Outcome<Result<(), CatalogError>> {
    let mut heads = tx.open_table(R::HEADS)?;
    let head = heads.get(reference)?.map(|head| head.value());
    let Some((last, true)) = head else {
        return Ok(Err(CatalogError::NotFound(reference.into())));
    };
    heads.insert(reference, (last, false))?;
    let mut records = tx.open_table(R::RECORDS)?;
    records.retain_in((reference, 0)..=(reference, u32::MAX), |_, _| false)?;
    Ok(Ok(()))
}
