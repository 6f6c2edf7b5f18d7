//! One visit of a task: its place in the graph, its stage, and its executions.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::chunked::Chunked;
use super::lineage::Lineage;
use super::row::AttemptRow;
use super::status::TaskStatus;
use crate::error::Failure;
use crate::event::{TimerId, Usage};
use crate::id::{RunId, TaskId, TaskIndex};
use crate::time::{Millis, Timestamp};
use crate::value::Value;

/// Place of a visit in the run's list of visits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct VisitId(pub(crate) u32);

/// Place of a sub-graph in the run's list of them; 0 is the run's own graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct GraphId(pub(crate) u32);

/// Which part of the run a visit belongs to: what is below a task belongs where the task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Tier {
    /// Below the entry tasks.
    Main,
    /// Below `on_failure` of the run.
    OnFailure,
    /// Below `finally`.
    Finally,
}

/// How far a visit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// A pause holds it before the step that comes next.
    Held(Next),
    /// Waits for its delay.
    Delayed,
    /// Waits for its concurrency key.
    Keyed,
    /// Has executions.
    Open,
    /// Ended; its transitions may still be queued.
    Over,
}

/// What a held visit does when it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Next {
    /// Its condition is evaluated.
    Condition,
    /// It asks for its key, after its delay.
    Key,
    /// Its input is rendered.
    Launch,
}

/// What asked for a task to start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Start {
    pub(crate) task: TaskIndex,
    pub(crate) graph: GraphId,
    pub(crate) tier: Tier,
    /// Runs although `fail_fast` has stopped its graph, or a limit the run.
    pub(crate) exempt: bool,
    /// The way its branch came.
    pub(crate) lineage: Arc<Lineage>,
    /// The visit whose transition led here.
    pub(crate) cause: Option<VisitId>,
    /// For a join: the other visits whose branches it joins.
    pub(crate) joined: Vec<VisitId>,
    /// In a rerun: the visit whose succeeded items are kept.
    pub(crate) reuse: Option<VisitId>,
}

impl Start {
    /// Tells whether one of these visits led here.
    pub(crate) fn comes_of(&self, visits: &BTreeSet<VisitId>) -> bool {
        let mut origins = self.cause.iter().chain(&self.joined);
        origins.any(|origin| visits.contains(origin))
    }
}

/// One visit of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Visit {
    /// Where it comes from; `lineage` has passed this visit already.
    pub(crate) start: Start,
    /// From 1, per task.
    pub(crate) number: u32,
    /// The visit of the same task before this one.
    pub(crate) previous: Option<VisitId>,
    /// The id of its first execution; the others follow.
    pub(crate) first: TaskId,
    pub(crate) stage: Stage,
    /// How it ended, or where it stands before it has executions.
    pub(crate) status: TaskStatus,
    pub(crate) result: Value,
    pub(crate) failure: Option<Failure>,
    pub(crate) created: Timestamp,
    pub(crate) started: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    /// The timer of its delay.
    pub(crate) delay: Option<TimerId>,
    /// The timer of its deadline.
    pub(crate) deadline: Option<(TimerId, Timestamp)>,
    /// The concurrency key it holds or waits for.
    pub(crate) key: Option<Arc<str>>,
    /// Set once it can only end one way, whatever still runs.
    pub(crate) ending: Option<Ending>,
    /// Uses of the `retry` command.
    pub(crate) commanded: u32,
    /// Whether it stands in a queue of visits that can start executions.
    pub(crate) queued: bool,
    pub(crate) work: Work,
}

/// The only way a visit can still end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ending {
    /// Cancelled: publishes nothing and leads nowhere.
    Cancelled,
    /// Its deadline or timeout has passed.
    TimedOut,
}

/// The executions of a visit: one, or one per item or batch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Work {
    /// How many executions there are, begun or not.
    pub(crate) total: u32,
    /// Those that have begun, from the first on.
    pub(crate) executions: Chunked<Execution>,
    /// Begun ones that are ready for another attempt.
    pub(crate) again: VecDeque<u32>,
    /// Nothing before this one has yet to begin; no first attempt starts at or after it until
    /// all before it are over.
    pub(crate) window_end: u32,
    /// How many may be in flight.
    pub(crate) limit: u32,
    /// Nothing new starts in this visit.
    pub(crate) cut: Option<TaskStatus>,
    pub(crate) in_flight: u32,
    pub(crate) max_in_flight: u32,
    pub(crate) over: u32,
    pub(crate) failed: u32,
    /// Rendered inputs, one per execution.
    pub(crate) inputs: Arc<Vec<Value>>,
    /// Timeout and retry, one for all or one per execution.
    pub(crate) plans: Arc<Vec<Plan>>,
    /// What is iterated over.
    pub(crate) iteration: Option<Box<Series>>,
}

/// What an iteration goes over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Series {
    /// One value per execution: the item, or the batch as a list.
    pub(crate) values: Arc<Vec<Value>>,
    /// `item_key` of each.
    pub(crate) keys: Option<Arc<Vec<Arc<str>>>>,
    /// Items per batch or window.
    pub(crate) batch: Option<Batch>,
}

/// How an iteration is cut into batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Batch {
    pub(crate) size: u32,
    /// Items stay single; a batch only bounds what starts.
    pub(crate) window: bool,
    /// All items.
    pub(crate) items: u32,
}

impl Batch {
    /// Returns `batch.index`, `batch.size` and `batch.start` of an execution.
    pub(crate) fn place(self, execution: u32) -> (u32, u32, u32) {
        let index = if self.window {
            execution / self.size
        } else {
            execution
        };
        let start = index.saturating_mul(self.size);
        (index, self.size.min(self.items - start), start)
    }
}

/// Timeout and retry policy of an execution, rendered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) timeout: Option<Millis>,
    pub(crate) retries: u32,
    pub(crate) delay: Millis,
    pub(crate) max_delay: Option<Millis>,
    pub(crate) max_elapsed: Option<Millis>,
}

/// What one execution is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// Waits for a place.
    Ready,
    /// An attempt is with a runner. The number is the key in the run's list of flights.
    Flying(u64),
    /// The machine itself waits for a timer, an answer, a child or the tasks of a block.
    Waiting,
    /// Waits for its next attempt.
    Backoff,
    /// Ended.
    Over,
}

/// One execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Execution {
    pub(crate) state: State,
    /// Of the last attempt, once it has ended; of the execution, once that is over.
    pub(crate) status: TaskStatus,
    pub(crate) result: Value,
    pub(crate) failure: Option<Failure>,
    /// Attempts begun.
    pub(crate) attempt: u32,
    /// Automatic retries made.
    pub(crate) retries: u32,
    /// Attempts lost with their process.
    pub(crate) abandoned: u32,
    /// The next attempt is the first after a lost one.
    pub(crate) after_crash: bool,
    /// Start of the first attempt.
    pub(crate) begun: Option<Timestamp>,
    /// Start of the current or last attempt.
    pub(crate) attempt_at: Timestamp,
    pub(crate) updated: Timestamp,
    /// Timer of a retry, a sleep, an answer's or a child's timeout.
    pub(crate) timer: Option<TimerId>,
    /// When the timer of a retry is due.
    pub(crate) next_at: Option<Timestamp>,
    /// The child that runs or ran last.
    pub(crate) child: Option<RunId>,
    /// The graph of a block that runs or ran last.
    pub(crate) graph: Option<GraphId>,
    /// Ended attempts.
    pub(crate) attempts: Vec<AttemptRow>,
    /// Waits before the retries made.
    pub(crate) delays: Vec<Millis>,
    pub(crate) usage: Usage,
    /// What the attempt that ends now has used.
    pub(crate) attempt_usage: Usage,
    /// Fuel set aside while it runs.
    pub(crate) reserved_fuel: u64,
}

impl Execution {
    pub(crate) fn new(at: Timestamp) -> Self {
        Self {
            state: State::Ready,
            status: TaskStatus::Scheduled,
            result: Value::Null,
            failure: None,
            attempt: 0,
            retries: 0,
            abandoned: 0,
            after_crash: false,
            begun: None,
            attempt_at: at,
            updated: at,
            timer: None,
            next_at: None,
            child: None,
            graph: None,
            attempts: Vec::new(),
            delays: Vec::new(),
            usage: Usage::default(),
            attempt_usage: Usage::default(),
            reserved_fuel: 0,
        }
    }

    /// Tells whether it occupies a place: with a runner, or waiting for the outside world.
    #[cfg(debug_assertions)]
    pub(crate) fn occupies(&self) -> bool {
        matches!(self.state, State::Flying(_) | State::Waiting)
    }
}

impl Work {
    /// Returns the execution that may start next within this visit's own bounds.
    pub(crate) fn startable(&self) -> Option<u32> {
        if self.cut.is_some() || self.in_flight >= self.limit {
            return None;
        }
        let next = self.executions.len() as u32;
        let fresh = (next < self.total && next < self.window_end).then_some(next);
        self.again.front().copied().or(fresh)
    }

    pub(crate) fn execution(&self, index: u32) -> Option<&Execution> {
        self.executions.get(index as usize)
    }

    pub(crate) fn plan(&self, index: u32) -> Plan {
        let place = if self.plans.len() == 1 {
            0
        } else {
            index as usize
        };
        self.plans.get(place).copied().unwrap_or_default()
    }

    /// Executions that have neither ended nor will ever begin are not left: nothing more happens.
    pub(crate) fn is_finished(&self) -> bool {
        let begun = self.executions.len() as u32;
        self.over == begun && (begun == self.total || self.cut.is_some())
    }
}

impl Visit {
    pub(crate) fn task(&self) -> TaskIndex {
        self.start.task
    }

    pub(crate) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// How many rows the visit has in lists.
    pub(crate) fn rows(&self) -> u32 {
        self.work.total.max(1)
    }

    /// Returns the id of an execution.
    pub(crate) fn id(&self, index: u32) -> TaskId {
        TaskId(self.first.0 + u64::from(index))
    }
}
