//! Workflows.

use attune_core::{Digest, pack_of};
use attune_driver::port::{CatalogError, Put, WorkflowRecord};
use redb::{ReadTransaction, WriteTransaction};

use super::{pack, revision};
use crate::fault::Outcome;
use crate::{blob, table};

/// What must hold for a put to happen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition {
    /// The ref does not exist.
    pub(super) only_new: bool,
    /// The newest revision has this digest.
    pub(super) if_match: Option<Digest>,
}

/// Stores a revision and its source, unless the newest one is the same.
pub(super) fn put(
    tx: &WriteTransaction,
    record: WorkflowRecord,
    source: &[u8],
    condition: Condition,
) -> Outcome<Result<Put<WorkflowRecord>, CatalogError>> {
    let reference = record.reference.clone();
    let newest = newest(tx, &reference)?;
    if condition.only_new && newest.is_some() {
        return Ok(Err(CatalogError::Exists(reference)));
    }
    let digest = newest.as_ref().map(|newest| newest.digest);
    if condition
        .if_match
        .is_some_and(|wanted| digest != Some(wanted))
    {
        return Ok(Err(CatalogError::Changed(reference)));
    }
    if let Some(same) = newest
        .clone()
        .filter(|newest| newest.digest == record.digest)
    {
        return Ok(Ok(Put::Unchanged(same)));
    }
    pack::ensure(tx, &reference, record.updated)?;
    blob::put(tx, record.digest, source)?;
    let added = revision::add(tx, record, newest.as_ref())?;
    Ok(Ok(match newest {
        None => Put::Created(added),
        Some(_) => Put::Updated(added),
    }))
}

/// Returns a revision, the newest by default. Whether it may start runs is told by the newest.
pub(super) fn get(
    tx: &ReadTransaction,
    reference: &str,
    number: Option<u32>,
) -> Outcome<Option<WorkflowRecord>> {
    let records = tx.open_table(table::WORKFLOW)?;
    let heads = tx.open_table(table::WORKFLOW_HEAD)?;
    let Some(newest) = revision::newest::<WorkflowRecord>(&heads, &records, reference)? else {
        return Ok(None);
    };
    let Some(number) = number else {
        return Ok(Some(newest));
    };
    let record = revision::one(&records, (reference, number))?;
    Ok(record.map(|record| WorkflowRecord {
        enabled: newest.enabled,
        ..record
    }))
}

/// Enables or disables a workflow.
pub(super) fn enable(
    tx: &WriteTransaction,
    reference: &str,
    enabled: bool,
) -> Outcome<Result<WorkflowRecord, CatalogError>> {
    let Some(mut record) = newest(tx, reference)? else {
        return Ok(Err(CatalogError::NotFound(reference.into())));
    };
    record.enabled = enabled;
    revision::replace(tx, &record)?;
    Ok(Ok(record))
}

/// Returns the refs of workflows whose newest revision uses the action `reference`.
pub(super) fn users(tx: &WriteTransaction, reference: &str) -> Outcome<Vec<String>> {
    using(tx, |record| uses(record, reference))
}

/// Returns the refs of workflows of other packs whose newest revision uses something of a pack.
pub(super) fn users_of_pack(tx: &WriteTransaction, pack: &str) -> Outcome<Vec<String>> {
    let of_pack = |reference: &str| pack_of(reference) == pack;
    using(tx, |record| {
        !of_pack(&record.reference) && record.uses.iter().any(|used| of_pack(used))
    })
}

fn using(tx: &WriteTransaction, wanted: impl Fn(&WorkflowRecord) -> bool) -> Outcome<Vec<String>> {
    use redb::ReadableTable;
    let records = tx.open_table(table::WORKFLOW)?;
    let heads = tx.open_table(table::WORKFLOW_HEAD)?;
    let mut users = Vec::new();
    for head in heads.iter()? {
        let (workflow, head) = head?;
        let (number, true) = head.value() else {
            continue;
        };
        let record = revision::one::<WorkflowRecord>(&records, (workflow.value(), number))?;
        users.extend(
            record
                .filter(|record| wanted(record))
                .map(|record| record.reference.to_string()),
        );
    }
    Ok(users)
}

/// Tells whether a workflow names `reference`, pinned (`ref@3`) or not.
fn uses(workflow: &WorkflowRecord, reference: &str) -> bool {
    let names = |used: &str| used.split('@').next() == Some(reference);
    workflow.uses.iter().any(|used| names(used))
}

fn newest(tx: &WriteTransaction, reference: &str) -> Outcome<Option<WorkflowRecord>> {
    let records = tx.open_table(table::WORKFLOW)?;
    let heads = tx.open_table(table::WORKFLOW_HEAD)?;
    revision::newest(&heads, &records, reference)
}
