//! Ends a turn: one append for each run that it has touched, and what follows from each is
//! performed, or queued until the disk has it.

use std::sync::Arc;

use attune_core::RunId;
use attune_core::projection::Projection;

use super::Actor;
use super::bench::Bench;
use super::outputs::Output;
use super::slots::Slot;
use crate::handle::{Inspected, StartError};
use crate::machine::{Act, Answer, Machine, Pending};
use crate::message::Peer;
use crate::port::{Append, AppendError, Position, Store, StoreError};
use crate::ports::World;
use crate::progress::Progress;

impl<W: World> Actor<W> {
    /// Appends what this turn has added to its runs.
    pub(super) fn flush(&mut self) -> Result<(), StoreError> {
        let mut touched = std::mem::take(&mut self.bench.touched);
        for run in touched.drain(..) {
            self.flush_run(run)?;
        }
        // Nothing is touched while appending, so the emptied list can be used again.
        self.bench.touched = touched;
        Ok(())
    }

    fn flush_run(&mut self, run: RunId) -> Result<(), StoreError> {
        let Some(machine) = self.slots.resident(run) else {
            return Ok(());
        };
        machine.touched = false;
        let mut pending = std::mem::take(&mut machine.pending);
        if pending.events.is_empty() && machine.events == 0 {
            return self.still_unborn(run, pending);
        }
        if !pending.events.is_empty() {
            match self.bench.append(machine, &mut pending) {
                Ok(position) => machine.tail = position,
                Err(error) => return self.not_appended(run, pending, error),
            }
        }
        let (tail, events, over) = (machine.tail, machine.events, machine.run.status().is_over());
        let inspected = || Inspected {
            definition: Arc::clone(&machine.definition),
            run: Arc::clone(&machine.run),
            events,
        };
        if self.watches.is_followed(run) || over && self.watches.wants(run) {
            let progress = Progress { events, over };
            self.bench
                .outputs
                .push(tail, Output::Progress(run, progress));
            if over {
                for ended in self.watches.take_ended(run) {
                    let inspected = Box::new(inspected());
                    self.bench
                        .outputs
                        .push(tail, Output::Ended(ended, inspected));
                }
            }
        }
        self.bench.queue(machine, pending);
        self.bench.settle_later(machine);
        Ok(())
    }

    /// A run whose first event waits for facts, or was refused.
    fn still_unborn(&mut self, run: RunId, pending: Pending) -> Result<(), StoreError> {
        let Some(machine) = self.slots.resident(run) else {
            return Ok(());
        };
        if machine.inbox.is_empty() {
            self.forget(run);
        } else {
            machine.pending = pending;
        }
        Ok(())
    }

    /// A birth that the store refuses is answered so; anything else that it refuses voids all
    /// that is in memory.
    fn not_appended(
        &mut self,
        run: RunId,
        pending: Pending,
        error: AppendError,
    ) -> Result<(), StoreError> {
        let machine = self.slots.resident(run);
        let is_birth = machine.is_some_and(|machine| machine.appended == 0);
        let answer = match error {
            AppendError::Busy if is_birth => StartError::Busy,
            AppendError::Store(StoreError::DiskFull) if is_birth => {
                StartError::Store(StoreError::DiskFull)
            }
            error @ (AppendError::Store(_)
            | AppendError::Busy
            | AppendError::Conflict { .. }
            | AppendError::Fenced(_)) => return Err(void(error)),
        };
        let mut answer = Some(answer);
        for waiting in pending.answers {
            match waiting {
                Answer::Start(reply) => {
                    let answer = answer.take().unwrap_or(StartError::Busy);
                    drop(reply.answer.send(Err(answer)));
                }
                Answer::Command(reply, _) => {
                    reply.send(Err(crate::handle::CommandError::NotFound(run)));
                }
            }
        }
        for act in pending.acts {
            match act {
                Act::Offer { attempt, .. } => drop(self.bench.flights.remove(&attempt.id)),
                Act::Announce(parent) => self.bench.again_later(parent),
                Act::Effect(_) => {}
            }
        }
        self.forget(run);
        Ok(())
    }

    /// Removes a run of which nothing is stored.
    fn forget(&mut self, run: RunId) {
        if let Some(Slot::Resident(machine)) = self.slots.remove(run) {
            for (timer, due) in machine.run.timers() {
                self.bench.timers.unset(due, run, timer);
            }
        }
        drop(self.watches.take_ended(run));
    }
}

impl<W: World> Bench<W> {
    fn append(
        &mut self,
        machine: &mut Machine,
        pending: &mut Pending,
    ) -> Result<Position, AppendError> {
        let events = std::mem::take(&mut pending.events);
        let is_over = machine.run.status().is_over();
        let append = Append {
            shard: machine.id.shard(),
            epoch: self.epoch(machine.id.shard()),
            run: machine.id,
            expected: machine.appended,
            events,
            rows: std::mem::take(&mut pending.rows),
            idempotency: pending.idempotency.take(),
            snapshot: is_over.then(|| Arc::clone(&machine.run)),
            logs: std::mem::take(&mut pending.logs),
            secret: machine.secret,
        };
        let position = self.shared.ports().store.append(append)?;
        machine.appended = machine.events;
        if is_over {
            machine.kept = machine.events;
        }
        self.last = position;
        Ok(position)
    }

    /// Keeps a machine as a snapshot, without an event.
    pub(super) fn append_snapshot(&mut self, machine: &mut Machine) -> Result<(), StoreError> {
        let rows = Projection {
            live: machine.live,
            runnable: machine.runnable,
            ..Projection::default()
        };
        let append = Append {
            shard: machine.id.shard(),
            epoch: self.epoch(machine.id.shard()),
            run: machine.id,
            expected: machine.events,
            events: Vec::new(),
            rows,
            idempotency: None,
            snapshot: Some(Arc::clone(&machine.run)),
            logs: Vec::new(),
            secret: machine.secret,
        };
        let appended = self.shared.ports().store.append(append);
        self.last = appended.map_err(void)?;
        machine.kept = machine.events;
        Ok(())
    }

    /// Queues what may leave only with the append; attempts that run ahead of it leave now.
    fn queue(&mut self, machine: &mut Machine, pending: Pending) {
        let tail = machine.tail;
        for act in pending.acts {
            match act {
                Act::Offer {
                    attempt,
                    ahead: true,
                } => self.offer(attempt),
                Act::Offer {
                    attempt,
                    ahead: false,
                } => self.outputs.push(tail, Output::Offer(attempt)),
                Act::Announce(parent) => {
                    let kind = attune_core::EventKind::ChildStarted {
                        task: parent.task,
                        child: machine.id,
                    };
                    let run = parent.run;
                    let to = self.shared.owner(run);
                    let peer = Peer::Deliver { run, kind };
                    self.outputs.push(tail, Output::Send(to, peer));
                }
                Act::Effect(effect) => self.queue_effect(machine, effect),
            }
        }
        for answer in pending.answers {
            self.outputs.push(tail, Output::Answer(answer));
        }
    }
}

/// What a refused append makes of all that is in memory: it is void, as after a crash.
fn void(error: AppendError) -> StoreError {
    match error {
        AppendError::Store(error) => error,
        AppendError::Busy | AppendError::Conflict { .. } | AppendError::Fenced(_) => {
            StoreError::Io(error.to_string().into())
        }
    }
}
