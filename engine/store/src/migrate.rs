//! The version of the tables and the numbered steps from each to the next.
//!
//! A step runs in a transaction of its own, which also writes the new number: a crash between two
//! steps leaves a store that the next start takes on from there.

use redb::{Database, ReadableDatabase, ReadableTable, WriteTransaction};

use crate::fault::Outcome;
use crate::open::OpenError;
use crate::table::{self, Table, Visitor};

/// Step `i` leads from version `i + 1` to version `i + 2`.
pub(crate) type Step = fn(&WriteTransaction) -> Outcome<()>;

/// All steps there are. Each is tested with a store that the version before it wrote.
pub(crate) const STEPS: &[Step] = &[
    // kv entries got an expiry; none had one before, so the new table is right as it is: empty.
    |_| Ok(()),
    // The versions of kv entries are counted for each pack. The new table begins empty: the
    // version of an older entry is noted when the entry is written or removed.
    |_| Ok(()),
];

const FORMAT: &str = "format";

/// Creates the tables of a new store, or brings an older one up to date.
pub(crate) fn migrate(database: &Database, steps: &[Step]) -> Result<(), OpenError> {
    let newest = 1 + steps.len() as u32;
    let Some(found) = version(database)? else {
        return Ok(create(database, newest)?);
    };
    if found > newest || found == 0 {
        return Err(OpenError::TooNew {
            found,
            known: newest,
        });
    }
    for (number, step) in (1..).zip(steps).skip(found as usize - 1) {
        tracing::info!(from = number, "bringing the store up to date");
        apply(database, step, number + 1)?;
    }
    Ok(())
}

fn version(database: &Database) -> Outcome<Option<u32>> {
    let tx = database.begin_read()?;
    let meta = match tx.open_table(table::META) {
        Ok(meta) => meta,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let row = ReadableTable::get(&meta, FORMAT)?;
    let number = row.and_then(|row| row.value().try_into().ok().map(u32::from_le_bytes));
    // A store without a number is damaged; zero is no version.
    Ok(Some(number.unwrap_or(0)))
}

fn create(database: &Database, version: u32) -> Outcome<()> {
    let tx = database.begin_write()?;
    table::each(&mut Create(&tx))?;
    mark(&tx, version)?;
    Ok(tx.commit()?)
}

fn apply(database: &Database, step: &Step, version: u32) -> Outcome<()> {
    let tx = database.begin_write()?;
    step(&tx)?;
    table::each(&mut Create(&tx))?;
    mark(&tx, version)?;
    Ok(tx.commit()?)
}

fn mark(tx: &WriteTransaction, version: u32) -> Outcome<()> {
    let mut meta = tx.open_table(table::META)?;
    meta.insert(FORMAT, version.to_le_bytes().as_slice())?;
    Ok(())
}

/// Creates tables that are missing, so that readers find every table.
struct Create<'a>(&'a WriteTransaction);

impl Visitor for Create<'_> {
    type Error = crate::fault::Fault;

    fn visit<K: redb::Key, V: redb::Value>(&mut self, table: Table<K, V>) -> Outcome<()> {
        self.0.open_table(table)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;

    use super::*;

    fn note(tx: &WriteTransaction, text: &str) -> Outcome<()> {
        let mut meta = tx.open_table(table::META)?;
        let mut notes = meta
            .get("notes")?
            .map_or(Vec::new(), |row| row.value().to_vec());
        notes.extend_from_slice(text.as_bytes());
        meta.insert("notes", notes.as_slice())?;
        Ok(())
    }

    fn notes(database: &Database) -> String {
        let tx = database.begin_read().unwrap();
        let meta = tx.open_table(table::META).unwrap();
        let row = ReadableTable::get(&meta, "notes").unwrap();
        row.map_or(String::new(), |row| {
            String::from_utf8(row.value().to_vec()).unwrap()
        })
    }

    #[test]
    fn each_step_runs_once_and_in_order() {
        let builder = Database::builder();
        let database = builder.create_with_backend(InMemoryBackend::new()).unwrap();
        let steps: [Step; 3] = [|tx| note(tx, "a"), |tx| note(tx, "b"), |tx| note(tx, "c")];
        migrate(&database, &[]).unwrap();
        assert_eq!(version(&database).unwrap(), Some(1));
        migrate(&database, &steps[..2]).unwrap();
        migrate(&database, &steps[..2]).unwrap();
        migrate(&database, &steps).unwrap();
        assert_eq!(notes(&database), "abc");
        assert_eq!(version(&database).unwrap(), Some(4));
        let older = migrate(&database, &steps[..1]);
        assert!(matches!(
            older,
            Err(OpenError::TooNew { found: 4, known: 2 })
        ));
    }

    #[test]
    fn new_store_needs_no_steps() {
        let builder = Database::builder();
        let database = builder.create_with_backend(InMemoryBackend::new()).unwrap();
        migrate(&database, &[|tx| note(tx, "never")]).unwrap();
        assert_eq!(notes(&database), "");
        assert_eq!(version(&database).unwrap(), Some(2));
    }
}
