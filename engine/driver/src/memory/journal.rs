//! The journal's side of the memory store.

use attune_core::{Digest, RunId, Shard, Timestamp};
use bytes::Bytes;

use super::{MemoryStore, RUNS, State, Timing};
use crate::port::{
    Append, AppendError, Artifacts, Due, Epoch, Loaded, Position, Store, StoreError,
};

impl Store for MemoryStore {
    fn append(&self, append: Append) -> Result<Position, AppendError> {
        let mut state = self.state();
        state.usable()?;
        state.admit(&append, self.timing)?;
        state.last += 1;
        let position = state.last;
        if self.timing == Timing::Immediate {
            state.disk.apply(append);
            state.synced = position;
        } else {
            let head = append.expected + append.events.len() as u64;
            state.heads.insert(append.run, head);
            state.tail.push_back((position, append));
        }
        Ok(Position(position))
    }

    fn is_busy(&self) -> bool {
        self.state().is_busy(self.timing)
    }

    fn synced(&self) -> Position {
        Position(self.state().synced)
    }

    async fn durable(&self, position: Position) -> Result<(), StoreError> {
        loop {
            // Listens before it looks, so that nothing falls in between.
            let moved = self.moved.notified();
            {
                let state = self.state();
                if state.has_lost(position.0) {
                    return Err(StoreError::Io("the append was lost".into()));
                }
                if state.synced >= position.0 {
                    return Ok(());
                }
            }
            moved.await;
        }
    }

    async fn load(&self, run: RunId) -> Result<Option<Loaded>, StoreError> {
        let state = self.state();
        state.usable()?;
        Ok(state.disk.load(run))
    }

    async fn live(
        &self,
        shard: Shard,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunId>, StoreError> {
        let state = self.state();
        state.usable()?;
        Ok(state.disk.runnable(shard, after, limit))
    }

    async fn due(
        &self,
        shard: Shard,
        until: Timestamp,
        limit: usize,
    ) -> Result<(Vec<Due>, Option<Timestamp>), StoreError> {
        let state = self.state();
        state.usable()?;
        Ok(state.disk.due(shard, until, limit))
    }

    async fn shards(&self) -> Vec<(Shard, Epoch)> {
        let all = 0..attune_core::id::SHARDS as u8;
        all.map(|shard| (Shard(shard), Epoch(1))).collect()
    }

    async fn reserve_ids(&self, count: u64) -> Result<u64, StoreError> {
        let mut state = self.state();
        state.usable()?;
        let first = state.next_id;
        state.next_id += count;
        Ok(first)
    }

    async fn idempotent(
        &self,
        key: Digest,
        now: Timestamp,
    ) -> Result<Option<(RunId, Digest)>, StoreError> {
        let waiting = {
            let state = self.state();
            state.usable()?;
            let found = state.tail.iter().rev().find_map(|(at, append)| {
                let remembered = append.idempotency.filter(|kept| kept.key == key)?;
                Some((*at, append.run, remembered.body))
            });
            match found {
                None => return Ok(state.disk.remembered(key, now)),
                Some(found) => found,
            }
        };
        let (position, run, body) = waiting;
        self.durable(Position(position)).await?;
        Ok(Some((run, body)))
    }

    async fn reopen(&self) -> Result<(), StoreError> {
        self.state().failed = false;
        Ok(())
    }
}

impl State {
    fn is_busy(&self, timing: Timing) -> bool {
        matches!(timing, Timing::Manual { tail } if self.tail.len() >= tail)
    }

    /// Refuses what no store would take.
    fn admit(&self, append: &Append, timing: Timing) -> Result<(), AppendError> {
        if append.expected == 0 && self.is_busy(timing) {
            return Err(AppendError::Busy);
        }
        if append.expected == 0 && self.disk.runs.len() >= RUNS {
            return Err(StoreError::DiskFull.into());
        }
        let known = self.heads.get(&append.run).copied();
        if known.unwrap_or_else(|| self.disk.events(append.run)) == append.expected {
            Ok(())
        } else {
            Err(AppendError::Conflict { run: append.run })
        }
    }
}

impl Artifacts for MemoryStore {
    async fn blob(&self, digest: Digest) -> Result<Option<Bytes>, StoreError> {
        Ok(self.state().contents.blob(digest))
    }
}
