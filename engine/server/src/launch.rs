//! Starting a run: the checks, the start itself, and the wait for its end.
//!
//! The hot path: what a known workflow needs comes from the resolver's memory, and one read of the
//! run gives the whole answer.

use std::sync::atomic::Ordering;
use std::time::Duration;

use attune_core::event::Trigger;
use attune_core::projection;
use attune_core::spec::schema::{Mismatch, Schema};
use attune_core::{RunId, Value};
use attune_driver::handle::{StartRun, Started};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

use crate::auth::Caller;
use crate::error::{ApiError, Code, Item, Result};
use crate::idempotency;
use crate::reply::placed;
use crate::resolve::Runnable;
use crate::state::App;
use crate::wire::detail::RunView;
use crate::wire::run::RunSummaryView;
use crate::wire::start::ExecuteBody;

/// Tells that a run is that of an earlier request.
const REPLAYED: &str = "idempotent-replayed";

/// How a run was asked for.
pub(crate) struct Asked<'a> {
    /// What the idempotency key belongs to: kind and ref.
    pub(crate) path: &'a str,
    /// The request's headers.
    pub(crate) headers: &'a HeaderMap,
    /// How long the client wants to wait for the end.
    pub(crate) wait: Option<Duration>,
}

/// Starts a run and answers.
pub(crate) async fn launch(
    app: &App,
    caller: &Caller,
    runnable: &Runnable,
    body: ExecuteBody,
    asked: Asked<'_>,
) -> Result<Response> {
    if !runnable.enabled {
        let reference = &runnable.workflow.reference;
        return Err(ApiError::new(
            Code::WorkflowDisabled,
            format!("workflow `{reference}` is disabled: enable it first"),
        ));
    }
    let started = start(app, caller, runnable, body, &asked).await?;
    let ended = match asked.wait {
        Some(limit) => wait(app, started.run, limit).await?,
        None => false,
    };
    let location = format!("/api/v1/runs/{}", started.run);
    let mut response = if ended {
        placed(StatusCode::OK, &location, whole(app, started.run).await?)
    } else {
        placed(
            StatusCode::ACCEPTED,
            &location,
            brief(app, started.run).await?,
        )
    };
    if started.replayed {
        let yes = HeaderValue::from_static("true");
        response.headers_mut().insert(REPLAYED, yes);
    }
    Ok(response)
}

async fn start(
    app: &App,
    caller: &Caller,
    runnable: &Runnable,
    body: ExecuteBody,
    asked: &Asked<'_>,
) -> Result<Started> {
    let _place = app.executes.try_acquire().map_err(|_| {
        let limit = app.limits().executes;
        let detail = format!("`executes`: {limit} requests are being started already");
        ApiError::new(Code::Overloaded, detail)
    })?;
    app.admit().await?;
    let labels = body.labels()?;
    let idempotency = idempotency::of(asked.headers, caller, asked.path, || canonical(&body))?;
    let parameters = prepare(&runnable.definition.parameters, body.parameters.0)?;
    let started = app
        .handle
        .start(StartRun {
            definition: runnable.definition.clone(),
            workflow: runnable.workflow.clone(),
            pins: runnable.pins.clone(),
            parameters,
            labels,
            trigger: Trigger::Api,
            identity: caller.name(),
            start_at: body.start_at.map(|time| time.0),
            priority: body.priority,
            fuel: body.limits.and_then(|limits| limits.fuel),
            idempotency,
        })
        .await?;
    if !started.replayed {
        app.metrics.runs_started.fetch_add(1, Ordering::Relaxed);
    }
    Ok(started)
}

/// What two requests with one key must agree on.
fn canonical(body: &ExecuteBody) -> Value {
    let labels = body
        .labels
        .iter()
        .map(|(k, v)| (k.as_str(), Value::from(v.as_str())));
    let number = |number: Option<u64>| number.map_or(Value::Null, Value::from);
    Value::map([
        ("parameters", body.parameters.0.clone()),
        ("revision", number(body.revision.map(u64::from))),
        (
            "fuel",
            number(body.limits.as_ref().and_then(|limits| limits.fuel)),
        ),
        ("labels", Value::map(labels)),
        ("start_at", number(body.start_at.map(|time| time.0.0))),
        (
            "priority",
            body.priority.map_or(Value::Null, |n| i64::from(n).into()),
        ),
    ])
}

/// Fills in and checks parameters.
fn prepare(schema: &Schema, given: Value) -> Result<Value> {
    schema.prepare(given).map_err(|mismatches| {
        let items: Vec<Item> = mismatches.into_iter().map(item).collect();
        let detail = match items.as_slice() {
            [first, rest @ ..] if !rest.is_empty() => {
                format!("{} (and {} more)", first.message, rest.len())
            }
            [only] => only.message.clone(),
            _ => "the parameters do not fit the schema".to_owned(),
        };
        ApiError::new(Code::InvalidParameters, detail).items(items)
    })
}

fn item(mismatch: Mismatch) -> Item {
    let name = mismatch.pointer.trim_start_matches('/').replace('/', ".");
    let message = if name.is_empty() {
        format!("the parameters: {}", mismatch.message)
    } else {
        format!("parameter `{name}` {}", mismatch.message)
    };
    Item {
        fix: mismatch.fix,
        ..Item::at(format!("/parameters{}", mismatch.pointer), message)
    }
}

/// Waits for a run's end, no longer than allowed and not once the server stops.
pub(crate) async fn wait(app: &App, run: RunId, limit: Duration) -> Result<bool> {
    let limit = limit.min(app.limits().wait);
    tokio::select! {
        ended = app.handle.wait(run, limit) => Ok(ended?),
        () = app.shutdown.cancelled() => Ok(false),
    }
}

/// Returns a run's summary.
pub(crate) async fn brief(app: &App, run: RunId) -> Result<RunSummaryView> {
    let summary = app.views.summary(run).await?;
    summary
        .map(RunSummaryView::from)
        .ok_or_else(|| ApiError::not_found("run", run))
}

/// Returns a run, whole.
pub(crate) async fn whole(app: &App, run: RunId) -> Result<RunView> {
    let inspected = app.handle.inspect(run).await?;
    let summary = projection::summary(&inspected.run);
    let summary = summary.ok_or_else(|| ApiError::not_found("run", run))?;
    let graph = app.graph(&inspected.definition);
    Ok(RunView::new(summary, &inspected.run, graph))
}
