//! What the machine tells of a task execution: to the driver, and for lists and details.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::status::TaskStatus;
use crate::error::Failure;
use crate::event::Usage;
use crate::id::{RunId, TaskId};
use crate::pin::ActionPin;
use crate::time::{Millis, Timestamp};
use crate::value::Value;

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
