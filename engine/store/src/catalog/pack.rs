//! Packs: they come into being with what is put into them.

use attune_core::{Timestamp, Value};
use attune_driver::codec;
use attune_driver::port::{CatalogError, PackRecord};
use redb::{ReadTransaction, ReadableTable, WriteTransaction};

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
    let name = reference.split('.').next().unwrap_or(reference);
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
