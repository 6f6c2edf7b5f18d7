//! Steering a run: pause, resume, cancel, retry.

use attune_core::event::RerunTask;
use attune_driver::handle::Command;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::run::{after, visible};
use crate::auth::Runner;
use crate::error::Result;
use crate::extract::{OptionalJson, Path};
use crate::launch::brief;
use crate::query::NoQuery;
use crate::reply::{Data, placed};
use crate::state::App;
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
    params(("id" = u64, Path, description = "The run.")),
    request_body = Option<RetryBody>,
    responses(
        (status = 202, description = "The run, which goes on.", body = Data<RunSummaryView>),
        (status = 409, description = "It has not ended, or there is nothing to run again."),
    ),
    extensions(("x-role" = json!("run"))),
)]
pub(crate) async fn retry_run(
    caller: Runner,
    State(app): State<App>,
    Path(id): Path<u64>,
    _: NoQuery,
    OptionalJson(body): OptionalJson<RetryBody>,
) -> Result<Response> {
    let run = visible(&caller, &app, id).await?;
    let tasks = body.tasks.into_iter().map(RerunTask::from).collect();
    app.handle
        .command(run, Command::Rerun { tasks }, caller.name())
        .await?;
    let location = format!("/api/v1/runs/{run}");
    Ok(placed(
        StatusCode::ACCEPTED,
        &location,
        brief(&app, run).await?,
    ))
}
