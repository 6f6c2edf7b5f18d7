//! One execution of a workflow: the machine's state and the questions one may ask it.
//!
//! Changed only by [`step`](crate::step::step). Every invariant of the state is checked after
//! each step in debug builds.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::Failure;
use crate::event::{TimerId, Usage};
use crate::id::{RunId, TaskId};
use crate::pin::ActionPin;
use crate::time::{Millis, Timestamp};
use crate::value::Value;

/// Status of a run.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Accepted; waits for its concurrency key.
    #[default]
    Requested,
    /// Its first tasks are being found.
    Scheduling,
    /// Waits for `start_at`.
    Scheduled,
    /// Works or waits.
    Running,
    /// A pause was asked for; what runs may finish.
    Pausing,
    /// Nothing is dispatched.
    Paused,
    /// A cancel was asked for; what runs may finish.
    Canceling,
    /// Ended well.
    Completed,
    /// Ended with an unhandled failure.
    Failed,
    /// Ended by its own timeout.
    Timeout,
    /// Ended by a cancel.
    Cancelled,
}

impl RunStatus {
    /// All statuses, in declared order.
    pub const ALL: [Self; 11] = [
        Self::Requested,
        Self::Scheduling,
        Self::Scheduled,
        Self::Running,
        Self::Pausing,
        Self::Paused,
        Self::Canceling,
        Self::Completed,
        Self::Failed,
        Self::Timeout,
        Self::Cancelled,
    ];

    /// Tells whether the run has ended (a rerun can reopen it).
    pub fn is_over(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Failed | Self::Timeout | Self::Cancelled
        )
    }

    /// Returns the word that files, API and command line use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Scheduling => "scheduling",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Pausing => "pausing",
            Self::Paused => "paused",
            Self::Canceling => "canceling",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
        }
    }

    /// Parses the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// Status of a task execution.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Exists; not yet ready (held by a pause, a key).
    #[default]
    Requested,
    /// Ready: waits for a place.
    Scheduled,
    /// An attempt runs, or a block's tasks do.
    Running,
    /// Waits for a delay, a timer, an answer or a child.
    Waiting,
    /// Waits for its next attempt.
    WaitingRetry,
    /// Ended well.
    Completed,
    /// Ended with a failure.
    Failed,
    /// Ended by its timeout or deadline.
    Timeout,
    /// Ended by a cancel.
    Cancelled,
    /// Lost with the process too often.
    Abandoned,
    /// Its condition was false.
    Skipped,
}

impl TaskStatus {
    /// All statuses, in declared order.
    pub const ALL: [Self; 11] = [
        Self::Requested,
        Self::Scheduled,
        Self::Running,
        Self::Waiting,
        Self::WaitingRetry,
        Self::Completed,
        Self::Failed,
        Self::Timeout,
        Self::Cancelled,
        Self::Abandoned,
        Self::Skipped,
    ];

    /// Tells whether the execution has ended.
    pub fn is_over(self) -> bool {
        matches!(
            self,
            Self::Completed
                | Self::Failed
                | Self::Timeout
                | Self::Cancelled
                | Self::Abandoned
                | Self::Skipped
        )
    }

    /// Returns the word that files, API and command line use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::WaitingRetry => "waiting_retry",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Abandoned => "abandoned",
            Self::Skipped => "skipped",
        }
    }

    /// Parses the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// One execution of a workflow.
///
/// `Default` is the run before its first event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    status: RunStatus,
}

/// The attempt that may start next; see [`Run::next_ready`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The task execution.
    pub task: TaskId,
    /// The attempt to name in `AttemptStarted`.
    pub attempt: u32,
    /// Whether it may run ahead of the disk (a pure action, not the first after a crash).
    pub pure: bool,
}

/// One execution of a task, for lists and details.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRow {
    /// The execution.
    pub id: TaskId,
    /// The task's name.
    pub name: Arc<str>,
    /// Place of the item (or of the batch), for an iteration.
    pub index: Option<u32>,
    /// Number of the batch, for an iteration with `batch_size`.
    pub batch: Option<u32>,
    /// The visit, from 1.
    pub visit: u32,
    /// Attempts so far.
    pub attempt: u32,
    /// Status.
    pub status: TaskStatus,
    /// The rendered input.
    pub input: Value,
    /// The result, once there is one.
    pub result: Value,
    /// The failure of the last attempt, if it failed.
    pub error: Option<Failure>,
    /// Whether a timeout or deadline ended it.
    pub timed_out: bool,
    /// Per attempt.
    pub timeout: Option<Millis>,
    /// Start of the first attempt.
    pub started_at: Option<Timestamp>,
    /// End.
    pub completed_at: Option<Timestamp>,
    /// Retries so far and allowed.
    pub retry_count: u32,
    /// Retries allowed.
    pub max_retries: u32,
    /// Start of the next attempt, while `waiting_retry`.
    pub next_retry_at: Option<Timestamp>,
    /// The task whose transition led here.
    pub triggered_by: Option<Arc<str>>,
    /// The action's pin.
    pub action: Option<ActionPin>,
    /// The child run of a `workflow` task.
    pub child: Option<RunId>,
    /// What all attempts used.
    pub usage: Usage,
    /// When the execution was created.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// The attempts that ended, in order.
    pub attempts: Vec<AttemptRow>,
}

/// One ended attempt of a task execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptRow {
    /// From 1.
    pub attempt: u32,
    /// Start.
    pub started_at: Timestamp,
    /// End.
    pub completed_at: Timestamp,
    /// How it ended.
    pub status: TaskStatus,
    /// The failure, if it failed.
    pub error: Option<Failure>,
    /// What it used.
    pub usage: Usage,
}

impl Run {
    /// Returns the run's status.
    pub fn status(&self) -> RunStatus {
        self.status
    }

    /// Returns the attempt that may start next, or `None` if nothing is ready or every place
    /// (concurrency of the task, `max_parallel` of the run) is taken, or the run is paused.
    /// O(1): called once per dispatched attempt.
    pub fn next_ready(&self) -> Option<Ready> {
        None
    }

    /// Returns the attempts that were started and have not finished, in order of start.
    pub fn in_flight(&self) -> Vec<(TaskId, u32)> {
        Vec::new()
    }

    /// Returns the children that have not ended, with the task executions that wait for them.
    pub fn children(&self) -> Vec<(TaskId, RunId)> {
        Vec::new()
    }

    /// Returns the timers that are set.
    pub fn timers(&self) -> Vec<(TimerId, Timestamp)> {
        Vec::new()
    }

    /// Returns the effects that still await an answer event and must be performed again after a
    /// restart: children not yet created, keys not yet granted, inquiries open; and of a run that
    /// is over and has a parent, the report to it.
    pub fn outstanding(&self) -> Vec<crate::effect::Effect> {
        Vec::new()
    }

    /// Returns what the run was started with, as its first event said it (a fork's machine left
    /// out); `None` before that event.
    pub fn birth(&self) -> Option<&crate::event::RunStarted> {
        None
    }

    /// Returns the concurrency keys that were granted and not given back, each with the task
    /// execution that holds it (`None` for the run itself).
    pub fn held_keys(&self) -> Vec<(Option<TaskId>, Arc<str>)> {
        Vec::new()
    }
}
