//! Actions.

use attune_driver::port::{ActionRecord, CatalogError, Put};
use redb::{ReadTransaction, WriteTransaction};

use super::{pack, revision, workflow};
use crate::fault::Outcome;
use crate::{blob, table};

/// Stores a revision and its component, unless the newest one is the same.
pub(super) fn put(
    tx: &WriteTransaction,
    record: ActionRecord,
    component: &[u8],
) -> Outcome<Result<Put<ActionRecord>, CatalogError>> {
    let newest = newest(tx, &record.reference)?;
    if let Some(same) = newest
        .clone()
        .filter(|newest| newest.content == record.content)
    {
        return Ok(Ok(Put::Unchanged(same)));
    }
    pack::ensure(tx, &record.reference, record.updated)?;
    blob::put(tx, record.digest, component)?;
    let added = revision::add(tx, record, newest.as_ref())?;
    Ok(Ok(match newest {
        None => Put::Created(added),
        Some(_) => Put::Updated(added),
    }))
}

/// Returns a revision: the newest approved one by default.
pub(super) fn get(
    tx: &ReadTransaction,
    reference: &str,
    number: Option<u32>,
) -> Outcome<Option<ActionRecord>> {
    let records = tx.open_table(table::ACTION)?;
    if let Some(number) = number {
        return revision::one(&records, (reference, number));
    }
    for row in records.range((reference, 0)..=(reference, u32::MAX))?.rev() {
        let (key, stored) = row?;
        let record: ActionRecord = revision::decode(key.value(), stored.value())?;
        if record.approved {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// Approves a revision.
pub(super) fn approve(
    tx: &WriteTransaction,
    reference: &str,
    number: u32,
) -> Outcome<Result<ActionRecord, CatalogError>> {
    let record: Option<ActionRecord> = {
        let records = tx.open_table(table::ACTION)?;
        revision::one(&records, (reference, number))?
    };
    let Some(mut record) = record else {
        return Ok(Err(CatalogError::NotFound(
            format!("{reference}@{number}").into(),
        )));
    };
    record.approved = true;
    revision::replace(tx, &record)?;
    Ok(Ok(record))
}

/// Removes an action; refused while a workflow uses it, unless `force`.
pub(super) fn remove(
    tx: &WriteTransaction,
    reference: &str,
    force: bool,
) -> Outcome<Result<(), CatalogError>> {
    let users = workflow::users(tx, reference)?;
    if !force && !users.is_empty() {
        return Ok(Err(CatalogError::InUse {
            reference: reference.into(),
            users,
        }));
    }
    revision::remove::<ActionRecord>(tx, reference)
}

fn newest(tx: &WriteTransaction, reference: &str) -> Outcome<Option<ActionRecord>> {
    let records = tx.open_table(table::ACTION)?;
    let heads = tx.open_table(table::ACTION_HEAD)?;
    revision::newest(&heads, &records, reference)
}
