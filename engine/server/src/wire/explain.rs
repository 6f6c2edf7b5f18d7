//! Why a task ran, waits, was skipped or went where it went.

use std::sync::Arc;

use attune_core::Value;
use attune_core::explain::{Explanation, Reason, Seen, Wait};
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::AnyJson;

/// The explanation of a task.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Explanation)]
pub(crate) struct ExplanationView {
    /// Its name.
    task: Arc<str>,
    /// The execution; null if the task was never reached.
    task_id: Option<u64>,
    /// How it stands.
    status: Option<&'static str>,
    /// The visit, from 1.
    visit: Option<u32>,
    /// The reasons, in the order in which they came about.
    reasons: Vec<ReasonView>,
}

/// One reason: its `type`, and more by its type.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Reason)]
struct ReasonView {
    /// `first`, `led`, `unfinished`, `join`, `condition`, `waits`, `ended`, `stopped`, `closed`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// More of it.
    data: AnyJson,
}

impl From<Explanation> for ExplanationView {
    fn from(told: Explanation) -> Self {
        Self {
            task: told.task,
            task_id: told.execution.map(|task| task.0),
            status: told.status.map(attune_core::run::TaskStatus::as_str),
            visit: told.visit,
            reasons: told.reasons.iter().map(ReasonView::from).collect(),
        }
    }
}

impl From<&Reason> for ReasonView {
    fn from(reason: &Reason) -> Self {
        let (kind, data) = describe(reason);
        Self {
            kind,
            data: data.into(),
        }
    }
}

fn describe(reason: &Reason) -> (&'static str, Value) {
    match reason {
        Reason::First { of } => ("first", Value::map([("of", Value::from(*of))])),
        Reason::Led {
            from,
            visit,
            status,
            condition,
            led,
        } => {
            let data = [
                ("from", text(from)),
                ("visit", u64::from(*visit).into()),
                ("status", status.as_str().into()),
                ("condition", condition.as_ref().map_or(Value::Null, seen)),
                ("led", (*led).into()),
            ];
            ("led", Value::map(data))
        }
        Reason::Unfinished { task, status } => {
            let status = status.map_or(Value::Null, |status| status.as_str().into());
            let data = [("task", text(task)), ("status", status)];
            ("unfinished", Value::map(data))
        }
        Reason::Join {
            needs,
            arrivals,
            missing,
        } => {
            let arrivals = arrivals.iter().map(|(from, fate)| {
                Value::map([("from", text(from)), ("fate", Value::from(*fate))])
            });
            let data = [
                ("needs", u64::from(*needs).into()),
                ("arrivals", Value::list(arrivals.collect())),
                ("missing", texts(missing)),
            ];
            ("join", Value::map(data))
        }
        Reason::Condition(condition) => ("condition", seen(condition)),
        Reason::Waits(wait) => ("waits", waits(wait)),
        Reason::Ended { conditions, next } => {
            let conditions = Value::list(conditions.iter().map(seen).collect());
            let data = [("conditions", conditions), ("next", texts(next))];
            ("ended", Value::map(data))
        }
        Reason::Stopped => ("stopped", Value::Null),
        Reason::Closed { by } => ("closed", Value::map([("by", Value::from(*by))])),
    }
}

fn text(text: &Arc<str>) -> Value {
    Value::Text(text.clone())
}

fn texts(all: &[Arc<str>]) -> Value {
    Value::list(all.iter().map(text).collect())
}

fn seen(seen: &Seen) -> Value {
    let (held, error) = match &seen.held {
        Ok(held) => (Value::Bool(*held), Value::Null),
        Err(error) => (Value::Null, text(error)),
    };
    let values = seen
        .values
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()));
    Value::map([
        ("place", Value::from(seen.place)),
        ("held", held),
        ("error", error),
        ("values", Value::map(values)),
    ])
}

/// The core writes these for its own tests in the form that is wanted here, instants aside.
fn waits(wait: &Wait) -> Value {
    let until = match wait {
        Wait::Delay { until } | Wait::Retry { until } | Wait::Timer { until } => *until,
        Wait::Resume
        | Wait::Key { .. }
        | Wait::Parallel { .. }
        | Wait::Concurrency { .. }
        | Wait::Block { .. }
        | Wait::Runner { .. }
        | Wait::Attempt { .. }
        | Wait::Answer
        | Wait::Child { .. }
        | Wait::Tasks => None,
    };
    let json = serde_json::to_value(wait).unwrap_or_default();
    let Value::Map(mut map) = Value::from_serde(&json) else {
        return Value::Null;
    };
    if let Some(until) = until {
        Arc::make_mut(&mut map).insert("until".into(), until.to_rfc3339().into());
    }
    Value::Map(map)
}
