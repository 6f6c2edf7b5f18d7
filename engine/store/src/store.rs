//! The store's handle, and its side of the port that the driver appends through.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use attune_core::id::SHARDS;
use attune_core::{Digest, RunId, Shard, Timestamp};
use attune_driver::port::{self, Append, AppendError, Due, Epoch, Loaded, Position, StoreError};
use bytes::Bytes;

use crate::append::EPOCH;
use crate::lock::DirectoryLock;
use crate::open::OpenError;
use crate::shared::Shared;
use crate::tail::State;
use crate::{blob, commit, journal, live};

/// The embedded store. Cheap to clone; the last clone closes it when dropped.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
    owner: Arc<Owner>,
}

/// Owns the writer's thread and the lock of the directory.
#[derive(Debug)]
struct Owner {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
    _lock: Option<DirectoryLock>,
}

impl Store {
    /// Starts the writer of an open database.
    pub(crate) fn start(
        shared: Arc<Shared>,
        lock: Option<DirectoryLock>,
    ) -> Result<Self, StoreError> {
        let writer = spawn(&shared)?;
        let owner = Owner {
            shared: Arc::clone(&shared),
            writer: Mutex::new(Some(writer)),
            _lock: lock,
        };
        Ok(Self {
            shared,
            owner: Arc::new(owner),
        })
    }

    /// Commits what there is and closes the store: everything after this fails with `Closed`.
    /// Blocks for the last sync.
    pub fn close(&self) {
        self.owner.close();
    }

    /// Returns the number of commits since the start; each costs one sync.
    pub fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }
}

impl Owner {
    fn writer(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<()>>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        let mut writer = self.writer();
        self.shared.close();
        join(writer.take());
        drop(self.shared.take_database());
    }

    /// Opens the store again after a failure. Does nothing to one that has not failed.
    fn reopen(&self) -> Result<(), OpenError> {
        let mut writer = self.writer();
        if !matches!(self.shared.tail().state, State::Failed(_)) {
            return Ok(());
        }
        join(writer.take());
        drop(self.shared.take_database());
        let database = self.shared.opener.open(&self.shared.sealer)?;
        self.shared.restore(database)?;
        *writer = Some(spawn(&self.shared)?);
        Ok(())
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.close();
    }
}

fn spawn(shared: &Arc<Shared>) -> Result<JoinHandle<()>, StoreError> {
    let started = commit::start(Arc::clone(shared));
    started.map_err(|error| StoreError::Io(error.to_string().into()))
}

fn join(writer: Option<JoinHandle<()>>) {
    // A panic of the writer has failed the store already.
    let _panic = writer.map(JoinHandle::join);
}

impl port::Store for Store {
    fn append(&self, append: Append) -> Result<Position, AppendError> {
        self.shared.append(append)
    }

    fn is_busy(&self) -> bool {
        self.shared.is_busy()
    }

    fn synced(&self) -> Position {
        Position(self.shared.synced.load(Ordering::Acquire))
    }

    async fn durable(&self, position: Position) -> Result<(), StoreError> {
        self.shared.durable(position.0).await
    }

    async fn load(&self, run: RunId) -> Result<Option<Loaded>, StoreError> {
        self.shared
            .scan(move |shared, tx| journal::load(tx, &shared.sealer, run))
            .await
    }

    async fn live(
        &self,
        shard: Shard,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunId>, StoreError> {
        Ok(live::runs(&self.shared.read()?, shard, after, limit)?)
    }

    async fn due(
        &self,
        shard: Shard,
        until: Timestamp,
        limit: usize,
    ) -> Result<(Vec<Due>, Option<Timestamp>), StoreError> {
        Ok(live::due(&self.shared.read()?, shard, until, limit)?)
    }

    async fn shards(&self) -> Vec<(Shard, Epoch)> {
        let all = 0..SHARDS as u8;
        all.map(|shard| (Shard(shard), EPOCH)).collect()
    }

    async fn reserve_ids(&self, count: u64) -> Result<u64, StoreError> {
        self.shared.reserve_ids(count).await
    }

    async fn idempotent(
        &self,
        key: Digest,
        now: Timestamp,
    ) -> Result<Option<(RunId, Digest)>, StoreError> {
        self.shared.idempotent(key, now).await
    }

    async fn reopen(&self) -> Result<(), StoreError> {
        let owner = Arc::clone(&self.owner);
        let reopened = tokio::task::spawn_blocking(move || owner.reopen()).await;
        match reopened {
            Ok(Ok(())) => Ok(()),
            Ok(Err(OpenError::Store(error))) => Err(error),
            Ok(Err(error)) => Err(StoreError::Io(error.to_string().into())),
            Err(error) => Err(StoreError::Io(error.to_string().into())),
        }
    }
}

impl port::Artifacts for Store {
    async fn blob(&self, digest: Digest) -> Result<Option<Bytes>, StoreError> {
        self.shared.scan(move |_, tx| blob::get(tx, digest)).await
    }
}
