//! Task executions of a run: lists, details, explanations.

use std::sync::Arc;

use attune_core::explain::{About, Explanation, Reason, Wait, explain};
use attune_core::pin::ActionPin;
use attune_core::run::{TaskFilter, TaskStatus};
use attune_core::{RunId, TaskId, Value};
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::run::visible;
use crate::auth::Reader;
use crate::error::{ApiError, Code, Result};
use crate::extract::Path;
use crate::query::{Limit, NoQuery, Query, given, number_cursor, rows};
use crate::reply::{Data, List};
use crate::state::App;
use crate::wire::explain::ExplanationView;
use crate::wire::task::{TaskSummaryView, TaskView};

/// Events replayed for one explanation: more would hold a request up for seconds.
const EXPLAINED_EVENTS: usize = 100_000;

/// Which task executions to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TasksQuery {
    /// Rows at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500, default = 50)]
    #[serde(default, deserialize_with = "given")]
    limit: Option<Limit>,
    /// Cursor: `next` of the page before.
    after: Option<String>,
    /// Of the task of this name.
    name: Option<String>,
    /// In this status; repeated: in any of them.
    #[serde(default)]
    status: Vec<String>,
}

/// Lists a run's task executions by id.
#[utoipa::path(
    get, path = "/runs/{id}/tasks", tag = "tasks",
    params(("id" = u64, Path, description = "The run."), TasksQuery),
    responses((status = 200, description = "Task executions.", body = List<TaskSummaryView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn list_tasks(
    caller: Reader,
    State(app): State<App>,
    Path(id): Path<u64>,
    Query(query): Query<TasksQuery>,
) -> Result<List<TaskSummaryView>> {
    let run = visible(&caller, &app, id).await?;
    let limit = rows(query.limit);
    let after = number_cursor(query.after.as_deref())?.map(TaskId);
    let status = query.status.iter().map(|word| {
        TaskStatus::parse(word).ok_or_else(|| {
            let detail = format!("query parameter `status`: `{word}` is no status of a task");
            ApiError::new(Code::InvalidQuery, detail)
        })
    });
    let filter = TaskFilter {
        status: status.collect::<Result<_>>()?,
        name: query.name.map(Arc::from),
    };
    let inspected = app.handle.inspect(run).await?;
    let found = inspected.run.task_rows(after, limit + 1, &filter);
    let rows = found.iter().map(TaskSummaryView::from).collect();
    Ok(List::page(rows, limit, |row: &TaskSummaryView| {
        row.id.to_string()
    }))
}

/// Returns a task execution.
#[utoipa::path(
    get, path = "/runs/{id}/tasks/{task_id}", tag = "tasks",
    params(
        ("id" = u64, Path, description = "The run."),
        ("task_id" = u64, Path, description = "The task execution."),
    ),
    responses((status = 200, description = "The task execution.", body = Data<TaskView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn get_task(
    caller: Reader,
    State(app): State<App>,
    Path((id, task_id)): Path<(u64, u64)>,
    _: NoQuery,
) -> Result<Data<TaskView>> {
    let run = visible(&caller, &app, id).await?;
    let inspected = app.handle.inspect(run).await?;
    let row = inspected.run.task_row(TaskId(task_id));
    let row = row.ok_or_else(|| ApiError::not_found("task execution", task_id))?;
    let grants = grants(&app, row.action.as_ref()).await?;
    let data = TaskView::new(&row, grants);
    Ok(Data { data })
}

/// Returns the grants of the revision that a task calls.
async fn grants(app: &App, action: Option<&ActionPin>) -> Result<Value> {
    let Some(pin) = action else {
        return Ok(Value::Null);
    };
    let revision = Some(pin.revision);
    let record = app.catalog.action(&pin.reference, revision).await?;
    let approved = record.filter(|record| record.approved);
    Ok(approved.map(|record| record.grants).unwrap_or_default())
}

/// Explains a task: why it ran, waits, was skipped or went where it went.
#[utoipa::path(
    get, path = "/runs/{id}/tasks/{task_id}/explain", tag = "tasks",
    params(
        ("id" = u64, Path, description = "The run."),
        ("task_id" = String, Path, description = "The task execution; or the name of a task, started or not."),
    ),
    responses((status = 200, description = "The explanation.", body = Data<ExplanationView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn explain_task(
    caller: Reader,
    State(app): State<App>,
    Path((id, task)): Path<(u64, String)>,
    _: NoQuery,
) -> Result<Data<ExplanationView>> {
    let run = visible(&caller, &app, id).await?;
    let about = match task.parse() {
        Ok(number) => About::Execution(TaskId(number)),
        Err(_) => About::Name(task.as_str().into()),
    };
    let told = tell(&app, run, about).await?;
    told.map(|data| Data { data })
        .ok_or_else(|| ApiError::not_found("task", task))
}

async fn tell(app: &App, run: RunId, about: About) -> Result<Option<ExplanationView>> {
    let definition = app.handle.inspect(run).await?.definition;
    let events = app.views.events(run, 0, EXPLAINED_EVENTS).await?;
    let told = tokio::task::spawn_blocking(move || explain(&definition, &events, &about))
        .await
        .map_err(|error| ApiError::internal(&error))?
        .map_err(|error| ApiError::internal(&error))?;
    let Some(mut told) = told else {
        return Ok(None);
    };
    find_in_queue(app, run, &mut told).await;
    Ok(Some(told.into()))
}

/// Adds the place in the queue of the key that a task, or the run before its first task, waits
/// for: only the driver knows the other runs.
async fn find_in_queue(app: &App, run: RunId, told: &mut Explanation) {
    let task = told.execution;
    for reason in &mut told.reasons {
        if let Reason::Waits(Wait::Key { key, queue }) = reason {
            let place = app.handle.key_place(key.clone(), run, task).await;
            // While the server stops, the key alone must do.
            *queue = place.unwrap_or_default();
        }
    }
}
