//! What a step asks the shell to do, and what it made visible.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::definition::{Overlap, TaskLimits};
use crate::error::Failure;
use crate::event::{AttemptContext, CancelMode, ChildEnded, TimerId};
use crate::id::{RunId, TaskId, TaskIndex};
use crate::pin::ActionPin;
use crate::run::{RunStatus, TaskStatus};
use crate::time::{Millis, Timestamp};
use crate::value::Value;

/// Something the shell must do once the event that caused it is appended.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Hand an attempt to a runner.
    StartAttempt(Box<StartAttempt>),
    /// Stop an attempt that runs; it ends with `Outcome::Interrupted` (or `TimedOut`).
    InterruptAttempt {
        /// The task execution.
        task: TaskId,
        /// The attempt.
        attempt: u32,
    },
    /// Wake the run at an instant.
    SetTimer {
        /// The timer.
        timer: TimerId,
        /// When.
        due: Timestamp,
    },
    /// Forget a timer.
    CancelTimer {
        /// The timer.
        timer: TimerId,
    },
    /// Create a child run; answered by `ChildStarted` or `ChildRefused`.
    StartChild(Box<StartChild>),
    /// Cancel a child run.
    CancelChild {
        /// The child.
        child: RunId,
        /// How.
        mode: CancelMode,
    },
    /// Pause a child run.
    PauseChild {
        /// The child.
        child: RunId,
    },
    /// Let a child run go on.
    ResumeChild {
        /// The child.
        child: RunId,
    },
    /// Make an inquiry visible.
    OpenInquiry(Box<OpenInquiry>),
    /// Withdraw an inquiry.
    CloseInquiry {
        /// The task execution.
        task: TaskId,
    },
    /// Queue for a concurrency key; answered by `RunReleased` or `TaskReleased`.
    AcquireKey {
        /// The task execution; `None` for the run itself.
        task: Option<TaskId>,
        /// The rendered key.
        key: Arc<str>,
        /// What to do when it is taken.
        overlap: Overlap,
        /// Higher first.
        priority: i32,
    },
    /// Give a concurrency key back, or leave its queue.
    ReleaseKey {
        /// The task execution; `None` for the run itself.
        task: Option<TaskId>,
        /// The rendered key.
        key: Arc<str>,
    },
    /// Tell the parent run.
    ReportToParent {
        /// The parent.
        parent: RunId,
        /// What the parent's machine gets.
        ended: Box<ChildEnded>,
    },
}

/// An attempt to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct StartAttempt {
    /// The task execution.
    pub task: TaskId,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The task's name.
    pub name: Arc<str>,
    /// The declared task.
    pub index: TaskIndex,
    /// Place of the item or batch, for an iteration.
    pub item: Option<u32>,
    /// The visit of the task, from 1.
    pub visit: u32,
    /// What to call; `None` only in rehearsals, where actions are unknown.
    pub action: Option<ActionPin>,
    /// The rendered input; secrets in clear once revealed.
    pub input: Value,
    /// The task's own limits.
    pub limits: TaskLimits,
    /// Deadline, seed, idempotency key.
    pub context: AttemptContext,
    /// How long a result of the same action and input may be used instead, if it is pure.
    pub cache: Option<Millis>,
}

/// A child run to be created.
#[derive(Clone, Debug, PartialEq)]
pub struct StartChild {
    /// The parent's task execution.
    pub task: TaskId,
    /// The workflow's reference as the file writes it; a key of the run's pins.
    pub reference: Arc<str>,
    /// The rendered input.
    pub parameters: Value,
    /// Depth of the child.
    pub depth: u32,
    /// Fuel that the child may use, if the run has a budget.
    pub fuel: Option<u64>,
}

/// A question to people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenInquiry {
    /// The task execution.
    pub task: TaskId,
    /// The task's name.
    pub name: Arc<str>,
    /// What is asked.
    pub prompt: Option<Value>,
    /// JSON Schema of the answer.
    pub schema: Option<Value>,
    /// Who should answer.
    pub assigned_to: Option<Value>,
    /// When it closes.
    pub due: Option<Timestamp>,
}

/// Something an event made visible: for live streams, the journal's view and `run watch`.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The run's status changed.
    RunStatus {
        /// The new status.
        status: RunStatus,
    },
    /// A task execution was created or changed its status.
    TaskStatus {
        /// The task execution.
        task: TaskId,
        /// The task's name.
        name: Arc<str>,
        /// Place of the item or batch.
        item: Option<u32>,
        /// The visit.
        visit: u32,
        /// The new status.
        status: TaskStatus,
        /// The attempt it is about.
        attempt: u32,
        /// Why, if it failed.
        failure: Option<Failure>,
    },
    /// A visit of a task ended as a whole (all items) and its transitions were taken.
    TaskEnded {
        /// The task's name.
        name: Arc<str>,
        /// The visit.
        visit: u32,
        /// How.
        status: TaskStatus,
        /// Names of the tasks it led to.
        next: Vec<Arc<str>>,
    },
    /// A variable got a value.
    Published {
        /// The variable.
        name: Arc<str>,
        /// Its value.
        value: Value,
    },
}
