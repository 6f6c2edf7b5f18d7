//! The fields of `task.<name>`, each made only when an expression mentions it.

use std::sync::Arc;

use crate::definition::{Definition, Task, TaskKind};
use crate::id::TaskIndex;
use crate::run::{Execution, Run, State, TaskStatus, Visit, VisitId};
use crate::time::{Millis, Timestamp};
use crate::value::{Map, Value};

use super::{failure_value, seconds};

const COMMON: [&str; 11] = [
    "result",
    "status",
    "error",
    "attempts",
    "delays",
    "visit",
    "started_at",
    "completed_at",
    "duration_ms",
    "timed_out",
    "visits",
];
const ITEMS: [&str; 9] = [
    "results",
    "items",
    "by_key",
    "failed_items",
    "succeeded_items",
    "skipped_items",
    "total_count",
    "failed_count",
    "max_in_flight",
];
const BLOCK: [&str; 2] = ["tasks", "failed_tasks"];

/// What `task.<name>` is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject {
    /// No visit has ended yet.
    Unfinished(TaskIndex),
    Visit(VisitId),
    /// One execution of a visit, whose attempt has just ended.
    Attempt(VisitId, u32),
}

impl Subject {
    fn task<'d>(self, run: &Run, definition: &'d Definition) -> &'d Task {
        match self {
            Self::Unfinished(index) => definition.task(index),
            Self::Visit(visit) | Self::Attempt(visit, _) => {
                definition.task(run.visit(visit).task())
            }
        }
    }

    pub(super) fn all_names(self, run: &Run, definition: &Definition) -> Vec<Arc<str>> {
        let all = COMMON.iter().chain(&ITEMS).chain(&BLOCK);
        let task = self.task(run, definition);
        all.filter(|name| has(task, name))
            .map(|name| Arc::from(*name))
            .collect()
    }

    /// Returns a field, `None` if this task has no such field.
    pub(super) fn field(self, run: &Run, definition: &Definition, name: &str) -> Option<Value> {
        let task = self.task(run, definition);
        if !has(task, name) {
            return None;
        }
        Some(match self {
            Self::Unfinished(index) if name == "visits" => visits(run, definition, index),
            Self::Unfinished(_) => Value::Null,
            Self::Attempt(visit, index) => {
                let visit = run.visit(visit);
                match visit.work.execution(index) {
                    Some(execution) if !name.starts_with("visit") => {
                        execution_field(execution, name)
                    }
                    _ => visit_field(run, definition, visit, name),
                }
            }
            Self::Visit(visit) => visit_field(run, definition, run.visit(visit), name),
        })
    }
}

fn has(task: &Task, name: &str) -> bool {
    COMMON.contains(&name)
        || (task.items.is_some() && ITEMS.contains(&name))
        || (matches!(task.kind, TaskKind::Parallel { .. }) && BLOCK.contains(&name))
}

fn visit_field(run: &Run, definition: &Definition, visit: &Visit, name: &str) -> Value {
    match name {
        "result" | "results" => visit.result.clone(),
        "status" => Value::from(visit.status.as_str()),
        "error" => failure_value(visit.failure.as_ref()),
        "attempts" => attempts(visit),
        "delays" => delays(visit.work.execution(0)),
        "visit" => Value::from(u64::from(visit.number)),
        "started_at" => instant(visit.started),
        "completed_at" => instant(visit.ended),
        "duration_ms" => duration(visit.started, visit.ended),
        "timed_out" => Value::Bool(visit.status == TaskStatus::Timeout),
        "visits" => visits(run, definition, visit.task()),
        "tasks" => block_tasks(run, definition, visit),
        "failed_tasks" => failed_tasks(run, definition, visit),
        _ => items_field(visit, name),
    }
}

/// The fields that retry policies look at, of one execution.
fn execution_field(execution: &Execution, name: &str) -> Value {
    match name {
        "result" => execution.result.clone(),
        "status" => Value::from(execution.status.as_str()),
        "error" => failure_value(execution.failure.as_ref()),
        "attempts" => Value::from(u64::from(execution.attempt)),
        "delays" => delays(Some(execution)),
        "started_at" => instant(execution.begun),
        "completed_at" => instant(Some(execution.updated)),
        "duration_ms" => duration(execution.begun, Some(execution.updated)),
        "timed_out" => Value::Bool(execution.status == TaskStatus::Timeout),
        _ => Value::Null,
    }
}

fn attempts(visit: &Visit) -> Value {
    let most = visit
        .work
        .executions
        .iter()
        .map(|execution| execution.attempt)
        .max();
    Value::from(u64::from(most.unwrap_or(0)))
}

fn delays(execution: Option<&Execution>) -> Value {
    let delays = execution.map_or(&[][..], |execution| &execution.delays);
    Value::list(delays.iter().map(|Millis(ms)| seconds(*ms)).collect())
}

fn instant(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| Value::text(at.to_rfc3339()))
}

fn duration(from: Option<Timestamp>, to: Option<Timestamp>) -> Value {
    match (from, to) {
        (Some(from), Some(to)) => Value::from(to.since(from).0),
        _ => Value::Null,
    }
}

fn visits(run: &Run, definition: &Definition, index: TaskIndex) -> Value {
    let task = definition.task(index);
    let names = || COMMON.iter().chain(&ITEMS).chain(&BLOCK);
    let mut all: Vec<Value> = run
        .visits_of(index)
        .map(|id| run.visit(id))
        .filter(|visit| visit.is_over())
        .map(|visit| {
            let shown = names().filter(|name| **name != "visits" && has(task, name));
            Value::map(shown.map(|name| (*name, visit_field(run, definition, visit, name))))
        })
        .collect();
    all.reverse();
    Value::list(all)
}

/// The sub-tasks of a block's visit that ran, in the file's order.
pub(in crate::step) fn sub_visits<'r>(
    run: &'r Run,
    visit: &Visit,
) -> impl Iterator<Item = VisitId> + use<'r> {
    let graph = visit
        .work
        .execution(0)
        .and_then(|execution| execution.graph);
    let latest = graph.map(|graph| run.graph(graph).latest.values().copied());
    latest.into_iter().flatten()
}

fn block_tasks(run: &Run, definition: &Definition, visit: &Visit) -> Value {
    let task = |id: VisitId| {
        let sub = run.visit(id);
        let declared = definition.task(sub.task());
        let shown = COMMON.iter().chain(&ITEMS).chain(&BLOCK);
        let shown = shown.filter(|name| **name != "visits" && has(declared, name));
        let fields = shown.map(|name| (*name, visit_field(run, definition, sub, name)));
        (Arc::clone(&declared.name), Value::map(fields))
    };
    Value::map(sub_visits(run, visit).map(task))
}

fn failed_tasks(run: &Run, definition: &Definition, visit: &Visit) -> Value {
    let failed = sub_visits(run, visit)
        .map(|id| run.visit(id))
        .filter(|sub| sub.failure.is_some())
        .map(|sub| Value::Text(Arc::clone(&definition.task(sub.task()).name)));
    Value::list(failed.collect())
}

fn items_field(visit: &Visit, name: &str) -> Value {
    let work = &visit.work;
    match name {
        "items" => Value::list((0..work.total).map(|index| item(visit, index)).collect()),
        "by_key" => by_key(visit),
        "failed_items" => values_where(visit, |status| {
            status.is_over() && !matches!(status, TaskStatus::Completed | TaskStatus::Skipped)
        }),
        "succeeded_items" => values_where(visit, |status| status == TaskStatus::Completed),
        "skipped_items" => values_where(visit, |status| status == TaskStatus::Skipped),
        "total_count" => Value::from(u64::from(work.total)),
        "failed_count" => Value::from(u64::from(work.failed)),
        "max_in_flight" => Value::from(u64::from(work.max_in_flight)),
        _ => Value::Null,
    }
}

/// Returns how an execution of a visit stands; one that will never begin has the status of
/// what cut the visit off.
pub(in crate::step) fn item_status(visit: &Visit, index: u32) -> TaskStatus {
    match visit.work.execution(index) {
        Some(execution) if execution.state == State::Over => execution.status,
        Some(_) => TaskStatus::Running,
        None => visit.work.cut.unwrap_or(TaskStatus::Scheduled),
    }
}

fn values_where(visit: &Visit, wanted: impl Fn(TaskStatus) -> bool) -> Value {
    let chosen = (0..visit.work.total).filter(|index| wanted(item_status(visit, *index)));
    Value::list(chosen.map(|index| item_value(visit, index)).collect())
}

fn item_value(visit: &Visit, index: u32) -> Value {
    let series = visit.work.iteration.as_deref();
    let value = series.and_then(|series| series.values.get(index as usize));
    value.cloned().unwrap_or_default()
}

fn item(visit: &Visit, index: u32) -> Value {
    let execution = visit.work.execution(index);
    let field = |name| execution.map_or(Value::Null, |found| execution_field(found, name));
    let status = item_status(visit, index);
    let done = |value| if status.is_over() { value } else { Value::Null };
    Value::map([
        ("item", item_value(visit, index)),
        ("result", field("result")),
        ("status", Value::from(status.as_str())),
        ("error", field("error")),
        (
            "attempts",
            execution.map_or(Value::Int(0), |_| field("attempts")),
        ),
        ("started_at", field("started_at")),
        ("completed_at", done(field("completed_at"))),
        ("duration_ms", done(field("duration_ms"))),
    ])
}

fn by_key(visit: &Visit) -> Value {
    let keys = visit
        .work
        .iteration
        .as_deref()
        .and_then(|series| series.keys.clone());
    let mut map = Map::new();
    for (index, key) in keys.iter().flat_map(|keys| keys.iter()).enumerate() {
        map.insert(Arc::clone(key), item(visit, index as u32));
    }
    Value::Map(Arc::new(map))
}
