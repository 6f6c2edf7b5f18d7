//! Packs' secrets: always sealed, listed by name only.

use std::sync::Arc;

use attune_core::Value;
use attune_driver::codec;
use attune_driver::port::{CatalogError, StoreError};
use redb::{ReadTransaction, ReadableTable, WriteTransaction};

use crate::fault::Outcome;
use crate::seal::{Place, Sealer};
use crate::table;

/// A secret's JSON is at most this long.
const MAX_SECRET_BYTES: usize = 64 << 10;
/// A pack has at most this many.
const MAX_SECRETS: usize = 1_000;

/// Seals a secret for its place.
pub(super) fn seal(
    sealer: &Sealer,
    pack: &str,
    name: &str,
    value: &Value,
) -> Result<Vec<u8>, CatalogError> {
    if value.to_revealed_json().len() > MAX_SECRET_BYTES {
        let text = format!("a secret has at most {MAX_SECRET_BYTES} bytes as JSON");
        return Err(CatalogError::Limit(text.into()));
    }
    let place = Place::Named("secret", pack, name);
    Ok(sealer.seal(place, &codec::encode(value)))
}

/// Stores a sealed secret; tells whether it is new.
pub(super) fn put(
    tx: &WriteTransaction,
    pack: &str,
    name: &str,
    sealed: &[u8],
) -> Outcome<Result<bool, CatalogError>> {
    let mut table = tx.open_table(table::SECRET)?;
    let known = table.get((pack, name))?.is_some();
    if !known && names_in(&table, pack)?.len() >= MAX_SECRETS {
        let text = format!("a pack has at most {MAX_SECRETS} secrets");
        return Ok(Err(CatalogError::Limit(text.into())));
    }
    table.insert((pack, name), sealed)?;
    Ok(Ok(!known))
}

/// Lists names in order.
pub(super) fn names(tx: &ReadTransaction, pack: &str) -> Outcome<Vec<Arc<str>>> {
    names_in(&tx.open_table(table::SECRET)?, pack)
}

/// Removes a secret; tells whether there was one.
pub(super) fn remove(
    tx: &WriteTransaction,
    pack: &str,
    name: &str,
) -> Outcome<Result<bool, StoreError>> {
    let mut table = tx.open_table(table::SECRET)?;
    let removed = table.remove((pack, name))?.is_some();
    Ok(Ok(removed))
}

/// Removes all secrets of a pack.
pub(super) fn clear(tx: &WriteTransaction, pack: &str) -> Outcome<()> {
    let mut table = tx.open_table(table::SECRET)?;
    table.retain(|(of, _), _| of != pack)?;
    Ok(())
}

/// Returns a secret in clear.
pub(super) fn get(
    tx: &ReadTransaction,
    sealer: &Sealer,
    pack: &str,
    name: &str,
) -> Outcome<Option<Value>> {
    let table = tx.open_table(table::SECRET)?;
    let Some(row) = ReadableTable::get(&table, (pack, name))? else {
        return Ok(None);
    };
    let place = Place::Named("secret", pack, name);
    let bytes = sealer.open(place, row.value())?;
    Ok(Some(codec::decode(place, &bytes)?))
}

fn names_in(
    table: &impl ReadableTable<(&'static str, &'static str), &'static [u8]>,
    pack: &str,
) -> Outcome<Vec<Arc<str>>> {
    let mut names = Vec::new();
    for row in table.range((pack, "")..)? {
        let key = row?.0;
        let (of, name) = key.value();
        if of != pack {
            break;
        }
        names.push(name.into());
    }
    Ok(names)
}
