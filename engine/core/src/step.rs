//! The run machine: `step(definition, run, event)` changes the run and says what must be done.
//!
//! Pure and deterministic: the same definition, run and event always give the same result, so
//! replaying a journal gives the stored state. What depends on the outside world is asked for
//! with [`StepError::Needs`] and then stands in the event.

use crate::definition::Definition;
use crate::effect::{Change, Effect};
use crate::event::{Event, FactKey};
use crate::run::Run;

/// What a step led to, beside the new state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stepped {
    /// What the shell must do, in order.
    pub effects: Vec<Effect>,
    /// What became visible, in order.
    pub changes: Vec<Change>,
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
    #[error("the run has no failure to run again")]
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
    let _ = (definition, run, event);
    Err(Refusal::Illegal("not born").into())
}
