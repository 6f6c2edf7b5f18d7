//! A store in memory: for the command line's local engine, where nothing is kept, and for
//! simulations, where what is "on disk" and when a crash loses the rest are decided from outside.
//!
//! Readers see the synced state only, and a crash keeps a prefix of what was appended, exactly as
//! a real store must.

mod catalog;
mod disk;
mod journal;
mod views;

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use attune_core::RunId;
use tokio::sync::Notify;

use self::catalog::Contents;
use self::disk::Disk;
use crate::port::{Append, Position, StoreError};

/// Appends that may wait for [`MemoryStore::sync`]; beyond it births are answered `Busy`.
const TAIL: usize = 4_096;
/// Runs kept; beyond it a new one is refused as on a full disk.
const RUNS: usize = 1_000_000;

/// Journal, views, catalog and contents in memory.
#[derive(Debug)]
pub struct MemoryStore {
    state: Mutex<State>,
    /// Told when a position became durable or was lost.
    moved: Notify,
    timing: Timing,
}

/// When an append counts as being on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timing {
    /// At once.
    Immediate,
    /// When [`MemoryStore::sync`] says so.
    Manual {
        /// Appends that may wait.
        tail: usize,
    },
}

#[derive(Debug, Default)]
struct State {
    disk: Disk,
    contents: Contents,
    /// Appended, not yet synced, in order.
    tail: VecDeque<(u64, Append)>,
    /// Events of runs that are in the tail, tail included.
    heads: HashMap<RunId, u64>,
    /// The position given last.
    last: u64,
    /// Everything up to here is on disk, but for ranges that were lost.
    synced: u64,
    /// Ranges of positions, first and last, that a crash has lost.
    lost: Vec<(u64, u64)>,
    /// Set by [`MemoryStore::fail`], until the store is opened again.
    failed: bool,
    next_id: u64,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// Makes an empty store in which everything is durable at once.
    pub fn new() -> Self {
        Self::with_timing(Timing::Immediate)
    }

    /// Makes an empty store in which an append is durable when [`Self::sync`] says so. While
    /// `tail` appends wait, no run is begun.
    pub fn manual(tail: usize) -> Self {
        Self::with_timing(Timing::Manual {
            tail: tail.clamp(1, TAIL),
        })
    }

    fn with_timing(timing: Timing) -> Self {
        let state = State {
            next_id: 1,
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
            moved: Notify::new(),
            timing,
        }
    }

    /// Returns the position of the latest append.
    pub fn appended(&self) -> Position {
        Position(self.state().last)
    }

    /// Makes everything up to `position` durable and readable.
    pub fn sync(&self, position: Position) {
        let mut state = self.state();
        if state.failed {
            return;
        }
        state.apply(position.0);
        drop(state);
        self.moved.notify_waiters();
    }

    /// Crashes: of the appends that were not synced the first `keep` survive, the rest is lost,
    /// and whoever waits for them is told. The store is usable at once, as after a restart.
    pub fn crash(&self, keep: usize) {
        self.lose(keep, false);
    }

    /// Fails: like [`Self::crash`], but every call fails until the store is opened again.
    pub fn fail(&self, keep: usize) {
        self.lose(keep, true);
    }

    /// Returns how many appends wait for a sync.
    pub fn waiting(&self) -> usize {
        self.state().tail.len()
    }

    fn lose(&self, keep: usize, failed: bool) {
        let mut state = self.state();
        let kept = keep.checked_sub(1).and_then(|last| {
            let last = last.min(state.tail.len().checked_sub(1)?);
            state.tail.get(last).map(|(at, _)| *at)
        });
        if let Some(kept) = kept {
            state.apply(kept);
        }
        if let (Some(first), Some(last)) = (state.tail.front(), state.tail.back()) {
            let range = (first.0, last.0);
            state.lost.push(range);
        }
        state.tail.clear();
        state.heads.clear();
        state.failed = failed;
        drop(state);
        self.moved.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A change is whole or has not begun, so a poisoned state is still consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn usable(&self) -> Result<(), StoreError> {
        if self.failed {
            Err(StoreError::Io("the simulated disk has failed".into()))
        } else {
            Ok(())
        }
    }

    /// Moves the tail up to `position` to the disk.
    fn apply(&mut self, position: u64) {
        while self.tail.front().is_some_and(|(at, _)| *at <= position) {
            let Some((at, append)) = self.tail.pop_front() else {
                return;
            };
            self.synced = at;
            let run = append.run;
            self.disk.apply(append);
            if self.heads.get(&run) == Some(&self.disk.events(run)) {
                self.heads.remove(&run);
            }
        }
    }

    /// Tells whether a crash lost `position`.
    fn has_lost(&self, position: u64) -> bool {
        let within = |&(first, last): &(u64, u64)| (first..=last).contains(&position);
        self.lost.iter().any(within)
    }
}

#[cfg(test)]
mod tests;
