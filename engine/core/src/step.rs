//! The run machine: `step(definition, run, event)` changes the run and says what must be done.
//!
//! Pure and deterministic: the same definition, run and event always give the same result, so
//! replaying a journal gives the stored state. What depends on the outside world is asked for
//! with [`StepError::Needs`] and then stands in the event.

mod arrive;
mod attempt;
mod block;
mod cancel;
mod child;
mod complete;
mod cut;
mod failure;
mod fork;
mod inquiry;
mod items;
mod join;
mod launch;
mod machine;
mod open;
mod output;
mod pause;
mod phase;
mod place;
mod plan;
mod publish;
mod rerun;
mod retry;
mod settle;
mod sleep;
mod start;
mod timer;
mod trace;
mod transition;
mod view;

use crate::definition::Definition;
use crate::effect::{Change, Effect};
use crate::event::{Event, EventKind, FactKey, TimerId};
use crate::run::{Run, VisitId};
use crate::time::Timestamp;

use machine::Machine;

pub use fork::{ForkPreview, preview_fork};
pub use rerun::preview_rerun;

pub(crate) use trace::{Trace, replay_traced};

/// What a step led to, beside the new state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stepped {
    /// What the shell must do, in order.
    pub effects: Vec<Effect>,
    /// What became visible, in order.
    pub changes: Vec<Change>,
    /// Timers that fired or were cancelled, with the instant they were due.
    pub timers_gone: Vec<(TimerId, Timestamp)>,
}

/// Why a step changed nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StepError {
    /// Expressions of this step ask for these facts; step again with them in the event.
    #[error("the step needs facts")]
    Needs(Vec<FactKey>),
    /// The event does not fit the state.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Why an event does not fit the state of a run. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An echo of something that is over (a late result, a cancelled timer): to be dropped.
    #[error("the event is about something that is over")]
    Stale,
    /// A command that this status forbids.
    #[error("the run is `{status}`", status = .0.as_str())]
    Forbidden(crate::run::RunStatus),
    /// The inquiry or task execution is unknown or no longer waits.
    #[error("task execution `{0}` does not wait for an answer")]
    NotWaiting(crate::id::TaskId),
    /// `rerun_active`: the run has not ended.
    #[error("the run is still active")]
    RerunActive,
    /// `rerun_nothing`: no failure to run again.
    #[error("the run has no failure to run again: name the tasks that shall run")]
    RerunNothing,
    /// `rerun_not_run`: the named task never ran.
    #[error("task `{0}` never ran")]
    RerunNotRun(String),
    /// The event makes no sense in this state: our bug, or a foreign journal.
    #[error("the event does not fit the run: {0}")]
    Illegal(&'static str),
}

/// Applies `event` to `run`.
///
/// # Errors
/// [`StepError::Needs`] if expressions ask for facts that the event does not carry;
/// [`StepError::Refused`] if the event does not fit. In both cases `run` is unchanged.
pub fn step(definition: &Definition, run: &mut Run, event: &Event) -> Result<Stepped, StepError> {
    let turn = on_copy_if_needed(run, |run| {
        let mut machine = Machine::new(definition, run, event);
        machine.apply(&event.kind)?;
        while machine.follow_next()? {}
        Ok(machine.finish())
    })?;
    Ok(turn.stepped)
}

/// What one turn of a run led to: for rehearsals, which put the turns of the machine and the
/// ends of attempts into one queue.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) stepped: Stepped,
    /// Visits that were dispatched or ended without it.
    pub(crate) begun: Vec<VisitId>,
    /// Those, and visits that became ready to be dispatched: the order in which they do so.
    pub(crate) lined_up: Vec<VisitId>,
    /// Whether the next turn belongs to the event itself: it must be taken before anything else.
    pub(crate) urgent: bool,
}

/// Applies `event` without following what has ended.
pub(crate) fn apply(
    definition: &Definition,
    run: &mut Run,
    event: &Event,
) -> Result<Turn, StepError> {
    on_copy_if_needed(run, |run| {
        let mut machine = Machine::new(definition, run, event);
        machine.apply(&event.kind)?;
        Ok(machine.finish())
    })
}

/// Follows the next visit that has ended, or takes the run to its next phase. `None` if there is
/// nothing to follow. The kind of `event` is not looked at.
pub(crate) fn follow(
    definition: &Definition,
    run: &mut Run,
    event: &Event,
) -> Result<Option<Turn>, StepError> {
    on_copy_if_needed(run, |run| {
        let mut machine = Machine::new(definition, run, event);
        let followed = machine.follow_next()?;
        let turn = machine.finish();
        Ok(followed.then_some(turn))
    })
}

/// A step whose expressions may ask for facts may turn back half-way: it works on a copy, whose
/// parts are shared with the original. Every other step checks before it changes anything.
fn on_copy_if_needed<T>(
    run: &mut Run,
    work: impl FnOnce(&mut Run) -> Result<T, StepError>,
) -> Result<T, StepError> {
    if run.birth.as_ref().is_some_and(|birth| !birth.reads_facts) {
        return work(run);
    }
    let mut copy = run.clone();
    let done = work(&mut copy)?;
    *run = copy;
    Ok(done)
}

impl Machine<'_> {
    fn apply(&mut self, kind: &EventKind) -> Result<(), StepError> {
        if self.run.birth.is_none() && !matches!(kind, EventKind::RunStarted(_)) {
            return Err(Refusal::Illegal("its first event is not its start").into());
        }
        self.take(kind)?;
        self.run.updated = self.at;
        self.settle_places()
    }

    fn take(&mut self, kind: &EventKind) -> Result<(), StepError> {
        match kind {
            EventKind::RunStarted(request) => self.run_started(request),
            EventKind::RunReleased => self.run_released(),
            EventKind::AttemptStarted(started) => self.attempt_started(*started),
            EventKind::AttemptFinished(finished) => self.attempt_finished(finished),
            EventKind::TimerFired { timer } => self.timer_fired(*timer),
            EventKind::ChildStarted { task, child } => self.child_started(*task, *child),
            EventKind::ChildRefused { task, failure } => self.child_refused(*task, failure),
            EventKind::ChildEnded(ended) => self.child_ended(ended),
            EventKind::InquiryAnswered { task, value, .. } => self.inquiry_answered(*task, value),
            EventKind::PauseRequested { reason, .. } => self.pause_requested(reason.as_ref()),
            EventKind::ResumeRequested { .. } => self.resume_requested(),
            EventKind::CancelRequested { mode, .. } => self.cancel_requested(*mode),
            EventKind::RerunRequested { tasks, .. } => self.rerun_requested(tasks),
            EventKind::TaskReleased { task } => self.task_released(*task),
        }
    }
}
