//! Who wants to know how far a run is on disk: waiters and followers.

use attune_core::RunId;
use tokio::sync::oneshot;

use super::slots::IdMap;
use crate::handle::Inspected;
use crate::progress::{Progress, Teller, Watcher};

/// Watched runs below which nobody looks for those whose watchers have gone.
const SWEEP_FROM: usize = 1_024;

/// The watched runs of an actor.
#[derive(Debug, Default)]
pub(super) struct Watches {
    runs: IdMap<RunId, Watched>,
    sweep_at: usize,
}

#[derive(Debug, Default)]
struct Watched {
    /// Tells of each step.
    steps: Teller,
    /// Tells of the end alone.
    end: Teller,
    ended: Vec<oneshot::Sender<Inspected>>,
}

impl Watches {
    /// Lets somebody watch a run, from now on: what was before is in the store.
    pub(super) fn watch(&mut self, run: RunId, steps: bool, reply: oneshot::Sender<Watcher>) {
        let watched = self.entry(run);
        let teller = if steps { &watched.steps } else { &watched.end };
        let watcher = teller.watcher();
        drop(reply.send(watcher));
    }

    /// Hands the run's machine over when it has ended.
    pub(super) fn await_end(&mut self, run: RunId, ended: oneshot::Sender<Inspected>) {
        self.entry(run).ended.push(ended);
    }

    /// Tells whether somebody watches the run.
    pub(super) fn wants(&self, run: RunId) -> bool {
        !self.runs.is_empty() && self.runs.contains_key(&run)
    }

    /// Tells whether somebody wants to know each step, not the end alone: whoever waits for the
    /// end must not make the disk hurry after every step.
    pub(super) fn is_followed(&self, run: RunId) -> bool {
        let watched = self.runs.get(&run);
        watched.is_some_and(|watched| !watched.steps.is_deserted())
    }

    /// Takes those who wait for the run's machine.
    pub(super) fn take_ended(&mut self, run: RunId) -> Vec<oneshot::Sender<Inspected>> {
        let watched = self.runs.get_mut(&run);
        watched.map_or_else(Vec::new, |watched| std::mem::take(&mut watched.ended))
    }

    /// Tells the run's watchers how far it is on disk. After its end they need not be told more.
    pub(super) fn tell(&mut self, run: RunId, progress: Progress) {
        let Some(watched) = self.runs.get_mut(&run) else {
            return;
        };
        watched.steps.tell(progress);
        if progress.over {
            watched.end.tell(progress);
        }
        if progress.over || watched.is_deserted() {
            self.runs.remove(&run);
        }
    }

    fn entry(&mut self, run: RunId) -> &mut Watched {
        if self.runs.len() >= self.sweep_at.max(SWEEP_FROM) {
            self.runs.retain(|_, watched| !watched.is_deserted());
            self.sweep_at = 2 * self.runs.len();
        }
        self.runs.entry(run).or_default()
    }
}

impl Watched {
    fn is_deserted(&self) -> bool {
        let tellers = [&self.steps, &self.end];
        tellers.into_iter().all(Teller::is_deserted)
            && self.ended.iter().all(oneshot::Sender::is_closed)
    }
}
