//! Explains a task: why it ran, waits, was skipped or went where it went.
//!
//! The run's journal is replayed through the same step, and this time what every condition saw is
//! kept. Nothing of this costs a run anything while it goes on.

mod place;
mod story;

use std::sync::Arc;

use serde::Serialize;

use crate::definition::Definition;
use crate::event::Event;
use crate::id::{RunId, TaskId};
use crate::run::{Run, TaskStatus};
use crate::step::{StepError, replay_traced};
use crate::time::Timestamp;
use crate::value::Value;

/// Which task to explain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A task by its name: its latest visit, or why it has none.
    Name(Arc<str>),
    /// One execution.
    Execution(TaskId),
}

/// Why a task ran, waits, was skipped or went where it went.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Its name.
    pub task: Arc<str>,
    /// The execution; `None` if the task was never reached.
    pub execution: Option<TaskId>,
    /// How it stands.
    pub status: Option<TaskStatus>,
    /// The visit, from 1.
    pub visit: Option<u32>,
    /// The reasons, in the order in which they came about.
    pub reasons: Vec<Reason>,
}

/// One reason.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// It is one of the first tasks of the run, of a block, of `on_failure` or `finally`.
    First {
        /// Which: `entry`, `block`, `on_failure`, `finally`.
        of: &'static str,
    },
    /// A transition of another task led here, or did not.
    Led {
        /// The other task.
        from: Arc<str>,
        /// Its visit.
        visit: u32,
        /// How that visit ended.
        status: TaskStatus,
        /// The transition's condition, if it has one that was evaluated.
        condition: Option<Seen>,
        /// Whether it led here.
        led: bool,
    },
    /// A task that could lead here has not ended.
    Unfinished {
        /// The task.
        task: Arc<str>,
        /// How it stands; `None` if it was never reached.
        status: Option<TaskStatus>,
    },
    /// It joins branches.
    Join {
        /// How many it needs.
        needs: u32,
        /// What has arrived, and what became of it: `waiting`, `used`, `absorbed`, `left_over`.
        arrivals: Vec<(Arc<str>, &'static str)>,
        /// From where nothing has arrived.
        missing: Vec<Arc<str>>,
    },
    /// Its run condition was evaluated.
    Condition(Seen),
    /// It waits.
    Waits(Wait),
    /// It ended, and led to these tasks.
    Ended {
        /// Its own transitions with conditions, as they were evaluated.
        conditions: Vec<Seen>,
        /// Where it led.
        next: Vec<Arc<str>>,
    },
    /// It did not start, because `fail_fast` had stopped what goes on beside a failure.
    Stopped,
    /// It did not start, because the run was cancelled, has timed out or reached a limit.
    Closed {
        /// Which: `cancelled`, `timeout`, `limit`.
        by: &'static str,
    },
}

/// What a condition saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Where it stands: `when`, `on_success`, `decision`, ….
    pub place: &'static str,
    /// Whether it held; an error says why it could not be evaluated.
    pub held: Result<bool, Arc<str>>,
    /// What it read, as written, and the values at that moment.
    pub values: Vec<(String, Value)>,
}

/// What an execution waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Wait {
    /// The end of a pause.
    Resume,
    /// Its delay.
    Delay {
        /// When it is over.
        until: Option<Timestamp>,
    },
    /// A concurrency key.
    Key {
        /// The key.
        key: Arc<str>,
        /// Where it stands in the key's queue, for who knows the queues of all runs.
        #[serde(flatten)]
        queue: Option<KeyQueue>,
    },
    /// A free place among the run's attempts.
    Parallel {
        /// `limits.max_parallel`.
        limit: u32,
        /// Tasks before it in the queue.
        ahead: u32,
    },
    /// A free place within the task's own concurrency.
    Concurrency {
        /// The limit.
        limit: u32,
    },
    /// A free place within its block.
    Block {
        /// The limit.
        limit: u32,
        /// Tasks before it in the queue.
        ahead: u32,
    },
    /// A runner: it is dispatched as soon as one is free.
    Runner {
        /// Tasks before it in the queue.
        ahead: u32,
    },
    /// The end of its attempt.
    Attempt {
        /// Which.
        attempt: u32,
    },
    /// Its next attempt.
    Retry {
        /// When it is due.
        until: Option<Timestamp>,
    },
    /// A timer.
    Timer {
        /// When it is due.
        until: Option<Timestamp>,
    },
    /// Somebody's answer.
    Answer,
    /// A child run.
    Child {
        /// Which, once it exists.
        child: Option<RunId>,
    },
    /// The tasks of the block.
    Tasks,
}

/// A place in the queue of a concurrency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct KeyQueue {
    /// Who has the key.
    pub holder: Option<RunId>,
    /// Runs and tasks before it in the queue.
    pub ahead: u32,
}

/// Explains a task of a run by its journal. `None` if there is no such task.
///
/// # Errors
/// If the journal does not fit the definition.
pub fn explain<'e>(
    definition: &Definition,
    journal: impl IntoIterator<Item = &'e Event>,
    about: &About,
) -> Result<Option<Explanation>, StepError> {
    let mut run = Run::default();
    let mut traces = Vec::new();
    for event in journal {
        traces.extend(replay_traced(definition, &mut run, event)?);
    }
    Ok(story::tell(definition, &run, &traces, about))
}
