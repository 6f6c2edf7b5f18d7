//! Runs, as lists and details show them.

use std::collections::BTreeMap;
use std::sync::Arc;

use attune_core::event::Trigger;
use attune_core::projection::{RunSummary, TaskCounts};
use attune_core::run::RunStatus;
use serde::Serialize;
use utoipa::ToSchema;

use super::time::Time;
use super::usage::{FailureView, UsageView};

/// A run, without what it was given and what it gave.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RunSummary)]
pub(crate) struct RunSummaryView {
    /// Its id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub(crate) id: u64,
    /// The workflow's `run_name`, rendered.
    name: Option<Arc<str>>,
    /// The workflow's ref.
    #[schema(example = "demo.hello")]
    workflow: Arc<str>,
    /// The workflow's revision; 0 if it was never saved.
    revision: u32,
    /// The author's own version label.
    version: Option<Arc<str>>,
    /// Status.
    #[schema(example = "completed")]
    pub(crate) status: &'static str,
    /// The first unhandled failure.
    error: Option<FailureView>,
    /// Its message.
    error_message: Option<Arc<str>>,
    /// Labels.
    labels: BTreeMap<Arc<str>, Arc<str>>,
    /// When its first task could start.
    started_at: Option<Time>,
    /// When it ended.
    completed_at: Option<Time>,
    /// From start to end.
    duration_ms: Option<u64>,
    /// Whether nothing new is dispatched.
    paused: bool,
    /// Why.
    pause_reason: Option<Arc<str>>,
    /// The run that started it as a task.
    parent: Option<u64>,
    /// That task.
    parent_task: Option<u64>,
    /// What started it: `api`, `cli`, `parent`, `mcp`, `rule:REF` or `fork:ID`.
    #[schema(example = "api")]
    triggered_by: String,
    /// Who started it.
    identity: Arc<str>,
    /// Higher goes first.
    priority: i32,
    /// Task executions by outcome.
    counts: CountsView,
    /// What its attempts used.
    usage: UsageView,
    /// When it was accepted.
    created: Time,
    /// When it last changed.
    updated: Time,
}

/// Task executions by outcome.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TaskCounts)]
struct CountsView {
    /// All that were created.
    total: u32,
    /// Ended well.
    completed: u32,
    /// Failed, timed out, cancelled or abandoned.
    failed: u32,
    /// Skipped.
    skipped: u32,
}

impl From<TaskCounts> for CountsView {
    fn from(counts: TaskCounts) -> Self {
        Self {
            total: counts.total,
            completed: counts.completed,
            failed: counts.failed,
            skipped: counts.skipped,
        }
    }
}

impl From<RunSummary> for RunSummaryView {
    fn from(run: RunSummary) -> Self {
        let error = run
            .error
            .map(|(task, failure)| FailureView::from(failure).of_task(task));
        let duration_ms = match (run.started_at, run.completed_at) {
            (Some(start), Some(end)) => Some(end.since(start).0),
            _ => None,
        };
        Self {
            id: run.id.0,
            name: run.name,
            workflow: run.workflow.reference,
            revision: run.workflow.revision,
            version: run.version,
            status: run.status.as_str(),
            error_message: error.as_ref().map(FailureView::message),
            error,
            labels: run.labels.into_iter().collect(),
            started_at: run.started_at.map(Time),
            completed_at: run.completed_at.map(Time),
            duration_ms,
            paused: matches!(run.status, RunStatus::Pausing | RunStatus::Paused),
            pause_reason: run.pause_reason,
            parent: run.parent.map(|parent| parent.run.0),
            parent_task: run.parent.map(|parent| parent.task.0),
            triggered_by: trigger(&run.trigger),
            identity: run.identity,
            priority: run.priority,
            counts: run.counts.into(),
            usage: run.usage.into(),
            created: run.created.into(),
            updated: run.updated.into(),
        }
    }
}

fn trigger(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Api => "api".to_owned(),
        Trigger::Cli => "cli".to_owned(),
        Trigger::Parent => "parent".to_owned(),
        Trigger::Mcp => "mcp".to_owned(),
        Trigger::Rule(reference) => format!("rule:{reference}"),
        Trigger::Fork(origin) => format!("fork:{origin}"),
    }
}
