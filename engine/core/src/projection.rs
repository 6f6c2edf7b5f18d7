//! What a batch of events changes in summaries and indexes. Every store writes exactly this, in
//! the same atomic change as the events, so that lists never disagree with journals.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::effect::{Effect, OpenInquiry};
use crate::error::Failure;
use crate::event::{Parent, TimerId, Trigger, Usage};
use crate::id::{RunId, TaskId};
use crate::pin::WorkflowPin;
use crate::run::{Run, RunStatus};
use crate::step::Stepped;
use crate::time::Timestamp;

/// What lists of runs show: everything but input, variables, output and tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The run.
    pub id: RunId,
    /// `run_name`, rendered.
    pub name: Option<Arc<str>>,
    /// The exact workflow.
    pub workflow: WorkflowPin,
    /// The author's version label.
    pub version: Option<Arc<str>>,
    /// Status.
    pub status: RunStatus,
    /// The first unhandled failure and the task it is of.
    pub error: Option<(Arc<str>, Failure)>,
    /// Labels.
    pub labels: Vec<(Arc<str>, Arc<str>)>,
    /// The parent.
    pub parent: Option<Parent>,
    /// What started it.
    pub trigger: Trigger,
    /// Who started it.
    pub identity: Arc<str>,
    /// Why it is paused.
    pub pause_reason: Option<Arc<str>>,
    /// When its first task could start.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// When it was accepted.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// What its attempts used.
    pub usage: Usage,
    /// Executions by their state: completed, failed, skipped; for lists.
    pub counts: TaskCounts,
    /// Priority.
    pub priority: i32,
    /// Whether the run holds secret values: its events and snapshot must be encrypted.
    pub secret: bool,
}

/// How many task executions there are, by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCounts {
    /// All that were created.
    pub total: u32,
    /// Succeeded.
    pub completed: u32,
    /// Failed, timed out, cancelled or abandoned.
    pub failed: u32,
    /// Skipped.
    pub skipped: u32,
}

/// What one append changes beside the journal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    /// The new summary, if anything a list shows has changed (birth, status, end).
    pub summary: Option<Box<RunSummary>>,
    /// The summary's status before, `None` at birth: which index entry to remove.
    pub status_before: Option<RunStatus>,
    /// Whether the run has ready, running or waiting work (a row in `live`) after this append.
    pub live: bool,
    /// Whether the run must be loaded when the process starts: it has ready or running work,
    /// children that have not ended, a concurrency key held or waited for, or an effect that
    /// awaits an answer. A run that only waits for timers and people need not be: they wake it.
    pub runnable: bool,
    /// Timers set.
    pub timers_set: Vec<(TimerId, Timestamp)>,
    /// Timers fired or cancelled, with the instant they were due.
    pub timers_gone: Vec<(TimerId, Timestamp)>,
    /// Inquiries opened.
    pub inquiries_opened: Vec<OpenInquiry>,
    /// Inquiries closed: answered, timed out, withdrawn.
    pub inquiries_closed: Vec<TaskId>,
}

impl Projection {
    /// Merges a later projection of the same run into this one.
    pub fn merge(&mut self, later: Self) {
        if later.summary.is_some() {
            if self.summary.is_none() {
                self.status_before = later.status_before;
            }
            self.summary = later.summary;
        }
        self.live = later.live;
        self.runnable = later.runnable;
        self.timers_set.extend(later.timers_set);
        self.timers_gone.extend(later.timers_gone);
        self.inquiries_opened.extend(later.inquiries_opened);
        self.inquiries_closed.extend(later.inquiries_closed);
    }
}

/// Returns what a step changes beside the journal. `status_before` is the run's status before the
/// step, `None` at its birth.
pub fn project(status_before: Option<RunStatus>, run: &Run, stepped: &Stepped) -> Projection {
    let mut projection = Projection {
        live: !run.status().is_over(),
        runnable: run.is_runnable(),
        timers_gone: stepped.timers_gone.clone(),
        ..Projection::default()
    };
    if status_before != Some(run.status()) {
        projection.summary = summary(run).map(Box::new);
        projection.status_before = status_before;
    }
    for effect in &stepped.effects {
        match effect {
            Effect::SetTimer { timer, due } => projection.timers_set.push((*timer, *due)),
            Effect::OpenInquiry(inquiry) => projection.inquiries_opened.push((**inquiry).clone()),
            Effect::CloseInquiry { task } => projection.inquiries_closed.push(*task),
            Effect::StartAttempt(_)
            | Effect::InterruptAttempt { .. }
            | Effect::CancelTimer { .. }
            | Effect::StartChild(_)
            | Effect::CancelChild { .. }
            | Effect::PauseChild { .. }
            | Effect::ResumeChild { .. }
            | Effect::AcquireKey { .. }
            | Effect::ReleaseKey { .. }
            | Effect::ReportToParent { .. } => {}
        }
    }
    projection
}

/// Returns what lists show of a run; `None` before its first event.
pub fn summary(run: &Run) -> Option<RunSummary> {
    let birth = run.birth()?;
    let error = run.failure().map(|error| {
        let task = error.task.unwrap_or_else(|| "".into());
        (task, error.failure)
    });
    Some(RunSummary {
        id: birth.run,
        name: run.name().cloned(),
        workflow: birth.workflow.clone(),
        version: run.version().cloned(),
        status: run.status(),
        error,
        labels: birth.labels.clone(),
        parent: birth.parent,
        trigger: birth.trigger.clone(),
        identity: Arc::clone(&birth.identity),
        pause_reason: run.pause_reason().cloned(),
        started_at: run.started(),
        completed_at: run.completed(),
        created: run.created(),
        updated: run.updated(),
        usage: run.usage(),
        counts: run.counts(),
        priority: run.priority(),
        secret: run.has_secret(),
    })
}
