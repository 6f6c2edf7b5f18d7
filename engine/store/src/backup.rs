//! Backups: a consistent snapshot written out while the store works on, and read back into a new
//! data directory.
//!
//! The stream is a head, each table's name and rows, and the SHA-256 of all before. The secret key
//! is not in it: what is sealed stays sealed, and is read with the key of the same store.

mod restore;

use std::io::{BufWriter, Write};

use redb::{Key, ReadTransaction, ReadableTable, Value};
use sha2::{Digest as _, Sha256};

use crate::fault::Fault;
use crate::open::OpenError;
use crate::store::Store;
use crate::table::{self, Table, Visitor};

pub use restore::restore;

const HEAD: &[u8] = b"attune backup 1\n";
const END: u8 = 0;
const TABLE: u8 = 1;
const ROW: u8 = 2;

/// Why a backup was not written or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Reading or writing the backup failed.
    #[error("the backup cannot be read or written")]
    File(#[from] std::io::Error),
    /// It is no backup, or damaged.
    #[error("the backup is damaged: {0}")]
    Damaged(&'static str),
    /// There is a store where it should go.
    #[error("data directory `{0}` has a store already")]
    Exists(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] OpenError),
}

impl From<Fault> for BackupError {
    fn from(fault: Fault) -> Self {
        Self::Store(fault.into())
    }
}

impl Store {
    /// Writes a backup of the synced state as it is now; returns its size. Blocks until `sink` has
    /// taken it; the store works on meanwhile.
    ///
    /// # Errors
    /// See [`BackupError`].
    pub fn backup(&self, sink: impl Write) -> Result<u64, BackupError> {
        let mut out = Out {
            tx: self.shared.read()?,
            sink: BufWriter::with_capacity(1 << 18, sink),
            digest: Sha256::new(),
            size_bytes: 0,
        };
        out.put(HEAD)?;
        table::each(&mut out)?;
        out.put(&[END])?;
        let digest = out.digest.clone().finalize();
        out.put(&digest)?;
        out.sink.flush()?;
        Ok(out.size_bytes)
    }
}

/// Writes tables.
struct Out<W: Write> {
    tx: ReadTransaction,
    sink: BufWriter<W>,
    digest: Sha256,
    size_bytes: u64,
}

impl<W: Write> Out<W> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.digest.update(bytes);
        self.size_bytes += bytes.len() as u64;
        Ok(self.sink.write_all(bytes)?)
    }

    fn put_sized(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        let size =
            u32::try_from(bytes.len()).map_err(|_| BackupError::Damaged("a row is too large"))?;
        self.put(&size.to_le_bytes())?;
        self.put(bytes)
    }
}

impl<W: Write> Visitor for Out<W> {
    type Error = BackupError;

    fn visit<K: Key, V: Value>(&mut self, table: Table<K, V>) -> Result<(), BackupError> {
        self.put(&[TABLE])?;
        self.put_sized(redb::TableHandle::name(&table).as_bytes())?;
        let table = self.tx.open_table(table).map_err(Fault::from)?;
        for row in table.iter().map_err(Fault::from)? {
            let (key, value) = row.map_err(Fault::from)?;
            self.put(&[ROW])?;
            self.put_sized(K::as_bytes(&key.value()).as_ref())?;
            self.put_sized(V::as_bytes(&value.value()).as_ref())?;
        }
        Ok(())
    }
}
