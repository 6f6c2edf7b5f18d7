//! Forking a run: a new one takes over what was recorded before a task, and goes on from there.

use std::sync::Arc;

use attune_core::event::{Fork, Trigger};
use attune_core::step::preview_fork;
use attune_core::{Map, Run, RunId, Value};
use attune_driver::handle::{Inspected, StartRun};
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::run::visible;
use crate::auth::Runner;
use crate::error::{ApiError, Code, Item, Result};
use crate::extract::{OptionalJson, Path};
use crate::idempotency::Once;
use crate::launch;
use crate::reply::Data;
use crate::resolve::Runnable;
use crate::state::App;
use crate::wire::fork::{DefinitionView, ForkBody, RerunPreviewView};
use crate::wire::run::RunSummaryView;

/// Starts a new run that takes over what a run had recorded before a task.
///
/// Everything from the task's latest visit on runs again; other results are kept. The new run
/// goes by the same definition or by the newest one.
#[utoipa::path(
    post, path = "/runs/{id}/fork", tag = "runs",
    params(
        ("id" = u64, Path, description = "The run to fork."),
        ("idempotency-key" = Option<String>, Header, description = "Makes repeating this request safe."),
    ),
    request_body = Option<ForkBody>,
    responses(
        (status = 200, description = "With `preview`: what would run again.", body = Data<RerunPreviewView>),
        (status = 202, description = "The new run.", body = Data<RunSummaryView>),
        (status = 409, description = "The task never ran, the workflow is disabled, or the key was used for another request."),
    ),
    extensions(("x-role" = json!("run")), ("x-semantic-422" = json!(true))),
)]
pub(crate) async fn fork_run(
    caller: Runner,
    State(app): State<App>,
    Path(id): Path<u64>,
    Once(key): Once,
    OptionalJson(body): OptionalJson<ForkBody>,
) -> Result<Response> {
    let origin = visible(&caller, &app, id).await?;
    let inspected = app.handle.inspect(origin).await?;
    let task = chosen(&inspected.run, body.task.as_deref())?;
    let runnable = runnable(&app, &inspected, body.definition).await?;
    let preview = preview_fork(&runnable.definition, &inspected.run, &task)?;
    if body.preview {
        let data = RerunPreviewView::from(preview);
        return Ok(Data { data }.into_response());
    }
    if !runnable.enabled {
        return Err(launch::disabled(&runnable.workflow.reference));
    }
    let path = format!("fork {origin}");
    let idempotency = key.map(|key| key.idempotency(&caller, &path, &body.canonical()));
    let run = &inspected.run;
    let start = StartRun {
        parameters: parameters(run, &runnable, &body)?,
        definition: runnable.definition.clone(),
        workflow: runnable.workflow.clone(),
        pins: runnable.pins.clone(),
        labels: run.labels().to_vec(),
        trigger: Trigger::Fork(origin),
        identity: caller.name(),
        start_at: None,
        priority: Some(run.priority()),
        fuel: run.birth().and_then(|birth| birth.fuel),
        fork: Some(Box::new(fork(origin, run, task, body))),
        idempotency,
    };
    launch::answer(&app, start, None).await
}

/// The task that is named, or that of the run's error.
fn chosen(run: &Run, named: Option<&str>) -> Result<Arc<str>> {
    if let Some(name) = named {
        return Ok(name.into());
    }
    let failed = run.failure().and_then(|error| error.task);
    failed.ok_or_else(|| {
        let message = "name the task to go on from: the run has no failed one";
        let item = Item::at("/task", message);
        ApiError::new(Code::InvalidRequest, message).item(item)
    })
}

/// What the new run goes by.
async fn runnable(
    app: &App,
    inspected: &Inspected,
    wanted: DefinitionView,
) -> Result<Arc<Runnable>> {
    let run = &inspected.run;
    let (Some(workflow), Some(pins)) = (run.workflow(), run.pins()) else {
        return Err(ApiError::new(Code::NotFound, "the run does not exist"));
    };
    if wanted == DefinitionView::Newest {
        return app.resolver.workflow(&workflow.reference, None).await;
    }
    let saved = app.catalog.workflow(&workflow.reference, None).await?;
    Ok(Arc::new(Runnable {
        definition: inspected.definition.clone(),
        workflow: workflow.clone(),
        pins: pins.clone(),
        enabled: saved.is_none_or(|record| record.enabled),
    }))
}

/// The run's parameters with what is replaced, checked where they may not fit any more.
fn parameters(run: &Run, runnable: &Runnable, body: &ForkBody) -> Result<Value> {
    let given = run.parameters().clone();
    if body.parameters.is_none() && body.definition == DefinitionView::Same {
        return Ok(given);
    }
    let mut map: Map = given.as_map().cloned().unwrap_or_default();
    for (name, value) in body.parameters.iter().flatten() {
        map.insert(name.as_str().into(), value.0.clone());
    }
    launch::check(&runnable.definition.parameters, Value::Map(Arc::new(map)))
}

fn fork(origin: RunId, run: &Run, from_task: Arc<str>, body: ForkBody) -> Fork {
    let vars = body.vars.unwrap_or_default().into_iter();
    Fork {
        origin,
        from_task,
        machine: run.encode().into(),
        vars: vars.map(|(name, value)| (name.into(), value.0)).collect(),
        input: body.input.map(|input| input.0),
    }
}
