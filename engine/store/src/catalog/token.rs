//! Tokens, found by the hash of their text. There are few: a name is looked for among all.

use attune_core::Digest;
use attune_driver::codec;
use attune_driver::port::{StoreError, TokenRecord};
use redb::{ReadTransaction, ReadableTable, WriteTransaction};

use crate::fault::Outcome;
use crate::table::{self, Hash};

/// Stores a token; another one of the same name is replaced.
pub(super) fn put(tx: &WriteTransaction, token: &TokenRecord) -> Outcome<Result<(), StoreError>> {
    take(tx, &token.name)?;
    let mut table = tx.open_table(table::TOKEN)?;
    table.insert(&token.hash.0, codec::encode(token).as_slice())?;
    Ok(Ok(()))
}

/// Finds a token by the hash of its text.
pub(super) fn get(tx: &ReadTransaction, hash: Digest) -> Outcome<Option<TokenRecord>> {
    let table = tx.open_table(table::TOKEN)?;
    let row = ReadableTable::get(&table, &hash.0)?;
    row.map(|row| decode(&hash.0, row.value())).transpose()
}

/// Lists tokens by name.
pub(super) fn list(tx: &ReadTransaction) -> Outcome<Vec<TokenRecord>> {
    let mut tokens = all(&tx.open_table(table::TOKEN)?)?;
    tokens.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(tokens)
}

/// Removes a token by its name; tells whether there was one.
pub(super) fn remove(tx: &WriteTransaction, name: &str) -> Outcome<Result<bool, StoreError>> {
    take(tx, name).map(Ok)
}

fn take(tx: &WriteTransaction, name: &str) -> Outcome<bool> {
    let mut table = tx.open_table(table::TOKEN)?;
    let named = all(&table)?;
    let mut removed = false;
    for token in named.iter().filter(|token| &*token.name == name) {
        table.remove(&token.hash.0)?;
        removed = true;
    }
    Ok(removed)
}

fn all(table: &impl ReadableTable<&'static Hash, &'static [u8]>) -> Outcome<Vec<TokenRecord>> {
    let rows = table.iter()?;
    rows.map(|row| {
        let (hash, stored) = row?;
        decode(hash.value(), stored.value())
    })
    .collect()
}

fn decode(hash: &Hash, stored: &[u8]) -> Outcome<TokenRecord> {
    Ok(codec::decode(Digest(*hash), stored)?)
}
