//! A workflow, normalised: what the machine runs.
//!
//! Made only by [`spec`](crate::spec) from a file that has no errors, so every index is in range
//! and every expression compiles. Sub-tasks of parallel blocks stand in the same list as all
//! other tasks, each naming its block.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::expr::{Condition, Expression, Template};
use crate::id::{Digest, TaskIndex};
use crate::spec::Position;
use crate::spec::schema::Schema;
use crate::time::Millis;

/// A workflow, normalised.
#[derive(Debug)]
pub struct Definition {
    /// `pack.name`; a rehearsal's inline workflow may lack one and gets a made-up one.
    pub reference: Arc<str>,
    /// For people.
    pub label: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// The author's own label of this version.
    pub version: Option<String>,
    /// For filters.
    pub tags: Vec<String>,
    /// `None`: as the operator left it.
    pub enabled: Option<bool>,
    /// How a run is called in lists.
    pub run_name: Option<Template>,
    /// The parameters, flat form translated to JSON Schema.
    pub parameters: Schema,
    /// The output's schema, checked at the end.
    pub output: Option<Schema>,
    /// Initial variables in declared order; later ones see earlier ones.
    pub vars: Vec<(Arc<str>, Template)>,
    /// All tasks, sub-tasks of blocks included, in the file's order (a block before its tasks).
    pub tasks: Vec<Task>,
    /// Entry tasks of the whole file, in order.
    pub entry: Vec<TaskIndex>,
    /// Tasks that start when all else has ended and the run will fail.
    pub on_failure: Vec<TaskIndex>,
    /// Tasks that start at the very end, whatever happened.
    pub finally: Vec<TaskIndex>,
    /// The run's output.
    pub output_map: Option<Template>,
    /// Of the whole run.
    pub timeout: Option<Millis>,
    /// Whether an unhandled failure stops everything else.
    pub fail_fast: bool,
    /// Whether the graph may have cycles.
    pub allow_cycles: bool,
    /// Whether a decision without a match fails the run.
    pub strict_decision: bool,
    /// Runs with the same key go one at a time.
    pub concurrency_key: Option<Expression>,
    /// What a new run does when its key is taken.
    pub overlap: Overlap,
    /// Higher goes first.
    pub priority: i32,
    /// Whether the workflow is offered as a tool.
    pub mcp: bool,
    /// Bounds on the run.
    pub limits: Limits,
    /// Digest of the source text.
    pub digest: Digest,
    /// Task names to their index; names are unique in the whole file.
    pub by_name: BTreeMap<Arc<str>, TaskIndex>,
}

impl Definition {
    /// Returns a task. Indexes come only from this definition, so they are in range.
    pub fn task(&self, index: TaskIndex) -> &Task {
        &self.tasks[index.get()]
    }
}

/// What a new run does when another with its key is active.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overlap {
    /// Waits for its turn.
    #[default]
    Queue,
    /// Ends `cancelled`.
    Skip,
    /// Cancels the other.
    CancelPrevious,
}

/// Bounds on one run (`limits:` of the file; defaults are those of the language).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Task visits per run.
    pub max_tasks: u32,
    /// Visits of one task.
    pub max_task_visits: u32,
    /// Items of one task.
    pub max_items: u32,
    /// Executions in flight.
    pub max_parallel: u32,
    /// Depth of sub-workflows; the root is 1.
    pub max_depth: u32,
    /// Fuel for all tasks and children together.
    pub fuel: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_tasks: 1000,
            max_task_visits: 1000,
            max_items: 10_000,
            max_parallel: 100,
            max_depth: 10,
            fuel: None,
        }
    }
}

/// One task.
#[derive(Debug)]
pub struct Task {
    /// Unique in the whole file.
    pub name: Arc<str>,
    /// For people.
    pub label: Option<String>,
    /// Where the file declares it; zeros where there is no text.
    pub place: Position,
    /// The parallel block it belongs to.
    pub parent: Option<TaskIndex>,
    /// What it does.
    pub kind: TaskKind,
    /// The input map; `Template::Literal` of an empty map if the file has none.
    pub input: Template,
    /// Run condition.
    pub when: Option<Condition>,
    /// The run condition as the file writes it.
    pub when_text: Option<Arc<str>>,
    /// Wait before the first attempt: seconds, or a duration text, after rendering.
    pub delay: Option<Template>,
    /// Iteration.
    pub items: Option<Items>,
    /// Executions in flight, for items and blocks.
    pub concurrency: Option<Expression>,
    /// For items and blocks.
    pub fail_fast: bool,
    /// Task-level publish.
    pub publish: Vec<Publish>,
    /// Normalised: `on_success`, `decision`, `on_failure`, `on_timeout`, `on_skip`,
    /// `on_complete`, `next`, in that order; `needs` of others are `on_success` here. A decision
    /// replaces `on_success`, which is then left out; `needs` of others are then a `next` with
    /// `succeeded()`.
    pub transitions: Vec<Transition>,
    /// Whether `on_skip` is given.
    pub has_on_skip: bool,
    /// Whether task-level publish also runs on failure and timeout (it has `on_complete` and
    /// neither `on_success` nor `decision`).
    pub publish_on_failure: bool,
    /// `None`: runs once per arrival.
    pub join: Option<Join>,
    /// The distinct tasks with a transition to this one, in the file's order.
    pub inbound: Vec<TaskIndex>,
    /// Whether the task lies on a cycle of the graph.
    pub in_cycle: bool,
    /// Retry policy, the file's `defaults` applied.
    pub retry: Option<Retry>,
    /// Per attempt, the file's `defaults` applied.
    pub timeout: Option<Template>,
    /// All attempts and items together.
    pub deadline: Option<Template>,
    /// What the attempt may use; may lower the action's grant.
    pub limits: TaskLimits,
    /// How long a result may be reused.
    pub cache: Option<Millis>,
    /// Tasks with the same key go one at a time.
    pub concurrency_key: Option<Expression>,
    /// Higher goes first.
    pub priority: i32,
}

/// What a task does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskKind {
    /// Runs an action, or a workflow if the reference turns out to name one.
    Action {
        /// As written: `pack.name`, optionally with `@revision` or `@sha256:…`.
        reference: Arc<str>,
    },
    /// Runs a workflow as a run of its own.
    Workflow {
        /// As written.
        reference: Arc<str>,
    },
    /// `core.sleep`: a durable timer.
    Sleep,
    /// `core.inquiry`: waits for somebody's answer.
    Inquiry,
    /// A sub-graph.
    Parallel {
        /// Its entry tasks, in order.
        entry: Vec<TaskIndex>,
        /// Its direct sub-tasks, in order.
        tasks: Vec<TaskIndex>,
    },
}

/// `with_items` and what belongs to it.
#[derive(Debug)]
pub struct Items {
    /// Gives a list or a map.
    pub source: Template,
    /// Gives each item a name.
    pub key: Option<Expression>,
    /// Items per batch.
    pub batch_size: Option<Template>,
    /// Whether a batch is one execution or a window over scalar items.
    pub batch_mode: BatchMode,
    /// Failures that do not fail the task.
    pub max_failures: MaxFailures,
}

/// How batches are run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BatchMode {
    /// One execution per batch; `item` is a list.
    #[default]
    Batch,
    /// One execution per item; the next window starts when the former has ended.
    Window,
}

/// Tolerated item failures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxFailures {
    /// That many.
    Count(u32),
    /// The task fails when failures · 100 > percent · total.
    Percent(f64),
}

impl Default for MaxFailures {
    fn default() -> Self {
        Self::Count(0)
    }
}

/// One entry of a publish list.
#[derive(Debug)]
pub struct Publish {
    /// The variable.
    pub name: Arc<str>,
    /// Its new value; `None` is the whole result.
    pub value: Option<Template>,
}

/// One transition.
#[derive(Debug)]
pub struct Transition {
    /// Which field it came from.
    pub kind: TransitionKind,
    /// Its condition, beside what its kind implies.
    pub when: Option<Condition>,
    /// The condition as the file writes it, for graphs and explanations.
    pub when_text: Option<Arc<str>>,
    /// Applied when it fires.
    pub publish: Vec<Publish>,
    /// Where it goes, in order; empty is `continue`.
    pub targets: Vec<Target>,
}

/// The field a transition came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransitionKind {
    /// `on_success`, and `needs` of the target.
    OnSuccess,
    /// `decision`: the first of them that holds, alone.
    Decision {
        /// The default entry holds when no other does.
        default: bool,
    },
    /// `on_failure`.
    OnFailure,
    /// `on_timeout`.
    OnTimeout,
    /// `on_skip`.
    OnSkip,
    /// `on_complete`.
    OnComplete,
    /// `next`.
    Next,
}

/// What a transition leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A task.
    Task(TaskIndex),
    /// The failure counts as handled.
    Noop,
    /// Nothing.
    Continue,
    /// The run (inside a block the block) will fail.
    Fail,
    /// A further attempt of the same visit.
    Retry,
}

/// When a join fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// Every inbound task has arrived.
    All,
    /// That many distinct inbound tasks have arrived; `any` is 1.
    Count(u32),
}

/// Retry policy.
#[derive(Clone, Debug)]
pub struct Retry {
    /// Retries; attempts are one more.
    pub count: Template,
    /// Base delay.
    pub delay: Option<Template>,
    /// How the delay grows.
    pub backoff: Backoff,
    /// Upper bound of a delay.
    pub max_delay: Option<Template>,
    /// How much of the delay is drawn at random: 0 none, 1 all of it.
    pub jitter: f64,
    /// Whether `delay` or `max_delay` reads how the attempt ended: both are then rendered before
    /// each retry, else once, before the first attempt.
    pub delay_per_retry: bool,
    /// No retry whose wait ends later than this after the first attempt.
    pub max_elapsed: Option<Template>,
    /// Whether a failed attempt is retried; `None` with `when` given means no.
    pub on_error: Option<Condition>,
    /// Whether any attempt, a success too, is retried.
    pub when: Option<Condition>,
}

/// How the delay grows with retry k.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backoff {
    /// d
    #[default]
    Constant,
    /// d·k
    Linear,
    /// d·2^(k−1)
    Exponential,
}

/// `limits:` of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskLimits {
    /// Fuel units.
    pub fuel: Option<u64>,
    /// Bytes.
    pub memory_bytes: Option<u64>,
    /// Bytes.
    pub output_bytes: Option<u64>,
}

impl std::fmt::Display for Join {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Count(1) => f.write_str("any"),
            Self::Count(count) => count.fmt(f),
        }
    }
}
