//! Starting runs of workflows and single actions.

use axum::extract::State;
use axum::response::Response;

use crate::auth::Runner;
use crate::error::Result;
use crate::extract::{OptionalJson, Path, Ref};
use crate::launch::{Asked, ExecuteQuery, launch};
use crate::reply::Data;
use crate::state::App;
use crate::wire::detail::RunView;
use crate::wire::run::RunSummaryView;
use crate::wire::start::ExecuteBody;

/// Starts a run of a workflow.
#[utoipa::path(
    post, path = "/workflows/{ref}/execute", tag = "runs",
    params(
        ("ref" = String, Path, description = "The workflow."),
        ExecuteQuery,
        ("idempotency-key" = Option<String>, Header, description = "Makes repeating this request safe."),
    ),
    request_body = Option<ExecuteBody>,
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
    asked: Asked,
    OptionalJson(body): OptionalJson<ExecuteBody>,
) -> Result<Response> {
    caller.check_ref(&reference.0)?;
    let runnable = app.resolver.workflow(&reference.0, body.revision).await?;
    let asked = asked.of(format!("workflow {}", reference.0));
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
    request_body = Option<ExecuteBody>,
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
    asked: Asked,
    OptionalJson(body): OptionalJson<ExecuteBody>,
) -> Result<Response> {
    caller.check_ref(&reference.0)?;
    let runnable = app.resolver.action(&reference.0, body.revision).await?;
    let asked = asked.of(format!("action {}", reference.0));
    launch(&app, &caller, &runnable, body, asked).await
}
