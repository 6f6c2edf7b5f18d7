//! Packs: they come into being with what is put into them.

use attune_core::{Timestamp, Value, pack_of};
use attune_driver::codec;
use attune_driver::port::{ActionRecord, CatalogError, PackRecord, WorkflowRecord};
use redb::{ReadTransaction, ReadableTable, WriteTransaction};

use super::revision::{self, Revision};
use super::{kv, secret, workflow};
use crate::fault::Outcome;
use crate::seal::Place;
use crate::table;

/// Lists packs by name.
pub(super) fn list(tx: &ReadTransaction) -> Outcome<Vec<PackRecord>> {
    let table = tx.open_table(table::PACK)?;
    let rows = table.iter()?;
    rows.map(|row| {
        let (name, stored) = row?;
        decode(name.value(), stored.value())
    })
    .collect()
}

/// Returns a pack.
pub(super) fn get(tx: &ReadTransaction, name: &str) -> Outcome<Option<PackRecord>> {
    read(&tx.open_table(table::PACK)?, name)
}

/// Creates the pack of the ref `reference` if it is missing.
pub(super) fn ensure(tx: &WriteTransaction, reference: &str, now: Timestamp) -> Outcome<()> {
    let name = pack_of(reference);
    let known = tx.open_table(table::PACK)?.get(name)?.is_some();
    if known {
        return Ok(());
    }
    write(tx, &new(name, now))
}

/// Replaces a pack's configuration; the pack is created if missing.
pub(super) fn configure(
    tx: &WriteTransaction,
    name: &str,
    config: Value,
    now: Timestamp,
) -> Outcome<Result<PackRecord, CatalogError>> {
    let known = read(&tx.open_table(table::PACK)?, name)?;
    let mut record = known.unwrap_or_else(|| new(name, now));
    record.config = config;
    record.updated = now;
    write(tx, &record)?;
    Ok(Ok(record))
}

/// Removes a pack with all that belongs to it; refused while a workflow of another pack uses some
/// of it, unless `force`.
pub(super) fn remove(
    tx: &WriteTransaction,
    name: &str,
    force: bool,
) -> Outcome<Result<(), CatalogError>> {
    let known = tx.open_table(table::PACK)?.get(name)?.is_some();
    if !known {
        return Ok(Err(CatalogError::NotFound(name.into())));
    }
    let users = workflow::users_of_pack(tx, name)?;
    if !force && !users.is_empty() {
        return Ok(Err(CatalogError::InUse {
            reference: name.into(),
            users,
        }));
    }
    tx.open_table(table::PACK)?.remove(name)?;
    remove_all::<WorkflowRecord>(tx, name)?;
    remove_all::<ActionRecord>(tx, name)?;
    kv::clear(tx, name)?;
    secret::clear(tx, name)?;
    Ok(Ok(()))
}

fn remove_all<R: Revision>(tx: &WriteTransaction, pack: &str) -> Outcome<()> {
    let prefix = format!("{pack}.");
    let references: Vec<String> = {
        let heads = tx.open_table(R::HEADS)?;
        let mut references = Vec::new();
        for head in heads.range::<&str>(prefix.as_str()..)? {
            let (reference, head) = head?;
            if !reference.value().starts_with(&prefix) {
                break;
            }
            if head.value().1 {
                references.push(reference.value().to_owned());
            }
        }
        references
    };
    for reference in references {
        // It was there a moment ago, in this transaction.
        let _there = revision::remove::<R>(tx, &reference)?;
    }
    Ok(())
}

fn new(name: &str, now: Timestamp) -> PackRecord {
    PackRecord {
        name: name.into(),
        config: Value::Null,
        created: now,
        updated: now,
    }
}

fn read(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    name: &str,
) -> Outcome<Option<PackRecord>> {
    let row = table.get(name)?;
    row.map(|row| decode(name, row.value())).transpose()
}

fn decode(name: &str, stored: &[u8]) -> Outcome<PackRecord> {
    Ok(codec::decode(Place::Named("pack", name, ""), stored)?)
}

fn write(tx: &WriteTransaction, record: &PackRecord) -> Outcome<()> {
    let mut table = tx.open_table(table::PACK)?;
    table.insert(&*record.name, codec::encode(record).as_slice())?;
    Ok(())
}
