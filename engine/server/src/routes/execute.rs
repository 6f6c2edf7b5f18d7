//! Starting runs of workflows and single actions.

use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::auth::Runner;
use crate::error::Result;
use crate::extract::{OptionalJson, Path, Ref};
use crate::launch::{Asked, launch};
use crate::query::{Query, Wait};
use crate::reply::Data;
use crate::state::App;
use crate::wire::detail::RunView;
use crate::wire::run::RunSummaryView;
use crate::wire::start::ExecuteBody;

/// How long to wait.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExecuteQuery {
    /// Wait for the run's end, for at most 60 s.
    #[param(value_type = Option<String>, example = "30s")]
    wait: Option<Wait>,
}

impl ExecuteQuery {
    /// Returns how long to wait.
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.wait.map(|wait| wait.0)
    }
}

/// Starts a run of a workflow.
#[utoipa::path(
    post, path = "/workflows/{ref}/execute", tag = "runs",
    params(
        ("ref" = String, Path, description = "The workflow."),
        ExecuteQuery,
        ("idempotency-key" = Option<String>, Header, description = "Makes repeating this request safe."),
    ),
    request_body = ExecuteBody,
    responses(
        (status = 200, description = "The run has ended.", body = Data<RunView>),
        (status = 202, description = "The run goes on.", body = Data<RunSummaryView>),
        (status = 409, description = "The workflow is disabled, or the key was used for another request."),
        (status = 422, description = "The parameters do not fit, or an action is missing."),
    ),
    extensions(("x-role" = json!("run")), ("x-semantic-422" = json!(true))),
)]
pub(crate) async fn execute_workflow(
    caller: Runner,
    State(app): State<App>,
    Path(reference): Path<Ref>,
    Query(query): Query<ExecuteQuery>,
    headers: HeaderMap,
    OptionalJson(body): OptionalJson<ExecuteBody>,
) -> Result<Response> {
    caller.check_ref(&reference.0)?;
    let runnable = app.resolver.workflow(&reference.0, body.revision).await?;
    let asked = Asked {
        path: &format!("workflow {}", reference.0),
        headers: &headers,
        wait: query.wait(),
    };
    launch(&app, &caller, &runnable, body, asked).await
}

/// Runs a single action.
///
/// The run has one task, and its output is the task's result.
#[utoipa::path(
    post, path = "/actions/{ref}/execute", tag = "runs",
    params(
        ("ref" = String, Path, description = "The action."),
        ExecuteQuery,
        ("idempotency-key" = Option<String>, Header, description = "Makes repeating this request safe."),
    ),
    request_body = ExecuteBody,
    responses(
        (status = 200, description = "The run has ended.", body = Data<RunView>),
        (status = 202, description = "The run goes on.", body = Data<RunSummaryView>),
        (status = 409, description = "The action waits for approval, or the key was used for another request."),
        (status = 422, description = "The parameters do not fit."),
    ),
    extensions(("x-role" = json!("run")), ("x-semantic-422" = json!(true))),
)]
pub(crate) async fn execute_action(
    caller: Runner,
    State(app): State<App>,
    Path(reference): Path<Ref>,
    Query(query): Query<ExecuteQuery>,
    headers: HeaderMap,
    OptionalJson(body): OptionalJson<ExecuteBody>,
) -> Result<Response> {
    caller.check_ref(&reference.0)?;
    let runnable = app.resolver.action(&reference.0, body.revision).await?;
    let asked = Asked {
        path: &format!("action {}", reference.0),
        headers: &headers,
        wait: query.wait(),
    };
    launch(&app, &caller, &runnable, body, asked).await
}
