//! Steering a run: pause, resume, cancel, retry.

use attune_core::event::RerunTask;
use attune_core::step::preview_rerun;
use attune_driver::handle::Command;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::run::{after, visible};
use crate::auth::Runner;
use crate::error::Result;
use crate::extract::{OptionalJson, Path};
use crate::idempotency::Once;
use crate::launch::{brief, mark_replayed};
use crate::query::NoQuery;
use crate::reply::{Data, placed};
use crate::state::App;
use crate::wire::fork::RerunPreviewView;
use crate::wire::run::RunSummaryView;
use crate::wire::start::{CancelBody, PauseBody, RetryBody};

/// Pauses a run: nothing new is dispatched, what runs may finish.
#[utoipa::path(
    post, path = "/runs/{id}/pause", tag = "runs",
    params(("id" = u64, Path, description = "The run.")),
    request_body = Option<PauseBody>,
    responses(
        (status = 200, description = "The run.", body = Data<RunSummaryView>),
        (status = 409, description = "Its state forbids it."),
    ),
    extensions(("x-role" = json!("run"))),
)]
pub(crate) async fn pause_run(
    caller: Runner,
    State(app): State<App>,
    Path(id): Path<u64>,
    _: NoQuery,
    OptionalJson(body): OptionalJson<PauseBody>,
) -> Result<Data<RunSummaryView>> {
    let reason = body.reason.map(Into::into);
    command(&caller, &app, id, Command::Pause { reason }).await
}

/// Lets a paused run go on.
#[utoipa::path(
    post, path = "/runs/{id}/resume", tag = "runs",
    params(("id" = u64, Path, description = "The run.")),
    responses(
        (status = 200, description = "The run.", body = Data<RunSummaryView>),
        (status = 409, description = "Its state forbids it."),
    ),
    extensions(("x-role" = json!("run"))),
)]
pub(crate) async fn resume_run(
    caller: Runner,
    State(app): State<App>,
    Path(id): Path<u64>,
    _: NoQuery,
) -> Result<Data<RunSummaryView>> {
    command(&caller, &app, id, Command::Resume).await
}

/// Cancels a run: nothing new starts but the tasks of `finally`.
#[utoipa::path(
    post, path = "/runs/{id}/cancel", tag = "runs",
    params(("id" = u64, Path, description = "The run.")),
    request_body = Option<CancelBody>,
    responses(
        (status = 200, description = "The run.", body = Data<RunSummaryView>),
        (status = 409, description = "Its state forbids it."),
    ),
    extensions(("x-role" = json!("run"))),
)]
pub(crate) async fn cancel_run(
    caller: Runner,
    State(app): State<App>,
    Path(id): Path<u64>,
    _: NoQuery,
    OptionalJson(body): OptionalJson<CancelBody>,
) -> Result<Data<RunSummaryView>> {
    let mode = body.mode.into();
    command(&caller, &app, id, Command::Cancel { mode }).await
}

async fn command(
    caller: &Runner,
    app: &App,
    id: u64,
    command: Command,
) -> Result<Data<RunSummaryView>> {
    let run = visible(caller, app, id).await?;
    app.handle.command(run, command, caller.name()).await?;
    after(app, run).await
}

/// Runs failed or named tasks of a finished run again.
#[utoipa::path(
    post, path = "/runs/{id}/retry", tag = "runs",
    params(
        ("id" = u64, Path, description = "The run."),
        ("idempotency-key" = Option<String>, Header, description = "Makes repeating this request safe."),
    ),
    request_body = Option<RetryBody>,
    responses(
        (status = 200, description = "With `preview`: what would run again.", body = Data<RerunPreviewView>),
        (status = 202, description = "The run, which goes on.", body = Data<RunSummaryView>),
        (status = 409, description = "It has not ended, there is nothing to run again, or the key was used for another request."),
    ),
    extensions(("x-role" = json!("run"))),
)]
pub(crate) async fn retry_run(
    caller: Runner,
    State(app): State<App>,
    Path(id): Path<u64>,
    Once(key): Once,
    OptionalJson(body): OptionalJson<RetryBody>,
) -> Result<Response> {
    let run = visible(&caller, &app, id).await?;
    let canonical = body.canonical();
    let tasks: Vec<RerunTask> = body.tasks.into_iter().map(RerunTask::from).collect();
    if body.preview {
        let inspected = app.handle.inspect(run).await?;
        let told = preview_rerun(&inspected.definition, &inspected.run, &tasks)?;
        let data = RerunPreviewView::from(told);
        return Ok(Data { data }.into_response());
    }
    let key = key.map(|key| key.idempotency(&caller, &format!("retry {run}"), &canonical));
    let command = Command::Rerun { tasks };
    let replayed = app
        .handle
        .command_once(run, command, caller.name(), key)
        .await?;
    let location = format!("/api/v1/runs/{run}");
    let mut response = placed(StatusCode::ACCEPTED, &location, brief(&app, run).await?);
    if replayed {
        mark_replayed(&mut response);
    }
    Ok(response)
}
