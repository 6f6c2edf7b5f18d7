//! A store that dies with the process at a chosen call, and a disk that takes its time.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use attune_core::{Digest, RunId, Shard, Timestamp};
use attune_driver::MemoryStore;
use attune_driver::port::{
    Append, AppendError, Artifacts, Clock, Due, Epoch, Loaded, Position, Store, StoreError,
};
use bytes::Bytes;
use tokio::sync::Notify;

use crate::chance::Chance;
use crate::clock::VirtualClock;

/// Burns down with each call of the store; when it is blown, the process is dead.
#[derive(Debug)]
pub(crate) struct Fuse {
    left: AtomicU64,
    blown: AtomicBool,
    pub(crate) blows: Notify,
}

impl Fuse {
    /// Makes a fuse for that many calls.
    pub(crate) fn new(calls: u64) -> Self {
        Self {
            left: AtomicU64::new(calls),
            blown: AtomicBool::new(false),
            blows: Notify::new(),
        }
    }

    /// Tells whether the process is dead: nothing it does counts any more.
    pub(crate) fn is_blown(&self) -> bool {
        self.blown.load(Ordering::Relaxed)
    }

    fn burn(&self) -> Result<(), StoreError> {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.blown.store(true, Ordering::Relaxed);
            self.blows.notify_one();
        }
        if self.is_blown() {
            Err(StoreError::Closed)
        } else {
            Ok(())
        }
    }
}

/// The memory store with a fuse, and a trace of what was asked.
#[derive(Debug)]
pub(crate) struct SimStore {
    pub(crate) inner: Arc<MemoryStore>,
    pub(crate) fuse: Fuse,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) trace: Arc<Mutex<Trace>>,
    pub(crate) appended: Notify,
}

/// A digest of all that has happened, in order.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    hash: DefaultHasher,
    pub(crate) length: u64,
    /// Whether each step is printed.
    printed: bool,
}

impl Trace {
    /// Makes an empty trace, whose steps are printed if `SIM_TRACE` is set.
    pub(crate) fn new() -> Self {
        Self {
            printed: std::env::var_os("SIM_TRACE").is_some(),
            ..Self::default()
        }
    }

    pub(crate) fn digest(&self) -> u64 {
        self.hash.finish()
    }
}

impl SimStore {
    /// Notes a step in the trace.
    pub(crate) fn note(&self, what: &str, of: u64) {
        let mut trace = self.trace.lock().unwrap();
        (what, of, self.clock.now()).hash(&mut trace.hash);
        if trace.printed {
            println!("{} {what} {of:x}", self.clock.now());
        }
        trace.length += 1;
    }

    /// Syncs for ever: some time after an append, all that waits or a part of it.
    pub(crate) async fn spin(&self, chance: &Chance, most_ms: u64) {
        loop {
            if self.inner.waiting() == 0 {
                self.appended.notified().await;
            }
            let takes = chance.time(most_ms).max(Duration::from_millis(1));
            tokio::time::sleep(takes).await;
            let (synced, last) = (self.inner.synced().0, self.inner.appended().0);
            let part = chance.below(last.saturating_sub(synced) + 1);
            let upto = if chance.one_in(3) {
                synced + part
            } else {
                last
            };
            if self.fuse.is_blown() {
                return;
            }
            self.note("sync", upto);
            self.inner.sync(Position(upto));
        }
    }

    fn step(&self, what: &str, of: u64) -> Result<(), StoreError> {
        self.fuse.burn()?;
        self.note(what, of);
        Ok(())
    }
}

impl Store for SimStore {
    fn append(&self, append: Append) -> Result<Position, AppendError> {
        self.step("append", append.run.0 << 20 | append.expected)?;
        let appended = self.inner.append(append);
        self.appended.notify_one();
        appended
    }

    fn is_busy(&self) -> bool {
        self.inner.is_busy()
    }

    fn synced(&self) -> Position {
        self.inner.synced()
    }

    async fn durable(&self, position: Position) -> Result<(), StoreError> {
        self.step("durable", position.0)?;
        self.inner.durable(position).await
    }

    async fn load(&self, run: RunId) -> Result<Option<Loaded>, StoreError> {
        self.step("load", run.0)?;
        tokio::time::sleep(Duration::from_millis(run.0 % 3)).await;
        self.inner.load(run).await
    }

    async fn live(
        &self,
        shard: Shard,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunId>, StoreError> {
        self.inner.live(shard, after, limit).await
    }

    async fn due(
        &self,
        shard: Shard,
        until: Timestamp,
        limit: usize,
    ) -> Result<(Vec<Due>, Option<Timestamp>), StoreError> {
        self.inner.due(shard, until, limit).await
    }

    async fn shards(&self) -> Vec<(Shard, Epoch)> {
        self.inner.shards().await
    }

    async fn reserve_ids(&self, count: u64) -> Result<u64, StoreError> {
        self.inner.reserve_ids(count).await
    }

    async fn idempotent(
        &self,
        key: Digest,
        now: Timestamp,
    ) -> Result<Option<(RunId, Digest)>, StoreError> {
        self.step("idempotent", 0)?;
        self.inner.idempotent(key, now).await
    }

    async fn reopen(&self) -> Result<(), StoreError> {
        self.step("reopen", 0)?;
        self.inner.reopen().await
    }
}

impl Artifacts for SimStore {
    async fn blob(&self, digest: Digest) -> Result<Option<Bytes>, StoreError> {
        self.inner.blob(digest).await
    }
}
