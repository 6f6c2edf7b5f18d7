//! Starts attempts: the ring of ready runs is served in turn, one attempt each, as places free.

use std::sync::Arc;

use attune_core::definition::TaskLimits;
use attune_core::effect::StartAttempt;
use attune_core::error::{Failure, kind};
use attune_core::event::{AttemptStarted, Outcome, Usage};
use attune_core::pin::AttemptLimits;
use attune_core::{AttemptId, EventKind, Value};

use super::Actor;
use super::bench::Bench;
use crate::config::{BUSY_AGAIN, TURN_ATTEMPTS};
use crate::machine::{Act, Machine};
use crate::message::{Delivery, Origin, Place};
use crate::port::{Attempt, Dispatch, Finished, Full, Store};
use crate::ports::World;

impl<W: World> Actor<W> {
    /// Starts what may start in this turn.
    pub(super) fn serve_ring(&mut self) {
        self.serve_turn();
        // A place that was waited for and is not used now belongs to whoever waits next.
        self.bench.spare = None;
    }

    fn serve_turn(&mut self) {
        let bench = &mut self.bench;
        bench.offer_stalled();
        (bench.hungry, bench.more_ready, bench.retry_at) = (false, false, None);
        let held = bench.stopping || bench.outbox.is_full() || !bench.stalled.is_empty();
        if held || bench.ring.is_empty() {
            return;
        }
        if bench.shared.ports().store.is_busy() {
            bench.retry_at = Some(bench.now.after(BUSY_AGAIN));
            return;
        }
        for _ in 0..TURN_ATTEMPTS {
            let Some(run) = bench.ring.pop_front() else {
                return;
            };
            let Some(machine) = self.slots.resident(run) else {
                continue;
            };
            let ready = machine.run.next_ready();
            let Some(ready) = ready.filter(|_| machine.inbox.is_empty()) else {
                machine.in_ring = false;
                bench.touch(machine);
                continue;
            };
            let Some(place) = bench.place() else {
                bench.ring.push_front(run);
                bench.hungry = true;
                return;
            };
            bench.ring.push_back(run);
            let ahead = ready.pure && !machine.cautious;
            let (task, attempt) = (ready.task, ready.attempt);
            let kind = EventKind::AttemptStarted(AttemptStarted { task, attempt });
            bench.take(
                machine,
                Delivery::new(kind, Origin::Attempt { place, ahead }),
            );
        }
        bench.more_ready = true;
    }
}

impl<W: World> Bench<W> {
    /// Puts a run into the ring if it has ready work.
    pub(super) fn ring_if_ready(&mut self, machine: &mut Machine) {
        if !machine.in_ring && machine.run.next_ready().is_some() {
            machine.in_ring = true;
            self.ring.push_back(machine.id);
        }
    }

    fn place(&mut self) -> Option<Place> {
        if let Some(spare) = self.spare.take() {
            return Some(spare);
        }
        let places = Arc::clone(&self.shared.places);
        places.try_acquire_owned().ok()
    }

    /// Makes the attempt that a step asked for, to be offered once its start is recorded.
    pub(super) fn begin_attempt(
        &mut self,
        machine: &mut Machine,
        start: StartAttempt,
        place: Place,
        ahead: bool,
    ) {
        let id = AttemptId {
            run: machine.id,
            task: start.task,
            attempt: start.attempt,
        };
        machine.in_flight += 1;
        self.flights.insert(id, place);
        let Some(attempt) = self.attempt(machine, id, start) else {
            return;
        };
        let attempt = Box::new(attempt);
        machine.pending.acts.push(Act::Offer { attempt, ahead });
    }

    fn attempt(
        &mut self,
        machine: &Machine,
        id: AttemptId,
        start: StartAttempt,
    ) -> Option<Attempt> {
        let Some(action) = start.action else {
            let failure = Failure::engine(kind::UNKNOWN_ACTION, "the action is not known");
            self.own_results.push(ended(id, Outcome::Failed(failure)));
            return None;
        };
        let pack = action.pack(&machine.definition.reference);
        let configs = machine.run.pins().map(|pins| &pins.configs);
        let config = configs.and_then(|configs| configs.get_key_value(pack));
        let (pack, config) = match config {
            Some((pack, config)) => (Arc::clone(pack), config.clone()),
            None => (pack.into(), Value::Map(Arc::default())),
        };
        Some(Attempt {
            id,
            name: start.name,
            pack,
            config,
            input: start.input,
            limits: lower(action.limits, &start.limits),
            context: start.context,
            started: self.now,
            pure: action.pure,
            cache: machine.definition.task(start.index).cache,
            action,
        })
    }

    /// Offers an attempt; without a place for it, it waits for the next one.
    pub(super) fn offer(&mut self, attempt: Box<Attempt>) {
        if self.stalled.is_empty() {
            self.try_offer(attempt);
        } else {
            self.stalled.push_back(attempt);
        }
    }

    fn offer_stalled(&mut self) {
        while let Some(attempt) = self.stalled.pop_front() {
            if !self.try_offer(attempt) {
                return;
            }
        }
    }

    fn try_offer(&mut self, attempt: Box<Attempt>) -> bool {
        if !self.flights.contains_key(&attempt.id) {
            return true;
        }
        match self.shared.ports().dispatch.offer(attempt) {
            Ok(()) => true,
            Err(Full(attempt)) => {
                self.stalled.push_front(attempt);
                false
            }
        }
    }

    /// Interrupts an attempt, wherever it is.
    pub(super) fn interrupt(&mut self, id: AttemptId) {
        let stalled = self.stalled.iter().position(|attempt| attempt.id == id);
        if let Some(place) = stalled {
            self.stalled.remove(place);
            self.own_results.push(ended(id, Outcome::Interrupted));
        } else {
            self.shared.ports().dispatch.interrupt(id);
        }
    }
}

/// The end of an attempt that no runner has seen.
fn ended(id: AttemptId, outcome: Outcome) -> Finished {
    Finished {
        id,
        outcome,
        usage: Usage::default(),
        logs: Vec::new(),
    }
}

/// The action's limits, lowered to the task's.
fn lower(limits: AttemptLimits, task: &TaskLimits) -> AttemptLimits {
    let least = |own: u64, asked: Option<u64>| asked.map_or(own, |asked| asked.min(own));
    AttemptLimits {
        fuel: least(limits.fuel, task.fuel),
        memory_bytes: least(limits.memory_bytes, task.memory_bytes),
        output_bytes: least(limits.output_bytes, task.output_bytes),
        ..limits
    }
}
