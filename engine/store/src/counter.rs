//! What memory knows of runs, so that an append need not read: how many events they have, the
//! tail included, and how they stand in the table of live runs.

use std::collections::HashMap;

use attune_core::RunId;
use attune_core::projection::Projection;

/// As many runs are remembered at least; more only while their appends are not durable.
const KEEP: usize = 65_536;

/// Whether and how a run stands in the table of live runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// It has ended, or not begun.
    Over,
    /// It only waits for timers and people.
    Waiting,
    /// It must be loaded at a start.
    Runnable,
}

impl Liveness {
    /// Returns what an append says.
    pub(crate) fn of(rows: &Projection) -> Self {
        match (rows.live, rows.runnable) {
            (false, _) => Self::Over,
            (true, false) => Self::Waiting,
            (true, true) => Self::Runnable,
        }
    }
}

/// What is known of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counter {
    /// Number of its events.
    pub(crate) events: u64,
    /// How it stands in the table of live runs; `None` if that was not read.
    pub(crate) live: Option<Liveness>,
    /// Position of its last append.
    pub(crate) position: u64,
}

/// The counters of runs that were lately appended to.
#[derive(Debug)]
pub(crate) struct Counters {
    known: HashMap<RunId, Counter>,
    /// The highest run ever appended to: a higher one is new, without reading.
    highest: RunId,
    /// How often some were forgotten: what was read before that may be out of date.
    swept: u64,
    limit: usize,
}

impl Counters {
    pub(crate) fn new(highest: RunId) -> Self {
        Self {
            known: HashMap::new(),
            highest,
            swept: 0,
            limit: KEEP,
        }
    }

    /// Returns the counter of a run, or `None` if it must be read first.
    pub(crate) fn get(&mut self, run: RunId) -> Option<&mut Counter> {
        if run > self.highest {
            self.highest = run;
            self.insert(run, 0, Some(Liveness::Over));
        }
        self.known.get_mut(&run)
    }

    /// Returns a number that changes when something is forgotten.
    pub(crate) fn swept(&self) -> u64 {
        self.swept
    }

    /// Remembers what was read, unless it is out of date.
    pub(crate) fn learn(&mut self, run: RunId, events: u64, swept: u64) {
        if swept == self.swept && !self.known.contains_key(&run) {
            self.insert(run, events, None);
        }
    }

    /// Lets appends of a run conflict while it is being removed. Tells whether it may be: not if
    /// something of it is not durable.
    pub(crate) fn block(&mut self, run: RunId, durable: u64) -> bool {
        let busy = self
            .known
            .get(&run)
            .is_some_and(|known| known.position > durable);
        if !busy {
            self.insert(run, u64::MAX, None);
            // Whatever is not durable is not forgotten.
            self.known
                .entry(run)
                .and_modify(|known| known.position = u64::MAX);
        }
        !busy
    }

    /// Lets the run's events be read again.
    pub(crate) fn unblock(&mut self, run: RunId) {
        self.known.remove(&run);
        self.swept += 1;
    }

    /// Forgets runs with nothing after `durable`, if there are many.
    pub(crate) fn sweep(&mut self, durable: u64) {
        if self.known.len() < self.limit {
            return;
        }
        self.known.retain(|_, counter| counter.position > durable);
        self.swept += 1;
        // Doubling keeps the cost of sweeping constant per append when little can be forgotten.
        self.limit = KEEP.max(2 * self.known.len());
    }

    fn insert(&mut self, run: RunId, events: u64, live: Option<Liveness>) {
        let counter = Counter {
            events,
            live,
            position: 0,
        };
        self.known.insert(run, counter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_runs_need_no_reading_and_old_ones_do() {
        let mut counters = Counters::new(RunId(10));
        assert!(counters.get(RunId(7)).is_none());
        assert_eq!(counters.get(RunId(11)).map(|known| known.events), Some(0));
        let swept = counters.swept();
        counters.learn(RunId(7), 3, swept);
        assert_eq!(counters.get(RunId(7)).map(|known| known.events), Some(3));
    }

    #[test]
    fn only_durable_runs_are_forgotten() {
        let mut counters = Counters::new(RunId(0));
        let many = KEEP as u64;
        for run in 1..=many {
            counters.get(RunId(run)).unwrap().position = run;
        }
        let swept = counters.swept();
        counters.sweep(many - 1);
        assert!(counters.get(RunId(1)).is_none());
        assert!(counters.get(RunId(many)).is_some());
        counters.learn(RunId(1), 9, swept);
        assert!(counters.get(RunId(1)).is_none(), "read before the sweep");
    }
}
