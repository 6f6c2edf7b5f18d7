//! An append on its way to disk: encoded on the caller's thread, validated against the run's
//! counter, joined with other appends of its run, committed by the writer.

use attune_core::event::EventKind;
use attune_core::projection::Projection;
use attune_core::{Digest, RunId, Shard};
use attune_driver::codec::{EventChunk, LogChunk, encode_events, encode_snapshot};
use attune_driver::port::{Append, AppendError, Epoch, Idempotency, Position};

use crate::counter::Liveness;
use crate::shared::Shared;

/// What the rows of an append weigh beside its events, machine and logs; about right is enough
/// for bounding memory.
const ROWS_GUESS_BYTES: usize = 512;

/// The epoch of every shard: an embedded store has one owner, for ever.
pub(crate) const EPOCH: Epoch = Epoch(1);

/// What a run gets in one commit.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) run: RunId,
    pub(crate) shard: Shard,
    /// Number of the first event in `chunks`.
    pub(crate) first: u64,
    pub(crate) chunks: Vec<EventChunk>,
    pub(crate) rows: Projection,
    /// Requests to remember; a run may take several in one commit.
    pub(crate) keys: Vec<Idempotency>,
    pub(crate) snapshot: Option<Vec<u8>>,
    pub(crate) logs: Vec<LogChunk>,
    pub(crate) secret: bool,
    /// Contents that the run is pinned to, at its birth.
    pub(crate) pins: Vec<Digest>,
    /// How the run stood in the table of live runs before; `None` if unknown.
    pub(crate) live_before: Option<Liveness>,
}

impl Prepared {
    fn new(append: Append) -> Self {
        let seen = append.expected + append.events.len() as u64;
        let snapshot = append.snapshot.map(|run| encode_snapshot(seen, &run));
        let logs = append
            .logs
            .iter()
            .filter(|(_, _, lines)| !lines.is_empty())
            .map(|(task, attempt, lines)| LogChunk::new(*task, *attempt, lines))
            .collect();
        Self {
            run: append.run,
            shard: append.shard,
            first: append.expected,
            chunks: encode_events(&append.events),
            rows: append.rows,
            keys: append.idempotency.into_iter().collect(),
            snapshot,
            logs,
            secret: append.secret,
            pins: append.events.first().map(pins).unwrap_or_default(),
            live_before: None,
        }
    }

    /// Returns how many events it brings.
    pub(crate) fn events(&self) -> u64 {
        self.chunks.iter().map(EventChunk::count).sum()
    }

    /// Returns about how much memory and disk it takes.
    pub(crate) fn size_bytes(&self) -> usize {
        let chunks: usize = self.chunks.iter().map(EventChunk::size_bytes).sum();
        let logs: usize = self.logs.iter().map(LogChunk::size_bytes).sum();
        ROWS_GUESS_BYTES + chunks + logs + self.snapshot.as_ref().map_or(0, Vec::len)
    }

    /// Takes up what follows for the same run.
    pub(crate) fn absorb(&mut self, later: Self) {
        debug_assert_eq!(self.run, later.run);
        debug_assert_eq!(self.first + self.events(), later.first);
        for chunk in later.chunks {
            let rest = match self.chunks.last_mut() {
                Some(last) => last.join(chunk).err(),
                None => Some(chunk),
            };
            self.chunks.extend(rest);
        }
        for chunk in later.logs {
            let rest = match self.logs.last_mut() {
                Some(last) => last.join(chunk).err(),
                None => Some(chunk),
            };
            self.logs.extend(rest);
        }
        self.rows.merge(later.rows);
        self.keys.extend(later.keys);
        self.snapshot = later.snapshot.or(self.snapshot.take());
        self.secret |= later.secret;
        self.pins.extend(later.pins);
    }
}

/// Returns the contents that a run's first event pins it to.
fn pins(event: &attune_core::Event) -> Vec<Digest> {
    let EventKind::RunStarted(started) = &event.kind else {
        return Vec::new();
    };
    let actions = started.pins.actions.values().map(|pin| pin.digest);
    let workflows = started.pins.workflows.values().map(|pin| pin.digest);
    let mut pins: Vec<Digest> = actions.chain(workflows).collect();
    pins.push(started.workflow.digest);
    pins.sort_unstable();
    pins.dedup();
    pins
}

impl Shared {
    /// Appends; returns at once.
    pub(crate) fn append(&self, append: Append) -> Result<Position, AppendError> {
        let (run, expected, shard) = (append.run, append.expected, append.shard);
        if append.epoch != EPOCH || shard != run.shard() {
            return Err(AppendError::Fenced(shard));
        }
        if expected == 0 && self.is_busy() {
            return Err(AppendError::Busy);
        }
        if expected == 0 && self.space.is_short() {
            return Err(attune_driver::port::StoreError::DiskFull.into());
        }
        let prepared = Prepared::new(append);
        loop {
            let mut tail = self.tail();
            tail.usable()?;
            if tail.counters.get(run).is_some() {
                return self.push(tail, prepared, expected);
            }
            let swept = tail.counters.swept();
            drop(tail);
            let events = self.synced_events(run)?;
            self.tail().counters.learn(run, events, swept);
        }
    }
}
