//! What needs the store for itself: checking its pages, giving back free ones.

use std::path::Path;

use crate::check::{self, Report};
use crate::fault::Fault;
use crate::key_file;
use crate::lock::DirectoryLock;
use crate::open::{DATABASE, OpenError, Opener, Options};
use crate::seal::Sealer;
use crate::shared::Shared;
use crate::space::Space;

/// Checks the store in the directory `path`, which no process has open: first every page of its
/// file, then every journal.
///
/// # Errors
/// If it cannot be opened; damage is in the report.
pub fn check(path: &Path, options: Options) -> Result<Report, OpenError> {
    let offline = Offline::open(path, options)?;
    let mut database = offline.opener.open(&offline.sealer)?;
    let sound = database.check_integrity().map_err(Fault::from)?;
    let space = Space::new(None, 0);
    let shared = Shared::new(offline.opener, offline.sealer, space, database)?;
    let mut report = check::check(&shared)?;
    if !sound {
        report.tell(
            None,
            "pages of the file were damaged and have been repaired",
        );
    }
    Ok(report)
}

/// Gives back the free pages of the store in the directory `path`, which no process has open;
/// returns the file's size before and after.
///
/// # Errors
/// If it cannot be opened or written.
pub fn compact(path: &Path, options: Options) -> Result<(u64, u64), OpenError> {
    let offline = Offline::open(path, options)?;
    let file = path.join(DATABASE);
    let size = || {
        let metadata = std::fs::metadata(&file);
        metadata.map_or(0, |metadata| metadata.len())
    };
    let before = size();
    let mut database = offline.opener.open(&offline.sealer)?;
    database.compact().map_err(Fault::from)?;
    drop(database);
    Ok((before, size()))
}

/// A store that this process has for itself.
struct Offline {
    opener: Opener,
    sealer: Sealer,
    _lock: DirectoryLock,
}

impl Offline {
    fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        let file = path.join(DATABASE);
        if !file.exists() {
            return Err(OpenError::NoStore(path.to_owned()));
        }
        let lock = DirectoryLock::acquire(path)?;
        let key = key_file::find(path, options.secret_key)?;
        Ok(Self {
            opener: Opener::file(file, options.cache_bytes),
            sealer: Sealer::new(&key),
            _lock: lock,
        })
    }
}
