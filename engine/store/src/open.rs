//! Opening: lock, key, database, migrations, writer, in this order; and all of it again after a
//! failure.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use attune_driver::port::StoreError;
use redb::{Database, DatabaseError, StorageBackend};

use crate::create::{create, sync_directory};
use crate::fault::Fault;
use crate::key_file;
use crate::lock::DirectoryLock;
use crate::migrate;
use crate::seal::{Sealer, SecretKey};
use crate::shared::Shared;
use crate::space::{MIN_FREE_BYTES, Space};
use crate::store::Store;

/// The database's file in the data directory.
pub(crate) const DATABASE: &str = "attune.redb";

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Memory for pages of the database, read and written.
    pub cache_bytes: usize,
    /// The key of the secrets; without one it is read from `secret.key` or made.
    pub secret_key: Option<SecretKey>,
    /// New runs are refused while less disk is free.
    pub min_free_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 64 << 20,
            secret_key: None,
            min_free_bytes: MIN_FREE_BYTES,
        }
    }
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("data directory `{}` is in use by {}", .directory.display(), other(*.process))]
    InUse {
        /// The directory.
        directory: PathBuf,
        /// The other process.
        process: Option<u32>,
    },
    /// A file could not be read or written.
    #[error("file `{}` cannot be used", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is nothing to work on.
    #[error("there is no store in `{}`", .0.display())]
    NoStore(PathBuf),
    /// The key file is not one.
    #[error("key file `{}` does not hold 64 hexadecimal digits", .0.display())]
    BadKeyFile(PathBuf),
    /// There is a store but no key for it.
    #[error("the store needs its secret key, but there is no `{}`", .0.display())]
    NoKey(PathBuf),
    /// The key belongs to another store.
    #[error("the secret key is not the one this store was made with")]
    WrongKey,
    /// A newer version wrote it, or it is no store.
    #[error("the store has format {found}, this version knows up to {known}")]
    TooNew {
        /// Its format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// The database itself failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn other(process: Option<u32>) -> String {
    process.map_or_else(
        || "another process".to_owned(),
        |process| format!("process {process}"),
    )
}

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        Self::Store(fault.0)
    }
}

/// Opens the database, at the start and after a failure.
pub(crate) struct Opener(Box<dyn Fn() -> Result<Database, DatabaseError> + Send + Sync>);

impl Opener {
    /// Opens the file `path`, made if missing.
    pub(crate) fn file(path: PathBuf, cache_bytes: usize) -> Self {
        Self(Box::new(move || builder(cache_bytes).create(&path)))
    }

    fn backend<B: StorageBackend>(
        make: impl Fn() -> std::io::Result<B> + Send + Sync + 'static,
        cache_bytes: usize,
    ) -> Self {
        Self(Box::new(move || {
            builder(cache_bytes).create_with_backend(make()?)
        }))
    }

    /// Opens the database, up to date and with its own key.
    pub(crate) fn open(&self, sealer: &Sealer) -> Result<Database, OpenError> {
        let database = (self.0)().map_err(Fault::from)?;
        migrate::migrate(&database, migrate::STEPS)?;
        key_file::verify(&database, sealer)?;
        Ok(database)
    }
}

fn builder(cache_bytes: usize) -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(cache_bytes);
    builder.set_repair_callback(|session| {
        tracing::info!(
            progress = session.progress(),
            "the store was not closed and is being verified"
        );
    });
    builder
}

impl Store {
    /// Opens the store in the directory `path`, made if missing. Blocks.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self, OpenError> {
        let directory = path.as_ref();
        let failed = |source| OpenError::File {
            path: directory.to_owned(),
            source,
        };
        std::fs::create_dir_all(directory).map_err(failed)?;
        let lock = DirectoryLock::acquire(directory)?;
        let key = key_file::find(directory, options.secret_key)?;
        create(&directory.join(DATABASE), &builder(options.cache_bytes))?;
        let opener = Opener::file(directory.join(DATABASE), options.cache_bytes);
        let space = Space::new(Some(directory.to_owned()), options.min_free_bytes);
        let store = start(opener, &key, space, Some(lock))?;
        sync_directory(directory).map_err(failed)?;
        Ok(store)
    }

    /// Opens a store on backends that `make` gives: one now, and one at each reopening. Blocks.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_with_backend<B: StorageBackend>(
        make: impl Fn() -> std::io::Result<B> + Send + Sync + 'static,
        options: Options,
    ) -> Result<Self, OpenError> {
        let key = options.secret_key.unwrap_or_else(SecretKey::generate);
        let opener = Opener::backend(make, options.cache_bytes);
        start(opener, &key, Space::new(None, 0), None)
    }
}

fn start(
    opener: Opener,
    key: &SecretKey,
    space: Space,
    lock: Option<DirectoryLock>,
) -> Result<Store, OpenError> {
    let sealer = Sealer::new(key);
    let database = opener.open(&sealer)?;
    let shared = Shared::new(opener, sealer, space, database)?;
    Ok(Store::start(Arc::new(shared), lock)?)
}
