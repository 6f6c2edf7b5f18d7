//! What may be read from outside: always the synced state.

use std::sync::Arc;

use async_trait::async_trait;
use attune_core::effect::OpenInquiry;
use attune_core::projection::RunSummary;
use attune_core::run::RunStatus;
use attune_core::{Event, RunId, TaskId, Timestamp};

use super::attempt::{LogLevel, LogLine};
use super::store::{Loaded, StoreError};

/// Which runs to list.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    /// `pack.name` of the workflow.
    pub workflow: Option<Arc<str>>,
    /// Any of these; empty is all.
    pub status: Vec<RunStatus>,
    /// Created at or after.
    pub since: Option<Timestamp>,
    /// Created before.
    pub until: Option<Timestamp>,
    /// Children of this run.
    pub parent: Option<RunId>,
    /// All of these labels.
    pub labels: Vec<(Arc<str>, Arc<str>)>,
    /// Text within the run's name, workflow or error message, any case.
    pub search: Option<Arc<str>>,
    /// Only runs of these packs' workflows; empty is all.
    pub packs: Vec<Arc<str>>,
}

/// Part of a list of runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunPage {
    /// What matched, newest first; may be fewer than asked for before the end.
    pub runs: Vec<RunSummary>,
    /// Where to go on (`after`), unless this is the end.
    pub next: Option<RunId>,
}

/// Which log lines to list.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    /// Of this task execution.
    pub task: Option<TaskId>,
    /// Of this attempt.
    pub attempt: Option<u32>,
    /// At least this level.
    pub level: Option<LogLevel>,
}

/// A log line with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRecord {
    /// Cursor: place within the run's log.
    pub number: u64,
    /// The task execution.
    pub task: TaskId,
    /// The attempt.
    pub attempt: u32,
    /// The line.
    pub line: LogLine,
}

/// Reads the synced state.
#[async_trait]
pub trait Views: Send + Sync + 'static {
    /// Returns a run's summary.
    async fn summary(&self, run: RunId) -> Result<Option<RunSummary>, StoreError>;
    /// Lists runs, newest first, older than `after`.
    async fn runs(
        &self,
        filter: &RunFilter,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunSummary>, StoreError>;
    /// Lists runs like [`Views::runs`], but looks at a bounded number of them, so that a filter
    /// which matches little cannot hold a request up: the page may be short and still have a
    /// next one.
    async fn run_page(
        &self,
        filter: &RunFilter,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<RunPage, StoreError> {
        let runs = self.runs(filter, after, limit).await?;
        let next = (runs.len() == limit).then(|| runs.last().map(|run| run.id));
        Ok(RunPage {
            runs,
            next: next.flatten(),
        })
    }
    /// Returns a run's machine as snapshot and events.
    async fn loaded(&self, run: RunId) -> Result<Option<Loaded>, StoreError>;
    /// Lists events from number `first` on.
    async fn events(&self, run: RunId, first: u64, limit: usize) -> Result<Vec<Event>, StoreError>;
    /// Lists log lines after the cursor `after`.
    async fn logs(
        &self,
        run: RunId,
        filter: &LogFilter,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<LogRecord>, StoreError>;
    /// Lists open inquiries, newest run first.
    async fn inquiries(
        &self,
        after: Option<(RunId, TaskId)>,
        limit: usize,
    ) -> Result<Vec<(RunId, OpenInquiry)>, StoreError>;
    /// Counts runs that wait or work: for admission and readiness.
    async fn live_count(&self) -> Result<u64, StoreError>;
}
