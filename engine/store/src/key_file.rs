//! The key of the secrets: from the caller, else from `secret.key` in the data directory, which
//! the first start writes for its owner alone. The store knows its key again and refuses others.

use std::io::Write;
use std::path::Path;

use attune_driver::port::StoreError;
use redb::{Database, ReadableDatabase, ReadableTable};

use crate::fault::Outcome;
use crate::open::{DATABASE, OpenError};
use crate::seal::{Place, Sealer, SecretKey};
use crate::table;

const NAME: &str = "secret.key";
/// Where [`table::META`] has a known text, sealed.
const CHECK: &str = "key_check";
const KNOWN: &[u8] = b"attune";

/// Finds or makes the key of the store in `directory`.
pub(crate) fn find(directory: &Path, given: Option<SecretKey>) -> Result<SecretKey, OpenError> {
    if let Some(key) = given {
        return Ok(key);
    }
    let path = directory.join(NAME);
    let failed = |source| OpenError::File {
        path: path.clone(),
        source,
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => SecretKey::parse(&text).ok_or_else(|| OpenError::BadKeyFile(path.clone())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if directory.join(DATABASE).exists() {
                return Err(OpenError::NoKey(path));
            }
            let key = SecretKey::generate();
            write(&path, &key).map_err(failed)?;
            Ok(key)
        }
        Err(error) => Err(failed(error)),
    }
}

fn write(path: &Path, key: &SecretKey) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{}", key.reveal())?;
    file.sync_all()
}

/// Compares the key with the one that the store was made with; a new store remembers it.
pub(crate) fn verify(database: &Database, sealer: &Sealer) -> Result<(), OpenError> {
    let place = Place::Named("meta", "", CHECK);
    match known(database)? {
        None => Ok(remember(database, &sealer.seal(place, KNOWN))?),
        Some(sealed) => match sealer.open(place, &sealed) {
            Ok(text) if *text == *KNOWN => Ok(()),
            Ok(_) | Err(_) => Err(OpenError::WrongKey),
        },
    }
}

fn known(database: &Database) -> Outcome<Option<Vec<u8>>> {
    let meta = database.begin_read()?.open_table(table::META)?;
    let row = ReadableTable::get(&meta, CHECK)?;
    Ok(row.map(|row| row.value().to_vec()))
}

fn remember(database: &Database, sealed: &[u8]) -> Outcome<()> {
    let tx = database.begin_write()?;
    tx.open_table(table::META)?.insert(CHECK, sealed)?;
    tx.commit()
        .map_err(|error| StoreError::Io(error.to_string().into()))?;
    Ok(())
}
