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
use attune_driver::handle::{Executed, Inspected, StartRun, Started};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::auth::Caller;
use crate::error::{ApiError, Code, Item, Result};
use crate::idempotency::Key;
use crate::query::{Query, Wait, given};
use crate::reply::placed;
use crate::resolve::Runnable;
use crate::state::App;
use crate::wire::detail::RunView;
use crate::wire::run::RunSummaryView;
use crate::wire::start::ExecuteBody;

/// Tells that a run is that of an earlier request.
const REPLAYED: &str = "idempotent-replayed";
/// How much of a wait the driver does with the start, where both share one sync of the disk. The
/// rest is ours, because a stopping server must be able to end it.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// How long to wait.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExecuteQuery {
    /// Wait for the run's end, for at most 60 s.
    #[param(value_type = Option<String>, example = "30s")]
    #[serde(default, deserialize_with = "given")]
    wait: Option<Wait>,
}

/// How a run was asked for, its body aside.
pub(crate) struct Asked {
    /// How long the client wants to wait for the end.
    wait: Option<Duration>,
    key: Option<Key>,
    /// What the key belongs to: kind and ref.
    path: String,
}

impl FromRequestParts<App> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Query(query) = Query::<ExecuteQuery>::from_request_parts(parts, app).await?;
        Ok(Self {
            wait: query.wait.map(|wait| wait.0),
            key: Key::of(&parts.headers)?,
            path: String::new(),
        })
    }
}

impl Asked {
    /// The same, for one thing.
    pub(crate) fn of(self, path: String) -> Self {
        Self { path, ..self }
    }
}

/// Starts a run and answers.
pub(crate) async fn launch(
    app: &App,
    caller: &Caller,
    runnable: &Runnable,
    body: ExecuteBody,
    asked: Asked,
) -> Result<Response> {
    if !runnable.enabled {
        return Err(disabled(&runnable.workflow.reference));
    }
    let start = prepare(caller, runnable, body, &asked)?;
    answer(app, start, asked.wait).await
}

/// Starts a prepared run, waits for its end if that is wanted, and answers.
pub(crate) async fn answer(
    app: &App,
    start: StartRun,
    limit: Option<Duration>,
) -> Result<Response> {
    let (started, ended) = start_and_wait(app, start, limit).await?;
    let location = format!("/api/v1/runs/{}", started.run);
    let mut response = match ended {
        Some(ended) => placed(StatusCode::OK, &location, view(app, &ended)?),
        None => placed(
            StatusCode::ACCEPTED,
            &location,
            brief(app, started.run).await?,
        ),
    };
    if started.replayed {
        mark_replayed(&mut response);
    }
    Ok(response)
}

/// Tells that an answer is about what an earlier request did.
pub(crate) fn mark_replayed(response: &mut Response) {
    let yes = HeaderValue::from_static("true");
    response.headers_mut().insert(REPLAYED, yes);
}

/// Says that a workflow starts no runs.
pub(crate) fn disabled(reference: &str) -> ApiError {
    ApiError::new(
        Code::WorkflowDisabled,
        format!("workflow `{reference}` is disabled: enable it first"),
    )
}

/// Makes what the driver needs of what the client sent.
fn prepare(
    caller: &Caller,
    runnable: &Runnable,
    body: ExecuteBody,
    asked: &Asked,
) -> Result<StartRun> {
    let labels = body.labels()?;
    let idempotency = asked
        .key
        .as_ref()
        .map(|key| key.idempotency(caller, &asked.path, &canonical(&body)));
    let parameters = check(&runnable.definition.parameters, body.parameters.0)?;
    Ok(StartRun {
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
        fork: None,
        idempotency,
    })
}

/// Starts a run and waits for its end, if that is wanted. A place among the executes is held until
/// the run is durable, not while it is waited for.
async fn start_and_wait(
    app: &App,
    start: StartRun,
    limit: Option<Duration>,
) -> Result<(Started, Option<Inspected>)> {
    let place = app.executes.try_acquire().map_err(|_| {
        let limit = app.limits().executes;
        let detail = format!("`executes`: {limit} requests are being started already");
        ApiError::new(Code::Overloaded, detail)
    })?;
    app.admit().await?;
    let limit = limit.unwrap_or_default().min(app.limits().wait);
    let executed = if limit.is_zero() {
        let started = app.handle.start(start).await?;
        Executed {
            started,
            ended: None,
        }
    } else {
        app.handle.execute(start, limit.min(FIRST_WAIT)).await?
    };
    drop(place);
    let Executed { started, ended } = executed;
    if !started.replayed {
        app.metrics.runs_started.fetch_add(1, Ordering::Relaxed);
    }
    let left = limit.saturating_sub(FIRST_WAIT);
    if ended.is_none() && !left.is_zero() && wait(app, started.run, left).await? {
        return Ok((started, Some(app.handle.inspect(started.run).await?)));
    }
    Ok((started, ended))
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
pub(crate) fn check(schema: &Schema, given: Value) -> Result<Value> {
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
    view(app, &app.handle.inspect(run).await?)
}

fn view(app: &App, inspected: &Inspected) -> Result<RunView> {
    let Some(summary) = projection::summary(&inspected.run) else {
        return Err(ApiError::new(Code::NotFound, "the run does not exist"));
    };
    let graph = app.graph(&inspected.definition);
    Ok(RunView::new(summary, &inspected.run, graph))
}
