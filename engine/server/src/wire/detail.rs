//! A run, whole: what it was given, what it gave, and how its tasks stand.

use std::sync::Arc;

use attune_core::projection::RunSummary;
use attune_core::run::TaskFilter;
use attune_core::{Map, Run, Value, pack_of};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::run::RunSummaryView;
use crate::extract::AnyJson;

/// A run.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Run)]
pub(crate) struct RunView {
    #[serde(flatten)]
    summary: RunSummaryView,
    /// The parameters, defaults filled in.
    parameters: AnyJson,
    /// The output; null until the end.
    output: AnyJson,
    /// The variables.
    vars: AnyJson,
    /// Tasks that have not ended.
    current_tasks: Vec<Arc<str>>,
    /// Tasks whose latest visit ended well.
    completed_tasks: Vec<Arc<str>>,
    /// Tasks whose latest visit failed, timed out or was cancelled.
    failed_tasks: Vec<Arc<str>>,
    /// Tasks whose latest visit was skipped.
    skipped_tasks: Vec<Arc<str>>,
    /// The workflow's graph: `{nodes, edges}`.
    #[schema(value_type = Object)]
    task_graph: Arc<RawValue>,
}

impl RunView {
    /// Makes the view of a run.
    pub(crate) fn new(summary: RunSummary, run: &Run, graph: Arc<RawValue>) -> Self {
        let names = run.task_names();
        Self {
            summary: summary.into(),
            parameters: run.parameters().clone().into(),
            output: run.output().clone().into(),
            vars: run.vars().into(),
            current_tasks: names.current,
            completed_tasks: names.completed,
            failed_tasks: names.failed,
            skipped_tasks: names.skipped,
            task_graph: graph,
        }
    }
}

/// Everything that expressions of the run can read.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Context)]
pub(crate) struct ContextView {
    /// `parameters`.
    parameters: AnyJson,
    /// `vars`.
    vars: AnyJson,
    /// `task`: result, status and error of the latest visit of each task, items aside.
    task: AnyJson,
    /// `pack.config`.
    config: AnyJson,
}

/// Task executions that a context looks at: the latest of each name wins.
const CONTEXT_TASKS: usize = 10_000;

impl ContextView {
    /// Makes the view of a run's context.
    pub(crate) fn new(run: &Run) -> Self {
        let mut tasks = Map::new();
        for row in run.task_rows(None, CONTEXT_TASKS, &TaskFilter::default()) {
            if row.index.is_none() {
                let data = [
                    ("status", Value::from(row.status.as_str())),
                    ("result", row.result),
                    ("visit", u64::from(row.visit).into()),
                    ("attempts", u64::from(row.attempt).into()),
                ];
                tasks.insert(row.name, Value::map(data));
            }
        }
        let own = run.workflow().map(|pin| pack_of(&pin.reference));
        let config = run.pins().and_then(|pins| pins.configs.get(own?).cloned());
        Self {
            parameters: run.parameters().clone().into(),
            vars: run.vars().into(),
            task: Value::Map(Arc::new(tasks)).into(),
            config: config.unwrap_or_default().into(),
        }
    }
}
