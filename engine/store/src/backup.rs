//! Backups: a consistent snapshot written out while the store works on, and read back into a new
//! data directory.
//!
//! The stream is a head, each table's name and rows, and the SHA-256 of all before. The secret key
//! is not in it: what is sealed stays sealed, and is read with the key of the same store.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use redb::{Database, Key, ReadTransaction, ReadableTable, Value};
use sha2::{Digest as _, Sha256};

use crate::create::sync_directory;
use crate::fault::{Fault, Outcome};
use crate::lock::DirectoryLock;
use crate::open::{DATABASE, OpenError};
use crate::store::Store;
use crate::table::{self, Table, Visitor};
use crate::{id, migrate};

const HEAD: &[u8] = b"attune backup 1\n";
const END: u8 = 0;
const TABLE: u8 = 1;
const ROW: u8 = 2;
/// No row is larger: a component has 64 MiB.
const MAX_ROW_BYTES: u32 = 1 << 30;
/// Ids this far above the backup's are skipped after a restore: runs started since the backup had
/// some of them, and none is given twice.
const RESTORE_GAP: u64 = 1 << 20;

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

/// Makes a store in the directory `target`, made if missing, from the backup `source`. The key of
/// the secrets has to be put there, too.
///
/// # Errors
/// See [`BackupError`]. Nothing that looks like a store is left then.
pub fn restore(source: &Path, target: &Path) -> Result<(), BackupError> {
    verify(source)?;
    std::fs::create_dir_all(target)?;
    let _lock = DirectoryLock::acquire(target)?;
    let path = target.join(DATABASE);
    if path.exists() {
        return Err(BackupError::Exists(target.display().to_string()));
    }
    let fresh = path.with_extension("new");
    let _none = std::fs::remove_file(&fresh);
    let database = Database::create(&fresh).map_err(Fault::from)?;
    migrate::migrate(&database, migrate::STEPS)?;
    let mut from = In {
        database: &database,
        source: BufReader::with_capacity(1 << 18, File::open(source)?),
        next: None,
    };
    let mut head = [0; HEAD.len()];
    from.source.read_exact(&mut head)?;
    from.advance()?;
    table::each(&mut from)?;
    skip_ids(&database)?;
    drop(database);
    File::open(&fresh)?.sync_all()?;
    std::fs::rename(&fresh, &path)?;
    sync_directory(target)?;
    Ok(())
}

fn skip_ids(database: &Database) -> Outcome<()> {
    let tx = database.begin_write()?;
    id::reserve(&tx, RESTORE_GAP)?;
    Ok(tx.commit()?)
}

/// Compares the backup with its digest, so that nothing of a damaged one is believed.
fn verify(source: &Path) -> Result<(), BackupError> {
    let mut file = File::open(source)?;
    let size = file.metadata()?.len();
    let content = size
        .checked_sub(32)
        .filter(|content| *content > HEAD.len() as u64)
        .ok_or(BackupError::Damaged("it is too short"))?;
    let mut head = [0; HEAD.len()];
    file.read_exact(&mut head)?;
    if head != *HEAD {
        return Err(BackupError::Damaged("it is no backup of this version"));
    }
    let mut digest = Sha256::new();
    digest.update(head);
    let rest = content - HEAD.len() as u64;
    std::io::copy(&mut (&mut file).take(rest), &mut Hashing(&mut digest))?;
    let mut expected = [0; 32];
    file.read_exact(&mut expected)?;
    if digest.finalize()[..] == expected {
        Ok(())
    } else {
        Err(BackupError::Damaged("its digest does not fit"))
    }
}

struct Hashing<'a>(&'a mut Sha256);

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
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

/// Reads tables.
struct In<'a> {
    database: &'a Database,
    source: BufReader<File>,
    /// The table whose rows come next; `None` at the end.
    next: Option<String>,
}

impl In<'_> {
    fn tag(&mut self) -> Result<u8, BackupError> {
        let mut tag = [0];
        self.source.read_exact(&mut tag)?;
        Ok(tag[0])
    }

    fn sized(&mut self) -> Result<Vec<u8>, BackupError> {
        let mut size = [0; 4];
        self.source.read_exact(&mut size)?;
        let size = u32::from_le_bytes(size);
        if size > MAX_ROW_BYTES {
            return Err(BackupError::Damaged("a row is too large"));
        }
        let mut bytes = vec![0; size as usize];
        self.source.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads the next table's name.
    fn advance(&mut self) -> Result<(), BackupError> {
        let tag = self.tag()?;
        self.begin(tag)
    }

    fn begin(&mut self, tag: u8) -> Result<(), BackupError> {
        self.next = match tag {
            END => None,
            TABLE => {
                let name = String::from_utf8(self.sized()?);
                Some(name.map_err(|_| BackupError::Damaged("a table has no name"))?)
            }
            _ => return Err(BackupError::Damaged("a row has no table")),
        };
        Ok(())
    }
}

impl Visitor for In<'_> {
    type Error = BackupError;

    fn visit<K: Key, V: Value>(&mut self, table: Table<K, V>) -> Result<(), BackupError> {
        // A table that is newer than the backup is not in it.
        if self.next.as_deref() != Some(redb::TableHandle::name(&table)) {
            return Ok(());
        }
        let tx = self.database.begin_write().map_err(Fault::from)?;
        let mut rows = tx.open_table(table).map_err(Fault::from)?;
        let end = loop {
            let tag = self.tag()?;
            if tag != ROW {
                break tag;
            }
            let (key, value) = (self.sized()?, self.sized()?);
            let fits = |width: Option<usize>, bytes: &[u8]| width.is_none_or(|w| w == bytes.len());
            if !fits(K::fixed_width(), &key) || !fits(V::fixed_width(), &value) {
                return Err(BackupError::Damaged("a row has another form"));
            }
            let inserted = rows.insert(K::from_bytes(&key), V::from_bytes(&value));
            drop(inserted.map_err(Fault::from)?);
        };
        drop(rows);
        tx.commit().map_err(Fault::from)?;
        self.begin(end)
    }
}
