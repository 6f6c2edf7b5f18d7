//! Reads a backup into a new data directory: believed only when its digest fits, and visible as a
//! store only when all of it is there.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use redb::{Database, Key, Value};
use sha2::{Digest as _, Sha256};

use super::{BackupError, END, HEAD, ROW, TABLE};
use crate::create::sync_directory;
use crate::fault::{Fault, Outcome};
use crate::lock::DirectoryLock;
use crate::open::DATABASE;
use crate::table::{self, Table, Visitor};
use crate::{id, migrate};

/// No row is larger: a component has 64 MiB.
const MAX_ROW_BYTES: u32 = 1 << 30;
/// Ids this far above the backup's are skipped after a restore: runs started since the backup had
/// some of them, and none is given twice.
const RESTORE_GAP: u64 = 1 << 20;

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
