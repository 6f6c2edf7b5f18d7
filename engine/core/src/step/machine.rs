//! A step at work: the run it changes, what it has led to so far, and the tools all its parts use.

use std::sync::Arc;

use crate::definition::{Definition, Task};
use crate::effect::{Change, Effect};
use crate::event::{Event, Facts, TimerId};
use crate::expr::{Condition, EvalError, Expression, Scope, Template};
use crate::id::TaskIndex;
use crate::run::{GraphId, Kind, Run, RunStatus, TaskStatus, Timer, TimerKind, VisitId};
use crate::time::Timestamp;
use crate::value::Value;

use super::{StepError, Stepped, Trace, Turn};

/// Either the step goes on, or it turns back without a trace.
pub(super) type Flow<T = ()> = Result<T, StepError>;

/// What an expression gave: a value, or why not.
pub(super) type Rendered<T = Value> = Result<T, Arc<str>>;

pub(super) struct Machine<'a> {
    pub(super) definition: &'a Definition,
    pub(super) run: &'a mut Run,
    pub(super) at: Timestamp,
    pub(super) facts: Arc<Facts>,
    /// State of the random sequence that the event's seed begins.
    chance: u64,
    pub(super) out: Stepped,
    pub(super) begun: Vec<VisitId>,
    /// Visits that were dispatched, ended without it or became ready for it, in order.
    pub(super) lined_up: Vec<VisitId>,
    /// The first visit that this step makes.
    pub(super) first_fresh: VisitId,
    /// Graphs in which a place was given back.
    pub(super) freed: Vec<GraphId>,
    /// What conditions saw, where somebody wants to know.
    pub(super) trace: Option<Vec<Trace>>,
    /// Whether the next visit to end does so because of the event itself.
    pub(super) direct: bool,
    urgent: bool,
}

impl<'a> Machine<'a> {
    pub(super) fn new(definition: &'a Definition, run: &'a mut Run, event: &Event) -> Self {
        Self {
            definition,
            first_fresh: VisitId(run.visits.len() as u32),
            run,
            at: event.at,
            facts: Arc::new(event.facts.clone()),
            chance: event.seed,
            out: Stepped::default(),
            begun: Vec::new(),
            lined_up: Vec::new(),
            freed: Vec::new(),
            trace: None,
            direct: false,
            urgent: false,
        }
    }

    /// Follows the next visit that has ended, or takes the run to its next phase.
    pub(super) fn follow_next(&mut self) -> Flow<bool> {
        self.direct = false;
        self.urgent = false;
        let followed = match self.run.queue.pop_front() {
            Some(visit) => self.complete(visit).map(|()| true),
            None => self.advance(),
        }?;
        self.settle_places()?;
        Ok(followed)
    }

    /// Ends the step.
    pub(super) fn finish(self) -> Turn {
        #[cfg(debug_assertions)]
        self.run.check(self.definition);
        Turn {
            stepped: self.out,
            begun: self.begun,
            lined_up: self.lined_up,
            urgent: self.urgent,
        }
    }

    pub(super) fn task(&self, visit: VisitId) -> &'a Task {
        self.definition.task(self.run.visit(visit).task())
    }

    /// Returns who runs a visit's executions.
    pub(super) fn kind(&self, visit: VisitId) -> Kind {
        self.run.declared(self.run.visit(visit).task()).kind
    }

    /// Queues a visit that has ended. The one that the event itself ended goes before those
    /// that ended on the way.
    pub(super) fn enqueue_completion(&mut self, visit: VisitId) {
        if std::mem::take(&mut self.direct) {
            self.urgent = true;
            self.run.queue.push_front(visit);
        } else {
            self.run.queue.push_back(visit);
        }
    }

    /// Notes that a visit was dispatched, or ended without it.
    pub(super) fn mark_begun(&mut self, visit: VisitId) {
        self.begun.push(visit);
        self.lined_up.push(visit);
    }

    pub(super) fn set_status(&mut self, status: RunStatus) {
        if self.run.status() != status {
            self.run.set_status(status);
            self.out.changes.push(Change::RunStatus { status });
        }
    }

    /// Makes a change of an execution visible.
    pub(super) fn show(&mut self, visit: VisitId, index: u32, status: TaskStatus) {
        let name = &self.task(visit).name;
        let found = self.run.visit(visit);
        let execution = found.work.execution(index);
        let failure = match execution {
            Some(execution) => execution.failure.clone(),
            None => found.failure.clone(),
        };
        let change = Change::TaskStatus {
            task: found.id(index),
            name: Arc::clone(name),
            item: found.work.iteration.is_some().then_some(index),
            visit: found.number,
            status,
            attempt: execution.map_or(0, |execution| execution.attempt),
            failure: failure.filter(|_| status.is_over()),
        };
        self.out.changes.push(change);
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.out.effects.push(effect);
    }

    pub(super) fn set_timer(&mut self, due: Timestamp, kind: TimerKind) -> TimerId {
        self.run.next_timer += 1;
        let timer = TimerId(self.run.next_timer);
        self.run.timers.insert(timer, Timer { due, kind });
        self.effect(Effect::SetTimer { timer, due });
        timer
    }

    pub(super) fn cancel_timer(&mut self, timer: TimerId) {
        if let Some(set) = self.run.timers.remove(&timer) {
            self.out.timers_gone.push((timer, set.due));
            self.effect(Effect::CancelTimer { timer });
        }
    }

    /// Draws from 0 to 1, by `SplitMix64`.
    pub(super) fn draw(&mut self) -> f64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.chance;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Tells whether a pause holds everything new.
    pub(super) fn is_paused(&self) -> bool {
        self.run.pause.is_some()
    }

    pub(super) fn task_named(&self, index: TaskIndex) -> &'a Arc<str> {
        &self.definition.task(index).name
    }
}

/// Renders a template: a value, why there is none, or a step that turns back.
pub(super) fn render(template: &Template, scope: &dyn Scope) -> Flow<Rendered> {
    sort(template.render(scope))
}

/// Evaluates an expression.
pub(super) fn eval(expression: &Expression, scope: &dyn Scope) -> Flow<Rendered> {
    sort(expression.eval(scope))
}

/// Evaluates a condition.
pub(super) fn holds(condition: &Condition, scope: &dyn Scope) -> Flow<Rendered<bool>> {
    sort(condition.eval(scope))
}

fn sort<T>(evaluated: Result<T, EvalError>) -> Flow<Rendered<T>> {
    match evaluated {
        Ok(value) => Ok(Ok(value)),
        Err(EvalError::Failed { message }) => Ok(Err(message)),
        Err(EvalError::Needs(keys)) => Err(StepError::Needs(keys)),
    }
}
