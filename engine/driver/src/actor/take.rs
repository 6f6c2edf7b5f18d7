//! From what has come in to events, and from events to steps of machines.

use std::collections::VecDeque;
use std::sync::Arc;

use attune_core::event::{AttemptFinished, FactKey, Facts};
use attune_core::projection::project;
use attune_core::step::{Refusal, StepError, Stepped, step};
use attune_core::{Effect, Event, EventKind, RunId, pack_of};

use super::Actor;
use super::bench::Bench;
use super::outputs::Output;
use super::slots::Slot;
use super::sources::Done;
use crate::config::{FACT_ROUNDS, RUN_INBOX, TURN_PEERS};
use crate::handle::{CommandError, StartError};
use crate::machine::{Act, Answer, Machine};
use crate::message::{Birth, Delivery, Letter, Origin, Peer, Request};
use crate::port::{Finished, Random, StoreError};
use crate::ports::World;
use crate::progress::Progress;

impl<W: World> Actor<W> {
    /// Takes what has come in, results first: they free places.
    pub(super) fn take_in(&mut self) -> Result<(), StoreError> {
        if std::mem::take(&mut self.sources.intake.stopping) {
            self.begin_stop();
        }
        if let Some(place) = self.sources.intake.place.take() {
            self.bench.spare = Some(place);
        }
        if let Some(durable) = self.sources.intake.durable.take() {
            self.bench.synced = self.bench.synced.max(durable?);
        }
        self.take_results();
        self.take_messages();
        let mut done = std::mem::take(&mut self.sources.intake.done);
        for done in done.drain(..) {
            self.take_done(done)?;
        }
        self.sources.intake.done = done;
        self.fire_timers();
        Ok(())
    }

    fn take_results(&mut self) {
        let mut results = std::mem::take(&mut self.sources.intake.results);
        results.append(&mut self.bench.own_results);
        for finished in results.drain(..) {
            self.take_result(finished);
        }
        self.sources.intake.results = results;
    }

    fn take_result(&mut self, finished: Finished) {
        let id = finished.id;
        // A result that nobody waits for is of an attempt from before a failure of the store.
        let Some(place) = self.bench.flights.remove(&id) else {
            return;
        };
        drop(place);
        let Some(machine) = self.slots.resident(id.run) else {
            return;
        };
        machine.in_flight -= 1;
        let ended = AttemptFinished {
            task: id.task,
            attempt: id.attempt,
            outcome: finished.outcome,
            usage: finished.usage,
        };
        let origin = Origin::Finished {
            task: id.task,
            attempt: id.attempt,
            logs: finished.logs,
        };
        let kind = EventKind::AttemptFinished(Box::new(ended));
        self.bench.take(machine, Delivery::new(kind, origin));
        self.bench.touch(machine);
    }

    fn take_messages(&mut self) {
        for (run, delivery) in std::mem::take(&mut self.bench.put_off) {
            self.deliver(run, delivery);
        }
        for _ in 0..TURN_PEERS {
            let Some(peer) = self.bench.own_peers.pop_front() else {
                break;
            };
            self.take_peer(peer);
        }
        let mut peers = std::mem::take(&mut self.sources.intake.peers);
        for peer in peers.drain(..) {
            self.take_peer(peer);
        }
        self.sources.intake.peers = peers;
        let mut requests = std::mem::take(&mut self.sources.intake.requests);
        for request in requests.drain(..) {
            self.take_request(request);
        }
        self.sources.intake.requests = requests;
    }

    fn take_request(&mut self, request: Request) {
        match request {
            Request::Start(birth) => self.bear(*birth),
            Request::Command { run, kind, reply } => {
                self.deliver(run, Delivery::new(kind, Origin::Command(reply)));
            }
            Request::Watch { run, steps, reply } => {
                self.watches.watch(run, steps, reply);
                self.tell_of_tail(run, steps);
            }
            Request::Key(request) => self.take_key(request),
        }
    }

    /// Arranges that a new watcher is told of what was appended before it came and is not on disk
    /// yet: it reads the store, which lacks that until then, and nobody else may come to tell it.
    fn tell_of_tail(&mut self, run: RunId, steps: bool) {
        // A run with anything that is not on disk is in memory; one that is touched tells when it
        // is appended.
        let Some(machine) = self.slots.resident(run) else {
            return;
        };
        if machine.touched || machine.tail <= self.bench.synced {
            return;
        }
        let (events, over) = (machine.events, machine.run.status().is_over());
        if !steps && !over {
            return;
        }
        let progress = Progress { events, over };
        let tail = machine.tail;
        self.bench
            .outputs
            .push(tail, Output::Progress(run, progress));
    }

    fn take_peer(&mut self, peer: Peer) {
        match peer {
            Peer::Birth(birth) => self.bear(*birth),
            Peer::Deliver { run, kind } => self.deliver(run, Delivery::new(kind, Origin::Internal)),
            Peer::Remind { run } => self.remind(run),
            Peer::Orphan {
                parent,
                child,
                held,
            } => {
                let task = parent.task;
                self.post(parent.run, Letter::Orphan { task, child, held });
            }
            Peer::Again { parent } => self.post(parent.run, Letter::Again { task: parent.task }),
            Peer::Key(request) => self.take_key(request),
        }
    }

    fn take_done(&mut self, done: Done) -> Result<(), StoreError> {
        match done {
            Done::Loaded(run, loaded) => self.loaded(run, *loaded),
            Done::Runnable(shard, found) => {
                self.found_runnable(shard, &found?);
                Ok(())
            }
            Done::Due(shard, found) => {
                let (due, next) = found?;
                self.found_due(shard, &due, next);
                Ok(())
            }
            Done::Facts(run, facts) => {
                let facts = facts?;
                if let Some(machine) = self.slots.resident(run) {
                    self.bench.answer_facts(machine, facts);
                }
                Ok(())
            }
            Done::Child(parent, task, child) => self.found_child(parent, task, child?),
            Done::Again(parent) => {
                self.bench
                    .send(self.bench.shared.owner(parent.run), Peer::Again { parent });
                Ok(())
            }
            Done::Reminded(run, is_over) => {
                if is_over? && !self.slots.contains(run) {
                    self.fetch(run, VecDeque::new());
                }
                Ok(())
            }
        }
    }

    /// Makes a run's machine and gives it its first event.
    fn bear(&mut self, birth: Birth) {
        let run = birth.started.run;
        let mut machine = Box::new(Machine::unborn(run, birth.definition));
        machine.pending.idempotency = birth.idempotency;
        if let Some(ended) = birth.ended {
            self.watches.await_end(run, ended);
        }
        let kind = EventKind::RunStarted(birth.started);
        let delivery = Delivery::new(kind, Origin::Birth(birth.reply));
        self.bench.take(&mut machine, delivery);
        self.bench.touch(&mut machine);
        self.slots.insert(run, Slot::Resident(machine));
    }

    /// Gives an event to a run, loading it if need be.
    pub(super) fn deliver(&mut self, run: RunId, delivery: Delivery) {
        if let Some(machine) = self.slots.resident(run) {
            self.bench.take(machine, delivery);
        } else {
            self.post(run, Letter::Event(delivery));
        }
    }

    /// Gives a letter to a run, loading it if need be.
    fn post(&mut self, run: RunId, letter: Letter) {
        match self.slots.get_mut(run) {
            Some(Slot::Resident(machine)) => self.bench.open(machine, letter),
            Some(Slot::Loading(letters)) if letters.len() < RUN_INBOX => letters.push_back(letter),
            Some(Slot::Loading(letters)) => {
                if let Some(letter) = letter.refuse_if_command() {
                    letters.push_back(letter);
                }
            }
            None => self.fetch(run, VecDeque::from([letter])),
        }
    }
}

impl<W: World> Bench<W> {
    /// Remembers that a machine has something to append, to perform or to answer.
    pub(super) fn touch(&mut self, machine: &mut Machine) {
        if !machine.touched {
            machine.touched = true;
            self.touched.push(machine.id);
        }
    }

    /// Gives an event to a machine, after those that wait for facts.
    pub(super) fn take(&mut self, machine: &mut Machine, delivery: Delivery) {
        if machine.inbox.is_empty() {
            self.apply(machine, delivery);
        } else if machine.inbox.len() < RUN_INBOX {
            machine.inbox.push_back(delivery);
        } else if let Some(Letter::Event(delivery)) = Letter::Event(delivery).refuse_if_command() {
            machine.inbox.push_back(delivery);
        }
    }

    fn apply(&mut self, machine: &mut Machine, delivery: Delivery) {
        if is_second_key(machine, &delivery.origin) {
            self.put_off.push((machine.id, delivery));
            return;
        }
        let event = Event {
            at: self.now.max(machine.latest),
            seed: self.shared.ports().random.next(),
            facts: delivery.facts,
            kind: delivery.kind,
        };
        if matches!(
            event.kind,
            EventKind::ChildStarted { .. } | EventKind::ChildRefused { .. }
        ) {
            machine.creating = machine.creating.saturating_sub(1);
        }
        let before = machine.run.status();
        let born = machine.events > 0;
        match step(&machine.definition, Arc::make_mut(&mut machine.run), &event) {
            Ok(stepped) => {
                let rows = project(born.then_some(before), &machine.run, &stepped);
                machine.record(event, rows);
                self.applied(machine, stepped, delivery.origin);
            }
            Err(StepError::Needs(keys)) => {
                let delivery = Delivery {
                    kind: event.kind,
                    facts: event.facts,
                    rounds: delivery.rounds + 1,
                    origin: delivery.origin,
                };
                self.ask(machine, delivery, keys);
            }
            Err(StepError::Refused(refusal)) => {
                self.refused(machine, refusal, &event.kind, delivery.origin);
            }
        }
    }

    fn applied(&mut self, machine: &mut Machine, stepped: Stepped, origin: Origin) {
        self.touch(machine);
        for (timer, due) in stepped.timers_gone {
            self.timers.unset(due, machine.id, timer);
        }
        let mut starting = None;
        match origin {
            Origin::Internal => {}
            Origin::Command(reply) => {
                if let Some(key) = &reply.key {
                    machine.pending.idempotency = Some(key.idempotency);
                }
                machine.pending.answers.push(Answer::Command(reply, Ok(())));
            }
            Origin::Birth(Some(reply)) => machine.pending.answers.push(Answer::Start(reply)),
            Origin::Birth(None) => {
                let parent = machine.run.parent();
                machine.pending.acts.extend(parent.map(Act::Announce));
            }
            Origin::Attempt { place, ahead } => starting = Some((place, ahead)),
            Origin::Finished {
                task,
                attempt,
                logs,
            } => {
                if !logs.is_empty() {
                    machine.pending.logs.push((task, attempt, logs));
                }
            }
        }
        for effect in stepped.effects {
            match effect {
                Effect::SetTimer { timer, due } => self.timers.set(due, machine.id, timer),
                Effect::CancelTimer { .. }
                | Effect::OpenInquiry(_)
                | Effect::CloseInquiry { .. } => {}
                Effect::StartAttempt(start) => {
                    if let Some((place, ahead)) = starting.take() {
                        self.begin_attempt(machine, *start, place, ahead);
                    }
                }
                effect @ (Effect::InterruptAttempt { .. }
                | Effect::StartChild(_)
                | Effect::CancelChild { .. }
                | Effect::PauseChild { .. }
                | Effect::ResumeChild { .. }
                | Effect::AcquireKey { .. }
                | Effect::ReleaseKey { .. }
                | Effect::ReportToParent { .. }) => machine.pending.acts.push(Act::Effect(effect)),
            }
        }
        self.ring_if_ready(machine);
    }

    fn refused(
        &mut self,
        machine: &mut Machine,
        refusal: Refusal,
        kind: &EventKind,
        origin: Origin,
    ) {
        if let Refusal::Illegal(why) = refusal {
            tracing::error!(run.id = machine.id.0, why, "an event did not fit its run");
        }
        match origin {
            // What refuses it may not be on disk yet, so the answer waits like any other.
            Origin::Command(reply) => {
                let refused = Err(CommandError::Refused(refusal));
                machine
                    .pending
                    .answers
                    .push(Answer::Command(reply, refused));
                self.touch(machine);
            }
            Origin::Birth(Some(reply)) => {
                let text = format!("run `{}` cannot be born: {refusal}", machine.id);
                let error = StartError::Store(StoreError::Corrupt(text.into()));
                drop(reply.answer.send(Err(error)));
            }
            Origin::Birth(None) => self.refuse_child(kind, &refusal),
            Origin::Internal | Origin::Attempt { .. } | Origin::Finished { .. } => {}
        }
        self.ring_if_ready(machine);
    }

    /// Fetches facts for a step. Whatever else comes for the run waits until they are here.
    fn ask(&mut self, machine: &mut Machine, delivery: Delivery, mut keys: Vec<FactKey>) {
        keys.retain(|key| !delivery.facts.contains_key(key));
        if keys.is_empty() || delivery.rounds > FACT_ROUNDS {
            let why = "it asks for the same facts for ever";
            let refusal = Refusal::Illegal(why);
            return self.refused(machine, refusal, &delivery.kind, delivery.origin);
        }
        let workflow = if let EventKind::RunStarted(started) = &delivery.kind {
            Some(&started.workflow)
        } else {
            machine.run.workflow()
        };
        let reference = workflow.map_or("", |pin| &*pin.reference);
        let pack: Arc<str> = pack_of(reference).into();
        machine.inbox.push_front(delivery);
        let (facts, run) = (Arc::clone(&self.shared.ports().facts), machine.id);
        self.chores.push(Box::pin(async move {
            let mut answers = Facts::new();
            for key in keys {
                match facts.fact(&pack, &key).await {
                    Ok(value) => drop(answers.insert(key, value)),
                    Err(error) => return Done::Facts(run, Err(error)),
                }
            }
            Done::Facts(run, Ok(answers))
        }));
    }

    fn answer_facts(&mut self, machine: &mut Machine, facts: Facts) {
        let mut waiting = std::mem::take(&mut machine.inbox);
        if let Some(first) = waiting.front_mut() {
            first.facts.extend(facts);
        }
        while let Some(delivery) = waiting.pop_front() {
            self.apply(machine, delivery);
            if !machine.inbox.is_empty() {
                machine.inbox.append(&mut waiting);
                return;
            }
        }
    }
}

/// One append remembers one request: a second one with a key waits for the next turn.
fn is_second_key(machine: &Machine, origin: &Origin) -> bool {
    let keyed = matches!(origin, Origin::Command(reply) if reply.key.is_some());
    keyed && machine.pending.idempotency.is_some()
}
