//! Where runs live: the journal, timers and what is derived from them.

use std::future::Future;
use std::sync::Arc;

use attune_core::event::TimerId;
use attune_core::projection::Projection;
use attune_core::{Digest, Event, Run, RunId, Shard, TaskId, Timestamp};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::attempt::LogLine;

/// A place in the node's journal. What is before it is durable once it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(pub u64);

/// Fences owners of a shard: an append with an old epoch is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub u64);

/// One atomic change of one run.
#[derive(Clone, Debug)]
pub struct Append {
    /// The run's shard.
    pub shard: Shard,
    /// The epoch under which the writer owns it.
    pub epoch: Epoch,
    /// The run.
    pub run: RunId,
    /// Number of events the run has so far; the first of `events` gets this number.
    pub expected: u64,
    /// What happened. Empty where only a snapshot is kept or a timer's row removed: `rows` then
    /// repeats `live` and `runnable`.
    pub events: Vec<Event>,
    /// What it changes in summaries and indexes.
    pub rows: Projection,
    /// Remembers the request that started the run or told it something.
    pub idempotency: Option<Idempotency>,
    /// The machine after these events, to be kept: on eviction and at the end.
    pub snapshot: Option<Arc<Run>>,
    /// Log lines of attempts, published with these events.
    pub logs: Vec<(TaskId, u32, Vec<LogLine>)>,
    /// Whether the events hold secret values and must be encrypted.
    pub secret: bool,
}

/// Remembers which run a request started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idempotency {
    /// Hash of token, path and key.
    pub key: Digest,
    /// Hash of the canonical body.
    pub body: Digest,
    /// Forgotten after this instant.
    pub expires: Timestamp,
}

/// Why an append was refused. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Too much waits for the disk to begin another run. Only births are refused: what happens
    /// to a run that exists must be recorded, and is bounded by what is in flight.
    #[error("the store is busy")]
    Busy,
    /// Another writer was there: the run has another number of events.
    #[error("run `{run}` does not have the expected number of events")]
    Conflict {
        /// The run.
        run: RunId,
    },
    /// Another node owns the shard now.
    #[error("shard `{0}` is owned by another node")]
    Fenced(Shard),
    /// The store has failed and must be reopened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The store failed: ours or the machine's fault, never the caller's.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Reading or writing failed.
    #[error("the store failed: {0}")]
    Io(Arc<str>),
    /// A record could not be understood.
    #[error("a record of the store is damaged: {0}")]
    Corrupt(Arc<str>),
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
    /// Less free disk than new runs need.
    #[error("the disk is almost full")]
    DiskFull,
}

/// A run as stored.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The latest kept machine and the number of events it has seen.
    pub snapshot: Option<(u64, Arc<Run>)>,
    /// The events after it (all of them, without a snapshot).
    pub events: Vec<Event>,
    /// Digest of the workflow's source.
    pub definition: Digest,
}

/// A timer that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The run.
    pub run: RunId,
    /// Which.
    pub kind: TimerKind,
    /// When it was due.
    pub due: Timestamp,
}

/// What a due row of the timer table is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimerKind {
    /// A timer of the machine.
    Machine(TimerId),
}

/// The journal and all that is written with it.
pub trait Store: Send + Sync + 'static {
    /// Appends; returns at once with the position to wait for. In order for each run.
    ///
    /// # Errors
    /// See [`AppendError`].
    fn append(&self, append: Append) -> Result<Position, AppendError>;
    /// Tells whether so much waits for the disk that no run and no attempt should be begun.
    fn is_busy(&self) -> bool {
        false
    }
    /// Returns a position up to which everything is known to be on disk and readable. Never
    /// waits; may lag behind.
    fn synced(&self) -> Position {
        Position::default()
    }
    /// Waits until everything up to `position` is on disk and can be read back by [`super::Views`].
    fn durable(&self, position: Position) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Loads a run's synced state.
    fn load(&self, run: RunId) -> impl Future<Output = Result<Option<Loaded>, StoreError>> + Send;
    /// Lists runs of a shard whose last append said [`Projection::runnable`], in order of id:
    /// those that a start must load. Runs that only wait are not listed, however many.
    fn live(
        &self,
        shard: Shard,
        after: Option<RunId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<RunId>, StoreError>> + Send;
    /// Lists timers of a shard that are due at `until`, earliest first, and says when the next
    /// one after them is due.
    fn due(
        &self,
        shard: Shard,
        until: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<(Vec<Due>, Option<Timestamp>), StoreError>> + Send;
    /// Returns the shards this node owns; embedded: all, for ever.
    fn shards(&self) -> impl Future<Output = Vec<(Shard, Epoch)>> + Send;
    /// Reserves `count` run ids and returns the first. Never gives an id twice.
    fn reserve_ids(&self, count: u64) -> impl Future<Output = Result<u64, StoreError>> + Send;
    /// Finds the run that an idempotency key started, with the hash of its body. Sees appends
    /// that are not yet durable too, and waits for them.
    fn idempotent(
        &self,
        key: Digest,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<(RunId, Digest)>, StoreError>> + Send;
    /// Makes a store that has failed usable again; what was not durable is lost, and positions
    /// given before fail. A store that recovers by itself does nothing.
    fn reopen(&self) -> impl Future<Output = Result<(), StoreError>> + Send {
        std::future::ready(Ok(()))
    }
}

/// Contents by digest.
pub trait Artifacts: Send + Sync + 'static {
    /// Returns a component's bytes, or a workflow's source.
    fn blob(
        &self,
        digest: Digest,
    ) -> impl Future<Output = Result<Option<Bytes>, StoreError>> + Send;
}
