//! Task executions, as lists and details show them.

use std::sync::Arc;

use attune_core::Value;
use attune_core::pin::ActionPin;
use attune_core::run::{AttemptRow, TaskRow};
use serde::Serialize;
use utoipa::ToSchema;

use super::time::Time;
use super::usage::{FailureView, UsageView};
use crate::extract::AnyJson;

/// One execution of a task (of one item or batch of it), without what it was given and gave.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TaskSummary)]
pub(crate) struct TaskSummaryView {
    /// Its id within the run.
    pub(crate) id: u64,
    /// The task's name.
    name: Arc<str>,
    /// Place of the item or batch.
    index: Option<u32>,
    /// Number of the batch.
    batch: Option<u32>,
    /// Which visit of the task, from 1.
    visit: u32,
    /// Attempts so far.
    attempt: u32,
    /// Status.
    #[schema(example = "completed")]
    status: &'static str,
    /// Why it failed.
    error: Option<FailureView>,
    /// Whether a timeout or deadline ended it.
    timed_out: bool,
    /// Per attempt.
    timeout_seconds: Option<f64>,
    /// Start of the first attempt.
    started_at: Option<Time>,
    /// End.
    completed_at: Option<Time>,
    /// From start to end.
    duration_ms: Option<u64>,
    /// Retries so far.
    retry_count: u32,
    /// Retries allowed.
    max_retries: u32,
    /// Start of the next attempt, while it waits for it.
    next_retry_at: Option<Time>,
    /// The task whose transition led here.
    triggered_by: Option<Arc<str>>,
    /// What it calls, exactly.
    action: Option<PinView>,
    /// The run of a called workflow.
    child: Option<u64>,
    /// What all attempts used.
    usage: UsageView,
    /// When it was created.
    created: Time,
    /// When it last changed.
    updated: Time,
}

/// One execution of a task, whole.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Task)]
pub(crate) struct TaskView {
    #[serde(flatten)]
    summary: TaskSummaryView,
    /// The rendered input.
    input: AnyJson,
    /// The result.
    result: AnyJson,
    /// Attempts that ended, in order.
    attempts: Vec<AttemptView>,
    /// The grants that the action's revision has; null if it calls none or is gone.
    grants: AnyJson,
}

/// An exact revision.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Pin)]
pub(crate) struct PinView {
    /// `pack.name`.
    #[serde(rename = "ref")]
    reference: Arc<str>,
    /// The server's number of this content.
    revision: u32,
    /// SHA-256 of the content.
    digest: String,
}

/// One ended attempt.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub(crate) struct AttemptView {
    /// From 1.
    attempt: u32,
    /// How it ended.
    #[schema(example = "completed")]
    status: &'static str,
    /// Why it failed.
    error: Option<FailureView>,
    /// Start.
    started_at: Time,
    /// End.
    completed_at: Time,
    /// From start to end.
    duration_ms: u64,
    /// What it used.
    usage: UsageView,
}

impl From<&TaskRow> for TaskSummaryView {
    fn from(row: &TaskRow) -> Self {
        let duration_ms = match (row.started_at, row.completed_at) {
            (Some(start), Some(end)) => Some(end.since(start).0),
            _ => None,
        };
        Self {
            id: row.id.0,
            name: row.name.clone(),
            index: row.index,
            batch: row.batch,
            visit: row.visit,
            attempt: row.attempt,
            status: row.status.as_str(),
            error: row.error.clone().map(FailureView::from),
            timed_out: row.timed_out,
            timeout_seconds: row.timeout.map(attune_core::Millis::as_secs_f64),
            started_at: row.started_at.map(Time),
            completed_at: row.completed_at.map(Time),
            duration_ms,
            retry_count: row.retry_count,
            max_retries: row.max_retries,
            next_retry_at: row.next_retry_at.map(Time),
            triggered_by: row.triggered_by.clone(),
            action: row.action.as_ref().map(PinView::from),
            child: row.child.map(|run| run.0),
            usage: row.usage.into(),
            created: row.created.into(),
            updated: row.updated.into(),
        }
    }
}

impl TaskView {
    /// Makes the view of an execution; `grants` are those of the action it calls.
    pub(crate) fn new(row: &TaskRow, grants: Value) -> Self {
        Self {
            summary: row.into(),
            input: row.input.clone().into(),
            result: row.result.clone().into(),
            attempts: row.attempts.iter().map(AttemptView::from).collect(),
            grants: grants.into(),
        }
    }
}

impl From<&ActionPin> for PinView {
    fn from(pin: &ActionPin) -> Self {
        Self {
            reference: pin.reference.clone(),
            revision: pin.revision,
            digest: format!("sha256:{}", pin.digest),
        }
    }
}

impl From<&AttemptRow> for AttemptView {
    fn from(row: &AttemptRow) -> Self {
        Self {
            attempt: row.attempt,
            status: row.status.as_str(),
            error: row.error.clone().map(FailureView::from),
            started_at: row.started_at.into(),
            completed_at: row.completed_at.into(),
            duration_ms: row.completed_at.since(row.started_at).0,
            usage: row.usage.into(),
        }
    }
}
