//! What can happen to a run. The journal is the list of its events, in order.
//!
//! Events are inputs: what follows from them (tasks skipped, variables published, branches
//! taken) is computed again by [`step`](crate::step::step) on replay and shown as
//! [`Change`](crate::effect::Change)s. The encoded form is versioned by the store; variants and
//! fields are only ever added, at the end.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::Failure;
use crate::id::{Digest, RunId, TaskId};
use crate::pin::{Pins, WorkflowPin};
use crate::time::{Millis, Timestamp};
use crate::value::Value;

/// Something that happened, with all that a pure step needs to know of the world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When the shell took it.
    pub at: Timestamp,
    /// Randomness for whatever the step draws (jitter).
    pub seed: u64,
    /// What outside state answered to the expressions that this step evaluates.
    pub facts: Facts,
    /// What happened.
    pub kind: EventKind,
}

/// Answers of outside state, by what was asked. See [`step`](crate::step::step).
pub type Facts = BTreeMap<FactKey, Value>;

/// A question that an expression asks the outside world.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FactKey {
    /// `kv.get(key)` of the workflow's pack; `Null` if there is none.
    Kv(Arc<str>),
    /// `kv.get_secret(key)` of the workflow's pack; the answer is a `Value::Secret`.
    Secret(Arc<str>),
}

/// What can happen to a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EventKind {
    /// The run was accepted. Always the first event.
    RunStarted(Box<RunStarted>),
    /// `start_at` has come, or the run's concurrency key was given to it.
    RunReleased,
    /// An attempt was handed to a runner.
    AttemptStarted(AttemptStarted),
    /// An attempt ended.
    AttemptFinished(Box<AttemptFinished>),
    /// A timer the machine had set is due.
    TimerFired {
        /// The timer.
        timer: TimerId,
    },
    /// The child run of a `workflow` task exists.
    ChildStarted {
        /// The task execution.
        task: TaskId,
        /// The child.
        child: RunId,
    },
    /// The child run could not be created (its definition is gone, its input is invalid).
    ChildRefused {
        /// The task execution.
        task: TaskId,
        /// Why.
        failure: Failure,
    },
    /// The child run ended.
    ChildEnded(Box<ChildEnded>),
    /// Somebody answered an inquiry.
    InquiryAnswered {
        /// The task execution.
        task: TaskId,
        /// The answer, already checked against the inquiry's schema.
        value: Value,
        /// Who.
        by: Arc<str>,
    },
    /// Somebody asked for a pause.
    PauseRequested {
        /// Why.
        reason: Option<Arc<str>>,
        /// Who.
        by: Arc<str>,
    },
    /// Somebody asked to go on.
    ResumeRequested {
        /// Who.
        by: Arc<str>,
    },
    /// Somebody asked to cancel.
    CancelRequested {
        /// How.
        mode: CancelMode,
        /// Who.
        by: Arc<str>,
    },
    /// Somebody asked to run failed or named tasks again.
    RerunRequested {
        /// Named tasks; empty is every unhandled failure.
        tasks: Vec<RerunTask>,
        /// Who.
        by: Arc<str>,
    },
    /// The concurrency key of a task was given to it.
    TaskReleased {
        /// The task execution.
        task: TaskId,
    },
}

/// The birth of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The run.
    pub run: RunId,
    /// The workflow's exact revision.
    pub workflow: WorkflowPin,
    /// All that the run is pinned to.
    pub pins: Pins,
    /// Parameters with defaults filled in, validated; secret ones marked.
    pub parameters: Value,
    /// Labels.
    pub labels: Vec<(Arc<str>, Arc<str>)>,
    /// What started it.
    pub trigger: Trigger,
    /// The parent, for a child.
    pub parent: Option<Parent>,
    /// 1 for a root.
    pub depth: u32,
    /// Who started it (`system.identity.login`).
    pub identity: Arc<str>,
    /// Not before this instant.
    pub start_at: Option<Timestamp>,
    /// Overrides the file's.
    pub priority: Option<i32>,
    /// Fuel budget for all tasks and children.
    pub fuel: Option<u64>,
    /// For a fork: what it takes over.
    pub fork: Option<Box<Fork>>,
}

impl RunStarted {
    /// Makes the birth of a root that the API starts, without parameters, pins or options.
    #[must_use]
    pub fn root(run: RunId, workflow: WorkflowPin, identity: impl Into<Arc<str>>) -> Self {
        Self {
            run,
            workflow,
            pins: Pins::default(),
            parameters: Value::map::<&str>([]),
            labels: Vec::new(),
            trigger: Trigger::Api,
            parent: None,
            depth: 1,
            identity: identity.into(),
            start_at: None,
            priority: None,
            fuel: None,
            fork: None,
        }
    }
}

/// What started a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trigger {
    /// A request to the API.
    Api,
    /// The command line's local engine.
    Cli,
    /// A parent run.
    Parent,
    /// A rule, by its reference.
    Rule(Arc<str>),
    /// A fork of a run.
    Fork(RunId),
    /// A tool call.
    Mcp,
}

/// Where a child run's end is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The parent run.
    pub run: RunId,
    /// Its task execution.
    pub task: TaskId,
}

/// What a fork takes over from the run it was made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fork {
    /// The run it was made of.
    pub origin: RunId,
    /// The task from whose latest visit on everything runs again.
    pub from_task: Arc<str>,
    /// The origin's machine, as [`Run::encode`](crate::run::Run) writes it.
    pub machine: Arc<[u8]>,
    /// Variables to replace.
    pub vars: Vec<(Arc<str>, Value)>,
    /// Input of the chosen task, replaced.
    pub input: Option<Value>,
}

/// An attempt begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptStarted {
    /// The task execution.
    pub task: TaskId,
    /// The attempt, from 1; abandoned ones count.
    pub attempt: u32,
}

/// An attempt ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptFinished {
    /// The task execution.
    pub task: TaskId,
    /// The attempt.
    pub attempt: u32,
    /// How.
    pub outcome: Outcome,
    /// What it used.
    pub usage: Usage,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// With a result.
    Succeeded(Value),
    /// With an error.
    Failed(Failure),
    /// It ran longer than its timeout.
    TimedOut,
    /// It was interrupted because the run was cancelled or timed out.
    Interrupted,
    /// It was lost with its process.
    Abandoned,
}

/// What an attempt used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Fuel units.
    pub fuel: u64,
    /// Wall clock, microseconds.
    pub wall_us: u64,
    /// Highest memory, bytes.
    pub peak_memory_bytes: u64,
    /// Input, bytes.
    pub input_bytes: u64,
    /// Result, bytes.
    pub output_bytes: u64,
    /// HTTP requests.
    pub http_requests: u32,
    /// Attempts summed up here.
    pub attempts: u32,
}

impl Usage {
    /// Adds another attempt's usage; memory is the maximum, all else the sum.
    pub fn add(&mut self, other: &Self) {
        self.fuel = self.fuel.saturating_add(other.fuel);
        self.wall_us = self.wall_us.saturating_add(other.wall_us);
        self.peak_memory_bytes = self.peak_memory_bytes.max(other.peak_memory_bytes);
        self.input_bytes = self.input_bytes.saturating_add(other.input_bytes);
        self.output_bytes = self.output_bytes.saturating_add(other.output_bytes);
        self.http_requests = self.http_requests.saturating_add(other.http_requests);
        self.attempts = self.attempts.saturating_add(other.attempts);
    }
}

/// A child run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChildEnded {
    /// The parent's task execution.
    pub task: TaskId,
    /// The child.
    pub child: RunId,
    /// Its final status.
    pub status: crate::run::RunStatus,
    /// Its output.
    pub output: Value,
    /// Its unhandled failures.
    pub errors: Vec<Failure>,
    /// What its tasks used.
    pub usage: Usage,
}

/// How to cancel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelMode {
    /// What runs may finish.
    #[default]
    AllowFinish,
    /// What runs is interrupted.
    CancelRunning,
}

/// A task to run again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RerunTask {
    /// Its name.
    pub name: Arc<str>,
    /// Whether succeeded items run again too.
    pub reset_items: bool,
}

/// Identifies a timer within its run: an ordinal from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimerId(pub u64);

/// What an attempt is told of its task, beside its input. Stable over all attempts but `attempt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptContext {
    /// When the task execution first started; the base of a pure attempt's clock.
    pub first_started: Timestamp,
    /// End of the task's deadline.
    pub deadline: Option<Timestamp>,
    /// Per attempt, from the file; the action's own limit applies as well.
    pub timeout: Option<Millis>,
    /// Seed for a pure attempt's randomness: from run, task ordinal.
    pub seed: u64,
    /// Hash that is the same for all attempts of one task execution.
    pub idempotency_key: Digest,
}
