//! Auditing a run: what its cacheable actions did is executed again and compared.
//!
//! The same bytes in must give the same bytes out. What the host or a clock decided (timeouts,
//! limits, interruptions) proves nothing and is skipped. Nothing of it is recorded.

use std::sync::Arc;

use attune_core::error::{Failure, Source};
use attune_core::event::{AttemptContext, Outcome};
use attune_core::pin::ActionPin;
use attune_core::run::{TaskFilter, TaskRow, TaskStatus};
use attune_core::{AttemptId, Digest, Run, RunId, TaskId, Value};
use attune_driver::port::Attempt;
use axum::extract::State;
use futures::StreamExt as _;
use futures::stream;

use super::run::visible;
use crate::auth::Runner;
use crate::clock;
use crate::error::Result;
use crate::extract::Path;
use crate::query::{PageQuery, Query, number_cursor, rows};
use crate::reply::Data;
use crate::state::App;
use crate::wire::audit::{AuditView, AuditedView};

/// Executions under way at once: runs under way need the cores as well.
const AT_ONCE: usize = 2;

/// Executes what a run's cacheable actions did again, and compares the results.
///
/// A run with more task executions than `limit` is audited in parts.
#[utoipa::path(
    post, path = "/runs/{id}/audit", tag = "runs",
    params(("id" = u64, Path, description = "The run."), PageQuery),
    responses((status = 200, description = "What came out.", body = Data<AuditView>)),
    extensions(("x-role" = json!("run"))),
)]
pub(crate) async fn audit_run(
    caller: Runner,
    State(app): State<App>,
    Path(id): Path<u64>,
    Query(query): Query<PageQuery>,
) -> Result<Data<AuditView>> {
    let run = visible(&caller, &app, id).await?;
    let inspected = app.handle.inspect(run).await?;
    let limit = rows(query.limit);
    let after = number_cursor(query.after.as_deref())?.map(TaskId);
    let filter = TaskFilter::default();
    let mut found = inspected.run.task_rows(after, limit + 1, &filter);
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|row| row.id.to_string());
    let audits = found.into_iter().map(|row| {
        let (app, machine) = (app.clone(), Arc::clone(&inspected.run));
        async move { audit(&app, run, &machine, &row).await }
    });
    let tasks = stream::iter(audits).buffered(AT_ONCE).collect().await;
    let data = AuditView {
        run: run.0,
        tasks,
        next,
    };
    Ok(Data { data })
}

async fn audit(app: &App, id: RunId, run: &Run, row: &TaskRow) -> AuditedView {
    let action = match comparable(row) {
        Ok(action) => action,
        Err(reason) => return AuditedView::skipped(row, reason),
    };
    let attempt = attempt(id, run, row, action);
    let secret = row.input.has_secret();
    let outcome = app.executor.execute(attempt).await.outcome;
    let recorded = row.error.as_ref().map_or_else(|| row.result.clone(), told);
    let found = match outcome {
        Outcome::Succeeded(result) if row.error.is_none() => {
            if result.to_revealed_json() == row.result.to_revealed_json() {
                return AuditedView::same(row);
            }
            result
        }
        Outcome::Succeeded(result) => result,
        Outcome::Failed(failure) if row.error.as_ref().is_some_and(|old| same(old, &failure)) => {
            return AuditedView::same(row);
        }
        Outcome::Failed(failure) if failure.source == Source::Engine => {
            return AuditedView::skipped(row, "decided_by_host");
        }
        Outcome::Failed(failure) => told(&failure),
        Outcome::TimedOut | Outcome::Interrupted | Outcome::Abandoned => {
            return AuditedView::skipped(row, "decided_by_host");
        }
    };
    // What a secret went into may show it.
    let found = if secret { found.secret() } else { found };
    AuditedView::different(row, recorded.into(), found.into())
}

/// Returns the action of an execution whose outcome must come out again; else why it need not.
fn comparable(row: &TaskRow) -> Result<&ActionPin, &'static str> {
    let action = row.action.as_ref().ok_or("no_action")?;
    if !action.cacheable {
        return Err("not_cacheable");
    }
    match (row.status, &row.error) {
        (TaskStatus::Completed, None) => Ok(action),
        (TaskStatus::Failed, Some(failure)) if failure.source == Source::Action => Ok(action),
        (TaskStatus::Failed | TaskStatus::Timeout, _) => Err("decided_by_host"),
        _ => Err("no_result"),
    }
}

/// The attempt as it was, as far as a cacheable action can see it.
fn attempt(id: RunId, run: &Run, row: &TaskRow, action: &ActionPin) -> Attempt {
    let workflow = run.workflow().map_or("", |pin| &*pin.reference);
    let pack: Arc<str> = action.pack(workflow).into();
    let config = run.pins().and_then(|pins| pins.configs.get(&pack).cloned());
    let started = clock::now();
    Attempt {
        id: AttemptId {
            run: id,
            task: row.id,
            attempt: row.attempt,
        },
        name: row.name.clone(),
        action: action.clone(),
        pack,
        config: config.unwrap_or_default(),
        input: row.input.clone(),
        limits: action.limits,
        context: AttemptContext {
            first_started: started,
            deadline: None,
            timeout: None,
            seed: 0,
            idempotency_key: Digest([0; 32]),
        },
        started,
        pure: true,
        cache: None,
    }
}

fn same(old: &Failure, new: &Failure) -> bool {
    old.kind == new.kind
        && old.source == new.source
        && old.message == new.message
        && old.details.to_revealed_json() == new.details.to_revealed_json()
}

/// A failure as data.
fn told(failure: &Failure) -> Value {
    let error = Value::map([
        ("type", Value::Text(failure.kind.clone())),
        ("message", Value::Text(failure.message.clone())),
        ("details", failure.details.clone()),
    ]);
    Value::map([("error", error)])
}
