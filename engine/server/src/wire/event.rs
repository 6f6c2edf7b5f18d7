//! Events of a run's journal, each with what it made visible.

use std::sync::Arc;

use attune_core::effect::Change;
use attune_core::event::{EventKind, Outcome, RunStarted};
use attune_core::{TaskId, Value};
use attune_driver::handle::Observed;
use serde::Serialize;
use utoipa::ToSchema;

use super::time::Time;
use super::usage::FailureView;
use crate::extract::AnyJson;

/// An event of a run.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventView {
    /// Its number in the journal, from 0.
    pub(crate) number: u64,
    /// When it was taken.
    at: Time,
    /// What happened.
    #[serde(rename = "type")]
    #[schema(example = "attempt_finished")]
    pub(crate) kind: &'static str,
    /// More of it, by its type.
    data: AnyJson,
    /// What it made visible, in order.
    changes: Vec<ChangeView>,
    /// The run's status after it.
    #[schema(example = "running")]
    status: &'static str,
}

/// Something an event made visible.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = Change)]
enum ChangeView {
    /// The run's status changed.
    RunStatus {
        /// The new one.
        status: &'static str,
    },
    /// A task execution was created or changed its status.
    TaskStatus {
        /// The execution.
        task_id: u64,
        /// The task's name.
        name: Arc<str>,
        /// Place of the item or batch.
        item: Option<u32>,
        /// The visit.
        visit: u32,
        /// The new status.
        status: &'static str,
        /// The attempt it is about.
        attempt: u32,
        /// Why, if it failed.
        error: Option<FailureView>,
    },
    /// A visit of a task ended as a whole.
    TaskEnded {
        /// The task's name.
        name: Arc<str>,
        /// The visit.
        visit: u32,
        /// How.
        status: &'static str,
        /// The tasks it led to.
        next: Vec<Arc<str>>,
    },
    /// A variable got a value.
    Published {
        /// The variable.
        name: Arc<str>,
        /// Its value.
        value: AnyJson,
    },
}

impl From<&Observed> for EventView {
    fn from(observed: &Observed) -> Self {
        let (kind, data) = describe(&observed.event.kind);
        Self {
            number: observed.number,
            at: observed.event.at.into(),
            kind,
            data: data.into(),
            changes: observed.changes.iter().map(ChangeView::from).collect(),
            status: observed.status.as_str(),
        }
    }
}

impl From<&Change> for ChangeView {
    fn from(change: &Change) -> Self {
        match change {
            Change::RunStatus { status } => Self::RunStatus {
                status: status.as_str(),
            },
            Change::TaskStatus {
                task,
                name,
                item,
                visit,
                status,
                attempt,
                failure,
            } => Self::TaskStatus {
                task_id: task.0,
                name: name.clone(),
                item: *item,
                visit: *visit,
                status: status.as_str(),
                attempt: *attempt,
                error: failure.clone().map(FailureView::from),
            },
            Change::TaskEnded {
                name,
                visit,
                status,
                next,
            } => Self::TaskEnded {
                name: name.clone(),
                visit: *visit,
                status: status.as_str(),
                next: next.clone(),
            },
            Change::Published { name, value } => Self::Published {
                name: name.clone(),
                value: value.clone().into(),
            },
        }
    }
}

/// Names an event and says more of it. Not the whole record: what it holds for replay alone
/// (seeds, facts, pins) is nobody's business.
fn describe(kind: &EventKind) -> (&'static str, Value) {
    match kind {
        EventKind::RunStarted(start) => ("run_started", birth(start)),
        EventKind::RunReleased => ("run_released", Value::Null),
        EventKind::AttemptStarted(start) => {
            let attempt = ("attempt", u64::from(start.attempt).into());
            (
                "attempt_started",
                Value::map([of_task(start.task), attempt]),
            )
        }
        EventKind::AttemptFinished(end) => {
            let attempt = ("attempt", u64::from(end.attempt).into());
            let outcome = ("outcome", outcome(&end.outcome).into());
            let data = Value::map([of_task(end.task), attempt, outcome]);
            ("attempt_finished", data)
        }
        EventKind::TimerFired { timer } => {
            ("timer_fired", Value::map([("timer", Value::from(timer.0))]))
        }
        EventKind::ChildStarted { task, child } => {
            ("child_started", child_data(task.0, child.0, None))
        }
        EventKind::ChildRefused { task, failure } => {
            let message = ("message", Value::Text(failure.message.clone()));
            ("child_refused", Value::map([of_task(*task), message]))
        }
        EventKind::ChildEnded(end) => (
            "child_ended",
            child_data(end.task.0, end.child.0, Some(end.status.as_str())),
        ),
        EventKind::InquiryAnswered { task, value, by } => {
            let (value, by) = (("value", value.clone()), ("by", Value::Text(by.clone())));
            ("inquiry_answered", Value::map([of_task(*task), value, by]))
        }
        EventKind::TaskReleased { task } => ("task_released", Value::map([of_task(*task)])),
        EventKind::PauseRequested { reason, by } => {
            let reason = reason.clone().map_or(Value::Null, Value::Text);
            ("pause_requested", asked(by, Some(("reason", reason))))
        }
        EventKind::ResumeRequested { by } => ("resume_requested", asked(by, None)),
        EventKind::CancelRequested { mode, by } => {
            let mode = super::start::mode_name(*mode).into();
            ("cancel_requested", asked(by, Some(("mode", mode))))
        }
        EventKind::RerunRequested { tasks, by } => {
            let names = tasks.iter().map(|task| Value::Text(task.name.clone()));
            let tasks = Value::list(names.collect());
            ("rerun_requested", asked(by, Some(("tasks", tasks))))
        }
    }
}

fn birth(start: &RunStarted) -> Value {
    Value::map([
        ("workflow", Value::Text(start.workflow.reference.clone())),
        ("revision", u64::from(start.workflow.revision).into()),
        ("parameters", start.parameters.clone()),
        ("identity", Value::Text(start.identity.clone())),
    ])
}

fn of_task(task: TaskId) -> (&'static str, Value) {
    ("task_id", Value::from(task.0))
}

/// Says who asked, and for what.
fn asked(by: &Arc<str>, what: Option<(&str, Value)>) -> Value {
    let by = ("by", Value::Text(by.clone()));
    Value::map(what.into_iter().chain([by]))
}

fn child_data(task: u64, child: u64, status: Option<&'static str>) -> Value {
    let status = status.map(|status| ("status", Value::from(status)));
    let ids = [
        ("task_id", Value::from(task)),
        ("child", Value::from(child)),
    ];
    Value::map(ids.into_iter().chain(status))
}

fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded(_) => "succeeded",
        Outcome::Failed(_) => "failed",
        Outcome::TimedOut => "timed_out",
        Outcome::Interrupted => "interrupted",
        Outcome::Abandoned => "abandoned",
    }
}
