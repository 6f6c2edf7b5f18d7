//! The first start: a new database gets its tables under another name and then its own, so that a
//! crash on the way leaves nothing that looks like a store.

use std::fs::File;
use std::path::Path;

use attune_driver::port::StoreError;
use redb::Builder;

use crate::migrate;
use crate::open::OpenError;

/// Makes the database `path` unless it exists.
pub(crate) fn create(path: &Path, builder: &Builder) -> Result<(), OpenError> {
    if path.exists() {
        return Ok(());
    }
    let fresh = path.with_extension("new");
    let failed = |source| OpenError::File {
        path: fresh.clone(),
        source,
    };
    match std::fs::remove_file(&fresh) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let database = builder.create(&fresh);
    let database = database.map_err(|error| StoreError::Io(error.to_string().into()))?;
    migrate::migrate(&database, migrate::STEPS)?;
    drop(database);
    File::open(&fresh)
        .and_then(|file| file.sync_all())
        .map_err(failed)?;
    std::fs::rename(&fresh, path).map_err(failed)?;
    path.parent().map_or(Ok(()), sync_directory).map_err(failed)
}

/// Makes the names of new files durable.
pub(crate) fn sync_directory(directory: &Path) -> std::io::Result<()> {
    if cfg!(unix) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}
