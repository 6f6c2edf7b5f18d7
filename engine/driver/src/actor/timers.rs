//! Timers of runs: those in memory in order of their instant, those in the store by a look at the
//! table when its first one is due. Nothing is polled before.

use std::collections::BTreeSet;
use std::sync::Arc;

use attune_core::event::TimerId;
use attune_core::{EventKind, RunId, Shard, Timestamp};

use super::Actor;
use super::sources::Done;
use crate::config::{DUE_AGAIN, DUE_PAGE, TURN_EVENTS};
use crate::message::{Delivery, Origin};
use crate::port::{Due, Store};
use crate::ports::World;

/// The timers of an actor's runs.
#[derive(Debug, Default)]
pub(super) struct Timers {
    set: BTreeSet<(Timestamp, RunId, TimerId)>,
    stored: Vec<Stored>,
}

/// Timers of runs of one shard that are not in memory.
#[derive(Debug)]
struct Stored {
    shard: Shard,
    /// No timer is due before.
    next: Option<Timestamp>,
    reading: bool,
    /// The earliest timer that was left to the table while it was read.
    left: Option<Timestamp>,
}

impl Timers {
    /// Begins to look at a shard's table.
    pub(super) fn own(&mut self, shard: Shard) {
        self.stored.push(Stored {
            shard,
            next: Some(Timestamp::default()),
            reading: false,
            left: None,
        });
    }

    pub(super) fn set(&mut self, due: Timestamp, run: RunId, timer: TimerId) {
        self.set.insert((due, run, timer));
    }

    pub(super) fn unset(&mut self, due: Timestamp, run: RunId, timer: TimerId) {
        self.set.remove(&(due, run, timer));
    }

    /// Leaves a timer to the table.
    pub(super) fn leave(&mut self, due: Timestamp, run: RunId, timer: TimerId) {
        self.unset(due, run, timer);
        let shard = run.shard();
        let mut stored = self.stored.iter_mut();
        if let Some(stored) = stored.find(|stored| stored.shard == shard) {
            let place = if stored.reading {
                &mut stored.left
            } else {
                &mut stored.next
            };
            *place = Some(place.map_or(due, |earlier| earlier.min(due)));
        }
    }

    /// Looks into the tables no more.
    pub(super) fn close(&mut self) {
        self.stored.clear();
    }

    /// Returns the instant at which something is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let first = self.set.first().map(|(due, ..)| *due);
        let stored = self.stored.iter().filter(|stored| !stored.reading);
        stored.filter_map(|stored| stored.next).chain(first).min()
    }

    fn pop(&mut self, now: Timestamp) -> Option<(RunId, TimerId)> {
        let (_, run, timer) = *self.set.first().filter(|(due, ..)| *due <= now)?;
        self.set.pop_first();
        Some((run, timer))
    }
}

impl<W: World> Actor<W> {
    /// Fires what is due, in order, and looks into the tables whose first timer is due.
    pub(super) fn fire_timers(&mut self) {
        let now = self.bench.now;
        for _ in 0..TURN_EVENTS {
            let Some((run, timer)) = self.bench.timers.pop(now) else {
                break;
            };
            let kind = EventKind::TimerFired { timer };
            self.deliver(run, Delivery::new(kind, Origin::Internal));
        }
        let store = &self.bench.shared.ports().store;
        for stored in &mut self.bench.timers.stored {
            if stored.reading || stored.next.is_none_or(|next| next > now) {
                continue;
            }
            stored.reading = true;
            let (store, shard) = (Arc::clone(store), stored.shard);
            self.bench.chores.push(Box::pin(async move {
                Done::Due(shard, store.due(shard, now, DUE_PAGE).await)
            }));
        }
    }

    /// Loads the runs whose timers are due; those in memory know their timers themselves.
    pub(super) fn found_due(&mut self, shard: Shard, due: &[Due], next: Option<Timestamp>) {
        for due in due {
            if !self.slots.contains(due.run) {
                self.fetch(due.run, std::collections::VecDeque::new());
            }
        }
        // Rows stay until the disk has that they fired, so a full page is not read again at once.
        let later = self.bench.now.after(DUE_AGAIN);
        let next = next.map(|next| {
            if due.len() < DUE_PAGE {
                next
            } else {
                next.max(later)
            }
        });
        let mut stored = self.bench.timers.stored.iter_mut();
        if let Some(stored) = stored.find(|stored| stored.shard == shard) {
            stored.reading = false;
            // What was left to the table meanwhile may be earlier, and is not in this page.
            let left = stored.left.take();
            stored.next = next.into_iter().chain(left).min();
        }
    }
}
