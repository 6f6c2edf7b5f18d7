//! A run's journal and log.

use attune_core::TaskId;
use attune_driver::port::LogFilter;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::run::visible;
use super::stream::{follow_events, follow_logs};
use crate::auth::Reader;
use crate::error::{ApiError, Code, Result};
use crate::extract::{Path, accepts};
use crate::query::{Limit, PageQuery, Query, given, number_cursor, rows};
use crate::reply::List;
use crate::state::App;
use crate::wire::event::EventView;
use crate::wire::log::{LevelView, LogView};

/// Lists a run's events, oldest first.
///
/// With `Accept: text/event-stream` the answer is live, as that of `/stream`.
#[utoipa::path(
    get, path = "/runs/{id}/events", tag = "runs",
    params(("id" = u64, Path, description = "The run."), PageQuery),
    responses((status = 200, description = "Events.", content(
        (List<EventView> = "application/json"),
        (String = "text/event-stream"),
    ))),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn list_events(
    caller: Reader,
    State(app): State<App>,
    Path(id): Path<u64>,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let run = visible(&caller, &app, id).await?;
    let first = number_cursor(query.after.as_deref())?.map_or(0, |after| after.saturating_add(1));
    if accepts(&headers, "text/event-stream") {
        return follow_events(&app, run, &headers, first).await;
    }
    let limit = rows(query.limit);
    let events = app.handle.events(run, first, limit + 1).await?;
    let rows = events.iter().map(EventView::from).collect();
    let page = List::page(rows, limit, |event: &EventView| event.number.to_string());
    Ok(page.into_response())
}

/// Which log lines to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogsQuery {
    /// Rows at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500, default = 50)]
    #[serde(default, deserialize_with = "given")]
    limit: Option<Limit>,
    /// Cursor: `next` of the page before.
    after: Option<String>,
    /// Of this task execution.
    #[serde(default, deserialize_with = "given")]
    task_id: Option<u64>,
    /// Of this attempt.
    #[serde(default, deserialize_with = "given")]
    attempt: Option<u32>,
    /// At least this level.
    #[param(inline)]
    #[serde(default, deserialize_with = "given")]
    level: Option<LevelView>,
    /// Stream what is there and what comes, as server-sent events, until the run's end.
    #[serde(default)]
    follow: bool,
}

/// Lists a run's log lines, oldest first.
#[utoipa::path(
    get, path = "/runs/{id}/logs", tag = "runs",
    params(("id" = u64, Path, description = "The run."), LogsQuery),
    responses((status = 200, description = "Log lines.", content(
        (List<LogView> = "application/json"),
        (String = "text/event-stream"),
    ))),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn list_logs(
    caller: Reader,
    State(app): State<App>,
    Path(id): Path<u64>,
    Query(query): Query<LogsQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let run = visible(&caller, &app, id).await?;
    let limit = rows(query.limit);
    let after = number_cursor(query.after.as_deref())?;
    if query
        .task_id
        .is_some_and(|id| id > attune_core::RunId::MAX.0)
    {
        let detail = "`task_id` must be the id of a task execution";
        return Err(ApiError::new(Code::InvalidQuery, detail));
    }
    let filter = LogFilter {
        task: query.task_id.map(TaskId),
        attempt: query.attempt,
        level: query.level.map(Into::into),
    };
    crate::launch::brief(&app, run).await?;
    if query.follow {
        return follow_logs(&app, run, filter, &headers, after);
    }
    let lines = app.views.logs(run, &filter, after, limit + 1).await?;
    let rows = lines.into_iter().map(LogView::from).collect();
    let page = List::page(rows, limit, |line: &LogView| line.id.to_string());
    Ok(page.into_response())
}
