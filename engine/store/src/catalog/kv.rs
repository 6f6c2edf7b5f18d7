//! Packs' key-value entries: versioned, compared and set, bounded.

use std::collections::HashSet;
use std::ops::Bound;
use std::sync::Arc;

use attune_core::{Timestamp, Value};
use attune_driver::codec;
use attune_driver::port::{CatalogError, KvEntry, KvWrite, StoreError};
use redb::{ReadTransaction, ReadableTable, WriteTransaction};

use crate::clock;
use crate::fault::Outcome;
use crate::seal::{self, Sealer};
use crate::table;

/// A value's JSON is at most this long: larger data is for files, not for state.
const MAX_VALUE_BYTES: usize = 64 << 10;
/// A pack has at most this many keys.
const MAX_KEYS: u64 = 100_000;
/// All keys and values of a pack together.
const MAX_PACK_BYTES: u64 = 256 << 20;

/// Where an entry stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) pack: &'a str,
    pub(super) key: &'a str,
}

impl Place<'_> {
    fn row(&self) -> (&str, &str) {
        (self.pack, self.key)
    }

    fn sealed(&self) -> seal::Place<'_> {
        seal::Place::Named("kv", self.pack, self.key)
    }
}

/// Refuses values that are too large.
pub(super) fn check_size(value: &Value) -> Result<(), CatalogError> {
    if value.to_revealed_json().len() <= MAX_VALUE_BYTES {
        return Ok(());
    }
    let text = format!("a kv value has at most {MAX_VALUE_BYTES} bytes as JSON");
    Err(CatalogError::Limit(text.into()))
}

/// Returns an entry that has not expired.
pub(super) fn get(
    tx: &ReadTransaction,
    sealer: &Sealer,
    place: Place<'_>,
) -> Outcome<Option<KvEntry>> {
    let entry = read(&tx.open_table(table::KV)?, sealer, place)?;
    Ok(entry.filter(|entry| is_current(entry, clock::now())))
}

/// Lists a pack's keys in order, expired ones left out.
pub(super) fn keys(
    tx: &ReadTransaction,
    pack: &str,
    after: Option<&str>,
    limit: usize,
) -> Outcome<Vec<Arc<str>>> {
    let expired = expired(tx, pack, clock::now())?;
    let table = tx.open_table(table::KV)?;
    let from = after.map_or(Bound::Included((pack, "")), |key| {
        Bound::Excluded((pack, key))
    });
    let mut keys = Vec::new();
    for row in table.range((from, Bound::Unbounded))? {
        let key = row?.0;
        let (of, key) = key.value();
        if of != pack || keys.len() == limit {
            break;
        }
        if !expired.contains(key) {
            keys.push(key.into());
        }
    }
    Ok(keys)
}

/// Returns a pack's keys that have expired and are not yet swept.
fn expired(tx: &ReadTransaction, pack: &str, now: Timestamp) -> Outcome<HashSet<String>> {
    let table = tx.open_table(table::KV_EXPIRY)?;
    let mut found = HashSet::new();
    for row in table.range(..(now.0 + 1, "", ""))? {
        let row = row?.0;
        let (_, of, key) = row.value();
        if of == pack {
            found.insert(key.to_owned());
        }
    }
    Ok(found)
}

/// Writes an entry.
pub(super) fn put(
    tx: &WriteTransaction,
    sealer: &Sealer,
    place: Place<'_>,
    value: &Value,
    write: KvWrite,
) -> Outcome<Result<KvEntry, CatalogError>> {
    let mut table = tx.open_table(table::KV)?;
    let before = read(&table, sealer, place)?;
    let current = before
        .as_ref()
        .filter(|entry| is_current(entry, clock::now()))
        .map_or(0, |entry| entry.version);
    if write.expected.is_some_and(|expected| expected != current) {
        return Ok(Err(CatalogError::Changed(place.key.into())));
    }
    if let Err(error) = account(tx, place, before.as_ref(), Some(value))? {
        return Ok(Err(error));
    }
    let before_expires = before.as_ref().and_then(|before| before.expires);
    let entry = KvEntry {
        value: value.clone(),
        version: next_version(tx, place.pack, before.as_ref())?,
        expires: write.expires,
    };
    forget_expiry(tx, place, before_expires)?;
    if let Some(expires) = write.expires {
        let mut expiries = tx.open_table(table::KV_EXPIRY)?;
        expiries.insert((expires.0, place.pack, place.key), ())?;
    }
    let stored = codec::encode(&entry);
    let stored = sealer.seal_if(value.has_secret(), place.sealed(), stored);
    table.insert(place.row(), stored.as_slice())?;
    Ok(Ok(entry))
}

/// Removes an entry; tells whether there was one.
pub(super) fn remove(
    tx: &WriteTransaction,
    sealer: &Sealer,
    place: Place<'_>,
) -> Outcome<Result<bool, StoreError>> {
    let mut table = tx.open_table(table::KV)?;
    let before = read(&table, sealer, place)?;
    let Some(before) = before else {
        return Ok(Ok(false));
    };
    // Less is never refused.
    let _less = account(tx, place, Some(&before), None)?;
    forget_expiry(tx, place, before.expires)?;
    retire_versions(tx, place.pack, before.version)?;
    table.remove(place.row())?;
    Ok(Ok(is_current(&before, clock::now())))
}

/// Returns the version of the next write of a key, and notes it.
fn next_version(tx: &WriteTransaction, pack: &str, before: Option<&KvEntry>) -> Outcome<u64> {
    let mut table = tx.open_table(table::KV_VERSION)?;
    let (highest, floor) = table.get(pack)?.map_or((0, 0), |row| row.value());
    let version = 1 + before.map_or(floor, |before| before.version);
    if version > highest {
        table.insert(pack, (version, floor))?;
    }
    Ok(version)
}

/// Lets keys that are written anew begin behind every version there has been, so that nobody who
/// remembers one of a removed entry takes the new entry for it. `removed` may be from before
/// versions were noted.
fn retire_versions(tx: &WriteTransaction, pack: &str, removed: u64) -> Outcome<()> {
    let mut table = tx.open_table(table::KV_VERSION)?;
    let highest = table.get(pack)?.map_or(0, |row| row.value().0);
    let highest = highest.max(removed);
    if highest > 0 {
        table.insert(pack, (highest, highest))?;
    }
    Ok(())
}

fn forget_expiry(
    tx: &WriteTransaction,
    place: Place<'_>,
    expires: Option<Timestamp>,
) -> Outcome<()> {
    if let Some(expires) = expires {
        let mut expiries = tx.open_table(table::KV_EXPIRY)?;
        expiries.remove((expires.0, place.pack, place.key))?;
    }
    Ok(())
}

/// Removes entries that expired until `now`, at most `limit`; returns how many.
pub(crate) fn sweep(
    tx: &WriteTransaction,
    sealer: &Sealer,
    now: Timestamp,
    limit: usize,
) -> Outcome<usize> {
    let mut swept = 0;
    while swept < limit {
        let first = {
            let expiries = tx.open_table(table::KV_EXPIRY)?;
            let row = expiries.first()?;
            row.map(|(row, _)| {
                let (expiry, pack, key) = row.value();
                (expiry, pack.to_owned(), key.to_owned())
            })
        };
        let Some((_, pack, key)) = first.filter(|(expiry, ..)| *expiry <= now.0) else {
            break;
        };
        let place = Place {
            pack: &pack,
            key: &key,
        };
        let _removed = remove(tx, sealer, place)?;
        swept += 1;
    }
    Ok(swept)
}

/// Removes everything that a pack has in kv.
pub(super) fn clear(tx: &WriteTransaction, pack: &str) -> Outcome<()> {
    let mut table = tx.open_table(table::KV)?;
    table.retain(|(of, _), _| of != pack)?;
    tx.open_table(table::KV_EXPIRY)?
        .retain(|(_, of, _), ()| of != pack)?;
    tx.open_table(table::KV_USE)?.remove(pack)?;
    retire_versions(tx, pack, 0)
}

/// Keeps count of a pack's keys and bytes; refuses what exceeds its limits.
fn account(
    tx: &WriteTransaction,
    place: Place<'_>,
    before: Option<&KvEntry>,
    after: Option<&Value>,
) -> Outcome<Result<(), CatalogError>> {
    let mut table = tx.open_table(table::KV_USE)?;
    let (keys, bytes) = table.get(place.pack)?.map_or((0, 0), |row| row.value());
    let size = |value: &Value| (place.key.len() + value.to_revealed_json().len()) as u64;
    let gone = before.map_or((0, 0), |entry| (1, size(&entry.value)));
    let come = after.map_or((0, 0), |value| (1, size(value)));
    let keys = keys.saturating_sub(gone.0) + come.0;
    let bytes = bytes.saturating_sub(gone.1) + come.1;
    let exceeded = if after.is_none() {
        None
    } else if keys > MAX_KEYS {
        Some(format!("a pack has at most {MAX_KEYS} kv keys"))
    } else if bytes > MAX_PACK_BYTES {
        Some(format!("a pack's kv has at most {MAX_PACK_BYTES} bytes"))
    } else {
        None
    };
    if let Some(text) = exceeded {
        return Ok(Err(CatalogError::Limit(text.into())));
    }
    table.insert(place.pack, (keys, bytes))?;
    Ok(Ok(()))
}

fn read(
    table: &impl ReadableTable<(&'static str, &'static str), &'static [u8]>,
    sealer: &Sealer,
    place: Place<'_>,
) -> Outcome<Option<KvEntry>> {
    let Some(row) = table.get(place.row())? else {
        return Ok(None);
    };
    let bytes = sealer.open(place.sealed(), row.value())?;
    Ok(Some(codec::decode(place.sealed(), &bytes)?))
}

fn is_current(entry: &KvEntry, now: Timestamp) -> bool {
    entry.expires.is_none_or(|expires| expires > now)
}
