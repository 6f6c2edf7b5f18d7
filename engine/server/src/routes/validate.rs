//! Checking and trying workflow files without saving them.

use axum::extract::State;
use axum::response::Response;

use crate::auth::{Deployer, Reader};
use crate::error::{ApiError, Result};
use crate::extract::{AnyJson, Json, WorkflowSource};
use crate::launch::{Asked, ExecuteQuery, launch};
use crate::reply::Data;
use crate::state::App;
use crate::wire::detail::RunView;
use crate::wire::run::RunSummaryView;
use crate::wire::start::{ExecuteBody, PreviewBody};
use crate::wire::workflow::{DiagnosticView, ValidationView};

/// Checks a workflow file against the actions and workflows that are here.
#[utoipa::path(
    post, path = "/workflows/validate", tag = "workflows",
    request_body(content(("application/yaml"), (AnyJson = "application/json")), description = "The workflow file."),
    responses((status = 200, description = "Every problem.", body = Data<ValidationView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn validate_workflow(
    _: Reader,
    State(app): State<App>,
    WorkflowSource(text): WorkflowSource,
) -> Result<Data<ValidationView>> {
    let parsed = app.resolver.check(&text, None).await?;
    let data = ValidationView {
        valid: parsed.definition.is_some(),
        diagnostics: parsed
            .diagnostics
            .iter()
            .map(DiagnosticView::from)
            .collect(),
    };
    Ok(Data { data })
}

/// Runs a workflow file without saving it.
#[utoipa::path(
    post, path = "/workflows/preview", tag = "workflows",
    params(ExecuteQuery, ("idempotency-key" = Option<String>, Header, description = "Makes repeating this request safe.")),
    request_body = PreviewBody,
    responses(
        (status = 200, description = "It has ended.", body = Data<RunView>),
        (status = 202, description = "It goes on.", body = Data<RunSummaryView>),
        (status = 422, description = "The file has errors, or the parameters do not fit."),
    ),
    extensions(("x-role" = json!("deploy")), ("x-semantic-422" = json!(true))),
)]
pub(crate) async fn preview_workflow(
    caller: Deployer,
    State(app): State<App>,
    asked: Asked,
    Json(body): Json<PreviewBody>,
) -> Result<Response> {
    let parsed = app.resolver.check(&body.source, None).await?;
    match &parsed.definition {
        Some(definition) => caller.check_ref(&definition.reference)?,
        None => return Err(ApiError::workflow(&parsed.diagnostics)),
    }
    let runnable = app.resolver.unsaved(body.source, parsed).await?;
    let path = format!("preview {}", runnable.workflow.digest);
    let body = ExecuteBody {
        parameters: body.parameters,
        ..ExecuteBody::default()
    };
    launch(&app, &caller, &runnable, body, asked.of(path)).await
}
