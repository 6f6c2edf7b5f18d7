//! From the store into memory: what a start finds to go on with, runs that something has come
//! for, and ready runs that were put back.
//!
//! Whatever a crash may have cut off is done again here: attempts that were lost are abandoned,
//! effects that await an answer are performed again, relatives are asked how it stands.

use std::collections::VecDeque;
use std::sync::Arc;

use attune_core::event::Parent;
use attune_core::id::SHARDS;
use attune_core::{RunId, Shard};

use super::Actor;
use super::bench::Bench;
use super::keys::{Claim, KeyRequest};
use super::perform::pause_reason;
use super::slots::Slot;
use super::sources::Done;
use crate::config::{ASKED_RUNS, LOADS_AT_ONCE, RING_LOW, RUNNABLE_PAGE};
use crate::handle::CommandError;
use crate::machine::{Act, Machine, abandoned};
use crate::message::{Delivery, Letter, Origin, Peer};
use crate::port::{Clock, Epoch, Store, StoreError};
use crate::ports::World;
use crate::shared::Shared;

/// What is to be loaded.
#[derive(Debug, Default)]
pub(super) struct Loader {
    queue: VecDeque<RunId>,
    active: usize,
    scanning: bool,
    /// Shards to be gone through once, from after that run on: all runnable runs are loaded, so
    /// that what a crash has cut off is taken up, and keys find their holders.
    first: VecDeque<Scan>,
    /// Whether that is done.
    complete: bool,
    /// Shards with ready runs that were put back, from after that run on.
    backlog: VecDeque<Scan>,
}

type Scan = (Shard, Option<RunId>);

impl Loader {
    /// Remembers that a ready run was put back: its shard is looked at again when there is room.
    pub(super) fn left_ready(&mut self, run: RunId) {
        let after = Some(RunId(run.0 - 1));
        let mut scans = self.backlog.iter_mut();
        match scans.find(|(shard, _)| *shard == run.shard()) {
            Some((_, from)) => *from = (*from).min(after),
            None => self.backlog.push_back((run.shard(), after)),
        }
    }

    fn is_loading(&self) -> bool {
        self.scanning || !self.queue.is_empty() || self.active > 0
    }
}

impl<W: World> Actor<W> {
    /// Begins with the shards that are this actor's.
    pub(super) fn begin(&mut self, shards: Vec<(Shard, Epoch)>) {
        self.bench.now = self.bench.shared.ports().clock.now();
        let shared = Arc::clone(&self.bench.shared);
        self.keys.await_all(shared.lanes.len());
        let own = shards.into_iter();
        for (shard, epoch) in own.filter(|(shard, _)| shared.owner_of(*shard) == self.bench.index) {
            self.bench.epochs.insert(u64::from(shard.0), epoch);
            self.bench.timers.own(shard);
            self.loader.first.push_back((shard, None));
        }
    }

    /// Begins to load a run; `letters` are given to it.
    pub(super) fn fetch(&mut self, run: RunId, letters: VecDeque<Letter>) {
        self.slots.insert(run, Slot::Loading(letters));
        self.loader.queue.push_back(run);
    }

    /// Begins as many loads as may run at once.
    pub(super) fn begin_loads(&mut self) -> Result<(), StoreError> {
        if !self.loader.is_loading() && !self.bench.stopping {
            self.begin_scan()?;
        }
        while self.loader.active < LOADS_AT_ONCE {
            let Some(run) = self.loader.queue.pop_front() else {
                break;
            };
            self.loader.active += 1;
            let shared = Arc::clone(&self.bench.shared);
            self.sources.add(Box::pin(async move {
                Done::Loaded(run, Box::new(load(&shared, run).await))
            }));
        }
        Ok(())
    }

    /// Looks at the next shard: first all of them once, later those with ready runs, as the ring
    /// empties and there is room for what is found.
    fn begin_scan(&mut self) -> Result<(), StoreError> {
        let scan = if let Some(first) = self.loader.first.pop_front() {
            Some(first)
        } else {
            self.complete_first();
            let wanted = !self.loader.backlog.is_empty() && self.bench.ring.len() < RING_LOW;
            if wanted && self.make_room()? {
                self.loader.backlog.pop_front()
            } else {
                None
            }
        };
        let Some((shard, after)) = scan else {
            return Ok(());
        };
        self.loader.scanning = true;
        let store = Arc::clone(&self.bench.shared.ports().store);
        self.sources.add(Box::pin(async move {
            let found = store.live(shard, after, RUNNABLE_PAGE).await;
            Done::Runnable(shard, found)
        }));
        Ok(())
    }

    /// Tells the homes of keys that every holder and waiter of this actor has been heard.
    fn complete_first(&mut self) {
        if !std::mem::replace(&mut self.loader.complete, true) {
            for to in 0..self.bench.shared.lanes.len() {
                self.bench.send(to, Peer::Key(KeyRequest::Complete));
            }
        }
    }

    /// Loads the runs that a look at a shard has found.
    pub(super) fn found_runnable(&mut self, shard: Shard, found: &[RunId]) {
        self.loader.scanning = false;
        let room = self.bench.shared.config.machines.max(1);
        for run in found {
            if self.slots.contains(*run) {
                continue;
            }
            // What a start finds is loaded all; what was put back, as far as there is room, else
            // ready runs would push each other out without end.
            if self.loader.complete && self.slots.len() >= room {
                return self.loader.left_ready(*run);
            }
            self.fetch(*run, VecDeque::new());
        }
        let Some(last) = found.last().filter(|_| found.len() == RUNNABLE_PAGE) else {
            return;
        };
        if self.loader.complete {
            self.loader.left_ready(RunId(last.0 + SHARDS));
        } else {
            self.loader.first.push_front((shard, Some(*last)));
        }
    }

    /// Puts a loaded run to work.
    pub(super) fn loaded(
        &mut self,
        run: RunId,
        loaded: Result<Option<Machine>, StoreError>,
    ) -> Result<(), StoreError> {
        self.loader.active -= 1;
        let letters = match self.slots.remove(run) {
            Some(Slot::Loading(letters)) => letters,
            Some(Slot::Resident(_)) | None => VecDeque::new(),
        };
        let mut machine = match loaded {
            Ok(Some(machine)) => Box::new(machine),
            Ok(None) => {
                refuse(letters, || CommandError::NotFound(run));
                return Ok(());
            }
            // One damaged run must not stop all others.
            Err(StoreError::Corrupt(why)) => {
                tracing::error!(run.id = run.0, %why, "a run cannot be loaded");
                refuse(letters, || StoreError::Corrupt(why.clone()).into());
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        self.bench.revive(&mut machine);
        for letter in letters {
            self.bench.open(&mut machine, letter);
        }
        self.bench.touch(&mut machine);
        self.slots.insert(run, Slot::Resident(machine));
        Ok(())
    }

    /// If a run is over that is not in memory, its parent may not know: it is loaded, and reports.
    pub(super) fn remind(&mut self, run: RunId) {
        if self.slots.contains(run) {
            return;
        }
        let views = Arc::clone(&self.bench.shared.ports().views);
        self.bench.chores.push(Box::pin(async move {
            let summary = views.summary(run).await;
            let is_over = |summary: Option<attune_core::projection::RunSummary>| {
                summary.is_some_and(|summary| summary.status.is_over())
            };
            Done::Reminded(run, summary.map(is_over))
        }));
    }
}

impl<W: World> Bench<W> {
    /// Takes up what a run was doing when it left the memory, or the process ended.
    fn revive(&mut self, machine: &mut Machine) {
        let run = machine.id;
        machine.cautious = run < self.shared.boot;
        for (timer, due) in machine.run.timers() {
            self.timers.set(due, run, timer);
        }
        for (task, key) in machine.run.held_keys() {
            let (home, claim) = (self.key_home(&key), Claim { run, task });
            self.send(home, Peer::Key(KeyRequest::Held { key, claim }));
        }
        let outstanding = machine.run.outstanding();
        let acts = outstanding.into_iter().map(Act::Effect);
        machine.pending.acts.extend(acts);
        for (task, attempt) in machine.run.in_flight() {
            let lost = Delivery::new(abandoned(task, attempt), Origin::Internal);
            self.take(machine, lost);
        }
        if self.is_wary_of(run) && !self.asked.contains(&run) {
            if self.asked.len() >= ASKED_RUNS {
                self.asked.clear();
            }
            self.asked.insert(run);
            self.ask_relatives(machine);
        }
        self.ring_if_ready(machine);
    }

    /// Messages between relatives may be lost, though each has on disk what it did itself.
    fn ask_relatives(&mut self, machine: &Machine) {
        for (_, child) in machine.run.children() {
            let to = self.shared.owner(child);
            self.send(to, Peer::Remind { run: child });
        }
        let parent = machine.run.parent();
        if let Some(parent) = parent.filter(|_| !machine.run.status().is_over()) {
            let reason = pause_reason(parent.run);
            let held = machine.run.pause_reason().is_some_and(|r| **r == *reason);
            let peer = Peer::Orphan {
                parent: Parent { ..parent },
                child: machine.id,
                held,
            };
            self.send(self.shared.owner(parent.run), peer);
        }
    }
}

async fn load<W: World>(shared: &Shared<W>, run: RunId) -> Result<Option<Machine>, StoreError> {
    let ports = shared.ports();
    let Some(loaded) = ports.store.load(run).await? else {
        return Ok(None);
    };
    let definition = shared.definitions.get(&*ports.artifacts, loaded.definition);
    Machine::restore(run, definition.await?, loaded).map(Some)
}

/// Answers commands that came for a run which cannot be had.
fn refuse(letters: VecDeque<Letter>, error: impl Fn() -> CommandError) {
    for letter in letters {
        if let Letter::Event(Delivery {
            origin: Origin::Command(reply),
            ..
        }) = letter
        {
            reply.send(Err(error()));
        }
    }
}
