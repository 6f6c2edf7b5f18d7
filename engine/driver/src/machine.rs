//! A run in memory: its machine, and what this turn has added to it that is not yet appended.

use std::collections::VecDeque;
use std::sync::Arc;

use attune_core::effect::Effect;
use attune_core::event::{AttemptFinished, Outcome, Parent, Usage};
use attune_core::projection::Projection;
use attune_core::step::{StepError, step};
use attune_core::{Definition, Event, EventKind, Run, RunId, TaskId, Timestamp};

use crate::message::{CommandReply, Delivery, StartReply};
use crate::port::{Attempt, Idempotency, Loaded, LogLine, Position, StoreError};

/// A run in memory.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) id: RunId,
    pub(crate) definition: Arc<Definition>,
    pub(crate) run: Arc<Run>,
    /// Events that the machine has seen; those of `pending` are not appended yet.
    pub(crate) events: u64,
    /// Events that the store has taken.
    pub(crate) appended: u64,
    /// Events that the latest stored snapshot has seen.
    pub(crate) kept: u64,
    /// Time of the latest event: a clock that was set back must not turn the run's time.
    pub(crate) latest: Timestamp,
    /// Position of the latest append.
    pub(crate) tail: Position,
    pub(crate) pending: Pending,
    /// Attempts started and not finished.
    pub(crate) in_flight: usize,
    /// Children being created.
    pub(crate) creating: usize,
    /// Events that wait until facts have been fetched for the first of them.
    pub(crate) inbox: VecDeque<Delivery>,
    /// Whether the run is in the ring of runs with ready work.
    pub(crate) in_ring: bool,
    /// Whether the run is in the list of those touched in this turn.
    pub(crate) touched: bool,
    /// Whether every attempt waits for the disk: the run is older than this process, and may
    /// hold the action that killed the process before.
    pub(crate) cautious: bool,
    /// Marks the run's latest entry in the list of idle runs.
    pub(crate) idle: u64,
    pub(crate) live: bool,
    pub(crate) runnable: bool,
    pub(crate) secret: bool,
}

/// What one turn adds to a run.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub(crate) events: Vec<Event>,
    pub(crate) rows: Projection,
    pub(crate) acts: Vec<Act>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) logs: Vec<(TaskId, u32, Vec<LogLine>)>,
    pub(crate) idempotency: Option<Idempotency>,
}

/// Something to be done once the append is taken, or durable.
#[derive(Debug)]
pub(crate) enum Act {
    /// An effect other than an attempt or a timer.
    Effect(Effect),
    /// An attempt; `ahead` may be offered before the disk has it.
    Offer { attempt: Box<Attempt>, ahead: bool },
    /// Tell the parent that its child exists.
    Announce(Parent),
}

/// Somebody who waits to hear what became of an event.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The command was taken, or refused.
    Command(CommandReply, Result<(), crate::handle::CommandError>),
    /// The run was started.
    Start(StartReply),
}

impl Machine {
    /// Makes the machine of a run before its first event.
    pub(crate) fn unborn(id: RunId, definition: Arc<Definition>) -> Self {
        Self {
            id,
            definition,
            run: Arc::default(),
            events: 0,
            appended: 0,
            kept: 0,
            latest: Timestamp::default(),
            tail: Position::default(),
            pending: Pending::default(),
            in_flight: 0,
            creating: 0,
            inbox: VecDeque::new(),
            in_ring: false,
            touched: false,
            cautious: false,
            idle: 0,
            live: true,
            runnable: true,
            secret: false,
        }
    }

    /// Rebuilds a machine from what is stored.
    pub(crate) fn restore(
        id: RunId,
        definition: Arc<Definition>,
        loaded: Loaded,
    ) -> Result<Self, StoreError> {
        let mut machine = Self::unborn(id, definition);
        if let Some((seen, run)) = loaded.snapshot {
            machine.run = run;
            machine.events = seen;
            machine.kept = seen;
        }
        let run = Arc::make_mut(&mut machine.run);
        for event in &loaded.events {
            step(&machine.definition, run, event).map_err(|error| unreplayable(id, &error))?;
            machine.events += 1;
            machine.latest = event.at;
        }
        machine.appended = machine.events;
        machine.live = !machine.run.status().is_over();
        machine.runnable = machine.run.is_runnable();
        machine.secret = machine.run.has_secret();
        Ok(machine)
    }

    /// Records an event that the machine has taken, and what it changes elsewhere.
    pub(crate) fn record(&mut self, event: Event, rows: Projection) {
        self.events += 1;
        self.latest = event.at;
        self.live = rows.live;
        self.runnable = rows.runnable;
        self.secret = self.run.has_secret();
        if self.pending.events.is_empty() {
            self.pending.rows = rows;
        } else {
            self.pending.rows.merge(rows);
        }
        self.pending.events.push(event);
    }

    /// Tells whether nothing of the run is under way in this process but what its ready work
    /// would start.
    pub(crate) fn is_quiet(&self) -> bool {
        self.in_flight == 0
            && self.creating == 0
            && self.inbox.is_empty()
            && !self.touched
            && self.pending.is_empty()
    }
}

impl Pending {
    /// Tells whether the turn has added nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.acts.is_empty() && self.answers.is_empty()
    }
}

/// The event that an attempt was lost with its process.
pub(crate) fn abandoned(task: TaskId, attempt: u32) -> EventKind {
    EventKind::AttemptFinished(Box::new(AttemptFinished {
        task,
        attempt,
        outcome: Outcome::Abandoned,
        usage: Usage::default(),
    }))
}

/// A stored event that the machine does not take.
pub(crate) fn unreplayable(run: RunId, error: &StepError) -> StoreError {
    StoreError::Corrupt(format!("the journal of run `{run}` cannot be replayed: {error}").into())
}
