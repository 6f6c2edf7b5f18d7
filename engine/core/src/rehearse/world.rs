//! The world of a rehearsal: runs, one queue for all that ends, and virtual time.
//!
//! What ends is followed first in, first out, whether an attempt, a skip or a block; of what one
//! turn sets going, visits that were made earlier come first.

mod dispatch;
mod effects;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::definition::Definition;
use crate::event::{ChildEnded, Event, EventKind, FactKey, Facts, Outcome, RunStarted, TimerId};
use crate::id::{RunId, TaskId};
use crate::run::{Run, RunStatus, VisitId};
use crate::spec::schema::Schema;
use crate::step::{self, Refusal, StepError};
use crate::time::{Millis, Timestamp};
use crate::value::Value;

use super::mock::Mocks;
use super::op::{Moment, Planned};

/// How many turns a rehearsal may take: more than any workflow within its limits does.
const MAX_TURNS: u32 = 2_000_000;

/// When rehearsals begin: 2026-01-01T00:00:00Z.
const BEGIN: Timestamp = Timestamp(1_767_225_600_000);

/// The run a rehearsal is about; its children follow.
pub(super) const ROOT: RunId = RunId(1);

/// Something that has ended or comes due.
#[derive(Clone, Debug)]
enum Message {
    /// The next visit that ended within the machine is followed.
    Follow(RunId),
    Finished(RunId, TaskId, u32, Outcome),
    Answered(RunId, TaskId, Value),
    ChildEnded(RunId, Box<ChildEnded>),
    ChildRefused(RunId, TaskId, crate::error::Failure),
    Due(RunId, TimerId),
    Op(usize),
}

/// A run, and what the world keeps about it.
struct Member {
    definition: Arc<Definition>,
    run: Run,
    /// How many of the visits in the machine's queue stand in the world's queue.
    announced: usize,
    /// Whether the first visit in the machine's queue is about to be followed.
    pending: bool,
}

/// All that a rehearsal runs in.
pub(super) struct World {
    members: BTreeMap<RunId, Member>,
    pub(super) definitions: BTreeMap<Arc<str>, Arc<Definition>>,
    kv: BTreeMap<String, Value>,
    pub(super) mocks: Mocks,
    ops: Vec<Option<Planned>>,
    queue: VecDeque<Message>,
    later: BTreeMap<(Timestamp, u64), Message>,
    /// Concurrency keys: the holder first, then who waits.
    keys: BTreeMap<Arc<str>, Vec<Waiter>>,
    now: Timestamp,
    ordinal: u64,
    /// Tasks of the root run in order of dispatch.
    pub(super) sequence: Vec<Arc<str>>,
}

/// Who holds or waits for a concurrency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Waiter {
    run: RunId,
    task: Option<TaskId>,
    priority: i32,
}

/// What one turn of a run set going.
#[derive(Default)]
struct Going {
    begun: Vec<VisitId>,
    /// Position of visits in the order of their dispatch.
    order: BTreeMap<VisitId, usize>,
    attempts: Vec<(VisitId, Message)>,
}

impl Going {
    /// Returns where a visit stands among those of this turn: what was ready before comes first.
    fn position(&self, visit: VisitId) -> (Option<usize>, VisitId) {
        (self.order.get(&visit).copied(), visit)
    }
}

impl World {
    pub(super) fn new(
        definitions: BTreeMap<Arc<str>, Arc<Definition>>,
        kv: BTreeMap<String, Value>,
        ops: Vec<Planned>,
    ) -> Self {
        let mut world = Self {
            members: BTreeMap::new(),
            definitions,
            kv,
            mocks: Mocks::default(),
            ops: Vec::new(),
            queue: VecDeque::new(),
            later: BTreeMap::new(),
            keys: BTreeMap::new(),
            now: BEGIN,
            ordinal: 0,
            sequence: Vec::new(),
        };
        for (place, op) in ops.into_iter().enumerate() {
            if let Moment::Time(wait) = op.moment {
                world.put_later(wait, Message::Op(place));
            }
            world.ops.push(Some(op));
        }
        world
    }

    pub(super) fn root(&self) -> &Run {
        &self.members[&ROOT].run
    }

    /// Starts a run.
    pub(super) fn start(&mut self, definition: Arc<Definition>, request: RunStarted) {
        let id = request.run;
        self.members.insert(
            id,
            Member {
                definition,
                run: Run::default(),
                announced: 0,
                pending: false,
            },
        );
        let started = EventKind::RunStarted(Box::new(request));
        // A run that refuses its own start would be our bug: it stays without status.
        drop(self.tell(id, started));
    }

    /// Goes on until nothing can happen any more.
    pub(super) fn settle(&mut self) {
        for _ in 0..MAX_TURNS {
            self.do_ops_for_status();
            let Some(message) = self.queue.pop_front() else {
                if self.let_time_pass() {
                    continue;
                }
                return;
            };
            self.take(message);
        }
    }

    fn take(&mut self, message: Message) {
        let told = match message {
            Message::Follow(run) => {
                self.follow(run);
                return;
            }
            Message::Op(place) => {
                self.do_op(place);
                return;
            }
            Message::Finished(run, task, attempt, outcome) => {
                self.tell(run, finished(task, attempt, outcome))
            }
            Message::Answered(run, task, value) => {
                let by = "tester".into();
                self.tell(run, EventKind::InquiryAnswered { task, value, by })
            }
            Message::ChildEnded(run, ended) => self.tell(run, EventKind::ChildEnded(ended)),
            Message::ChildRefused(run, task, failure) => {
                self.tell(run, EventKind::ChildRefused { task, failure })
            }
            Message::Due(run, timer) => self.tell(run, EventKind::TimerFired { timer }),
        };
        // What comes too late is stale, as in life.
        drop(told);
    }

    /// Moves all that is due next into the queue.
    fn let_time_pass(&mut self) -> bool {
        self.forget_cancelled_timers();
        let Some((&(due, _), _)) = self.later.first_key_value() else {
            return false;
        };
        self.now = due;
        while let Some(entry) = self.later.first_entry() {
            if entry.key().0 > due {
                break;
            }
            self.queue.push_back(entry.remove());
        }
        true
    }

    fn forget_cancelled_timers(&mut self) {
        let members = &self.members;
        self.later.retain(|_, message| match message {
            Message::Due(run, timer) => members[run].run.timers.contains_key(timer),
            Message::Follow(_)
            | Message::Finished(..)
            | Message::Answered(..)
            | Message::ChildEnded(..)
            | Message::ChildRefused(..)
            | Message::Op(_) => true,
        });
    }

    fn put_later(&mut self, wait: Millis, message: Message) {
        self.ordinal += 1;
        self.later
            .insert((self.now.after(wait), self.ordinal), message);
    }

    /// Tells a run an event, and does all that follows at once.
    pub(super) fn tell(&mut self, run: RunId, kind: EventKind) -> Result<(), Refusal> {
        let over = self.items_over(run, &kind);
        let turn = self.turn(run, kind, step::apply)?;
        let urgent = turn.urgent;
        let mut going = Going::default();
        self.perform(run, turn, &mut going);
        if let Some((name, index)) = over {
            self.do_ops_after(&name, Some(index));
        }
        if urgent {
            self.follow_pending(run, &mut going);
        }
        self.conclude(run, going);
        Ok(())
    }

    /// Tells a run what its own turn has led to, as a part of that turn.
    fn tell_within(&mut self, run: RunId, kind: EventKind, going: &mut Going) {
        // What comes too late is stale, as in life.
        if let Ok(turn) = self.turn(run, kind, step::apply) {
            self.perform(run, turn, going);
        }
    }

    /// Follows the next visit that ended within the machine.
    fn follow(&mut self, run: RunId) {
        let mut going = Going::default();
        if let Some(member) = self.members.get_mut(&run) {
            member.announced = member.announced.saturating_sub(1);
        }
        self.follow_pending(run, &mut going);
        self.conclude(run, going);
    }

    /// Follows a visit whose turn it is, after what is to be done before.
    fn follow_pending(&mut self, run: RunId, going: &mut Going) {
        self.set_pending(run, true);
        self.do_ops_after_next(run);
        self.set_pending(run, false);
        self.follow_into(run, going);
    }

    fn set_pending(&mut self, run: RunId, pending: bool) {
        if let Some(member) = self.members.get_mut(&run) {
            member.pending = pending;
        }
    }

    fn follow_into(&mut self, run: RunId, going: &mut Going) -> bool {
        let nothing = EventKind::RunReleased;
        let turn = self.turn(run, nothing, |definition, run, event| {
            step::follow(definition, run, event)
        });
        match turn {
            Ok(Some(turn)) => {
                self.perform(run, turn, going);
                true
            }
            Ok(None) | Err(_) => false,
        }
    }

    /// Takes one turn of a run, giving it the facts it asks for.
    fn turn<T>(
        &mut self,
        run: RunId,
        kind: EventKind,
        work: impl Fn(&Definition, &mut Run, &Event) -> Result<T, StepError>,
    ) -> Result<T, Refusal> {
        self.ordinal += 1;
        let mut event = Event {
            at: self.now,
            seed: self.ordinal,
            facts: Facts::new(),
            kind,
        };
        loop {
            let Some(member) = self.members.get_mut(&run) else {
                return Err(Refusal::Stale);
            };
            match work(&member.definition, &mut member.run, &event) {
                Ok(turn) => return Ok(turn),
                Err(StepError::Refused(refusal)) => return Err(refusal),
                Err(StepError::Needs(keys)) => {
                    for key in keys {
                        let value = self.fact(&key);
                        event.facts.insert(key, value);
                    }
                }
            }
        }
    }

    fn fact(&self, key: &FactKey) -> Value {
        match key {
            FactKey::Kv(name) => self.kv.get(&**name).cloned().unwrap_or_default(),
            FactKey::Secret(name) => self.kv.get(&**name).cloned().unwrap_or_default().secret(),
        }
    }

    /// Names the item whose execution an event ends, so that what is to be done after it can be.
    fn items_over(&self, run: RunId, kind: &EventKind) -> Option<(Arc<str>, u32)> {
        let EventKind::AttemptFinished(finished) = kind else {
            return None;
        };
        let run = &self.members.get(&run)?.run;
        let (visit, index) = run.find(finished.task)?;
        Some((run.task_name(run.visit(visit).task())?, index))
    }

    fn do_ops_after_next(&mut self, run: RunId) {
        let Some(member) = self.members.get(&run) else {
            return;
        };
        let next = member.run.queue.front().copied();
        let name = next.and_then(|visit| member.run.task_name(member.run.visit(visit).task()));
        if let Some(name) = name {
            self.do_ops_after(&name, None);
        }
    }

    fn do_ops_after(&mut self, task: &str, item: Option<u32>) {
        for place in 0..self.ops.len() {
            let after = self.ops[place].as_ref().map(|op| &op.moment);
            if matches!(after, Some(Moment::After(name, index)) if name == task && *index == item) {
                self.do_op(place);
            }
        }
    }

    fn do_ops_for_status(&mut self) {
        for place in 0..self.ops.len() {
            let Some(member) = self.members.get(&ROOT) else {
                return;
            };
            let status: RunStatus = member.run.status();
            let at = self.ops[place].as_ref().map(|op| &op.moment);
            if at == Some(&Moment::Status(status)) {
                self.do_op(place);
            }
        }
    }

    fn do_op(&mut self, place: usize) {
        let Some(op) = self.ops[place].take() else {
            return;
        };
        // An operation that comes at the wrong time is refused; that is not the case's concern.
        match op.event() {
            Some(event) => drop(self.tell(ROOT, event)),
            None => self.respond(op.op.task.as_deref().unwrap_or(""), &op.answer()),
        }
    }

    fn respond(&mut self, name: &str, value: &Value) {
        let runs: Vec<RunId> = self.members.keys().copied().collect();
        for run in runs {
            let member = &self.members[&run].run;
            if let Some(task) = member.waiting_inquiry(name) {
                if !takes(member, task, value) {
                    return;
                }
                let (value, by) = (value.clone(), "tester".into());
                drop(self.tell(run, EventKind::InquiryAnswered { task, value, by }));
                return;
            }
        }
    }
}

/// Tells whether an inquiry takes an answer. One that it does not is refused, as in life.
fn takes(run: &Run, task: TaskId, answer: &Value) -> bool {
    let schema = run.inquiry(task).and_then(|inquiry| inquiry.schema);
    let schema = schema.and_then(|schema| Schema::from_value(&schema).ok());
    schema.is_none_or(|schema| schema.mismatches(answer).is_empty())
}

fn finished(task: TaskId, attempt: u32, outcome: Outcome) -> EventKind {
    EventKind::AttemptFinished(Box::new(crate::event::AttemptFinished {
        task,
        attempt,
        outcome,
        usage: crate::event::Usage::default(),
    }))
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}
