//! Runs: lists and details.

use std::sync::Arc;

use attune_core::RunId;
use attune_core::run::RunStatus;
use attune_driver::port::RunFilter;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::workflow_list::{GraphQuery, draw};
use crate::auth::{Caller, Reader};
use crate::error::{ApiError, Code, Result};
use crate::extract::Path;
use crate::launch::{brief, wait, whole};
use crate::query::{Limit, NoQuery, Query, Wait, given, given_id, number_cursor, rows};
use crate::reply::{Data, List};
use crate::state::App;
use crate::wire::detail::{ContextView, RunView};
use crate::wire::run::RunSummaryView;
use crate::wire::time::Time;

/// Which runs to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunsQuery {
    /// Rows at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500, default = 50)]
    #[serde(default, deserialize_with = "given")]
    pub(super) limit: Option<Limit>,
    /// Cursor: `next` of the page before.
    pub(super) after: Option<String>,
    /// Of this workflow.
    pub(super) workflow: Option<String>,
    /// In this status; repeated: in any of them.
    #[serde(default)]
    pub(super) status: Vec<String>,
    /// Created at or after.
    #[param(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "given")]
    pub(super) since: Option<Time>,
    /// Created before.
    #[param(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "given")]
    pub(super) until: Option<Time>,
    /// Children of this run.
    #[serde(default, deserialize_with = "given_id")]
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub(super) parent: Option<u64>,
    /// With this label, as `name:value`; repeated: with all of them.
    #[serde(default)]
    pub(super) label: Vec<String>,
    /// Text within name, workflow or error message, any case.
    pub(super) search: Option<String>,
}

impl RunsQuery {
    pub(super) fn filter(self, caller: &Caller) -> Result<RunFilter> {
        let wrong = |detail: String| ApiError::new(Code::InvalidQuery, detail);
        let status = self.status.iter().map(|word| {
            RunStatus::parse(word).ok_or_else(|| {
                let words: Vec<_> = RunStatus::ALL
                    .iter()
                    .map(|status| status.as_str())
                    .collect();
                let words = words.join(", ");
                wrong(format!(
                    "query parameter `status`: `{word}` is none of {words}"
                ))
            })
        });
        let labels = self.label.iter().map(|label| {
            let (name, value) = label
                .split_once(':')
                .ok_or_else(|| wrong("query parameter `label`: must be `name:value`".to_owned()))?;
            Ok((Arc::from(name), Arc::from(value)))
        });
        Ok(RunFilter {
            status: status.collect::<Result<_>>()?,
            labels: labels.collect::<Result<_>>()?,
            workflow: self.workflow.map(Arc::from),
            since: self.since.map(|time| time.0),
            until: self.until.map(|time| time.0),
            parent: self.parent.map(RunId),
            search: self.search.map(Arc::from),
            packs: caller.token().packs.clone(),
        })
    }
}

/// Lists runs, newest first.
#[utoipa::path(
    get, path = "/runs", tag = "runs",
    params(RunsQuery),
    responses((status = 200, description = "Runs. A page may be short, even empty, and still have a next one.", body = List<RunSummaryView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn list_runs(
    caller: Reader,
    State(app): State<App>,
    Query(query): Query<RunsQuery>,
) -> Result<List<RunSummaryView>> {
    let limit = rows(query.limit);
    let after = number_cursor(query.after.as_deref())?.map(RunId);
    let filter = query.filter(&caller)?;
    let page = app.views.run_page(&filter, after, limit).await?;
    Ok(List {
        data: page.runs.into_iter().map(RunSummaryView::from).collect(),
        next: page.next.map(|run| run.to_string()),
    })
}

/// Whether to wait.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WaitQuery {
    /// Wait for the run's end, for at most 60 s.
    #[param(value_type = Option<String>, example = "30s")]
    #[serde(default, deserialize_with = "given")]
    wait: Option<Wait>,
}

/// Returns a run.
#[utoipa::path(
    get, path = "/runs/{id}", tag = "runs",
    params(("id" = u64, Path, description = "The run."), WaitQuery),
    responses((status = 200, description = "The run, as it is now or at its end.", body = Data<RunView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn get_run(
    caller: Reader,
    State(app): State<App>,
    Path(id): Path<u64>,
    Query(query): Query<WaitQuery>,
) -> Result<Data<RunView>> {
    let run = visible(&caller, &app, id).await?;
    if let Some(limit) = query.wait {
        wait(&app, run, limit.0).await?;
    }
    let data = whole(&app, run).await?;
    Ok(Data { data })
}

/// Draws a run's workflow, as it was when the run started.
#[utoipa::path(
    get, path = "/runs/{id}/graph", tag = "runs",
    params(("id" = u64, Path, description = "The run."), GraphQuery),
    responses((status = 200, description = "The graph.", content(
        (Data<Object> = "application/json"),
        (String = "text/vnd.mermaid"),
        (String = "text/vnd.graphviz"),
        (String = "image/svg+xml"),
    ))),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn get_run_graph(
    caller: Reader,
    State(app): State<App>,
    Path(id): Path<u64>,
    Query(query): Query<GraphQuery>,
) -> Result<Response> {
    let run = visible(&caller, &app, id).await?;
    let inspected = app.handle.inspect(run).await?;
    Ok(draw(&app, &inspected.definition, query.format))
}

/// Returns the workflow file that a run goes by.
#[utoipa::path(
    get, path = "/runs/{id}/source", tag = "runs",
    params(("id" = u64, Path, description = "The run.")),
    responses((status = 200, description = "The file, as it was when the run started.", content_type = "application/yaml")),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn get_run_source(
    caller: Reader,
    State(app): State<App>,
    Path(id): Path<u64>,
    _: NoQuery,
) -> Result<Response> {
    let run = visible(&caller, &app, id).await?;
    let summary = app.views.summary(run).await?;
    let summary = summary.ok_or_else(|| ApiError::not_found("run", run))?;
    let source = app.catalog.content(summary.workflow.digest).await?;
    let source = source.ok_or_else(|| ApiError::not_found("source of run", run))?;
    let kind = [(header::CONTENT_TYPE, "application/yaml")];
    Ok((kind, source).into_response())
}

/// Returns what a run's expressions can read.
#[utoipa::path(
    get, path = "/runs/{id}/context", tag = "runs",
    params(("id" = u64, Path, description = "The run.")),
    responses((status = 200, description = "Parameters, variables, task results, configuration.", body = Data<ContextView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn get_run_context(
    caller: Reader,
    State(app): State<App>,
    Path(id): Path<u64>,
    _: NoQuery,
) -> Result<Data<ContextView>> {
    let run = visible(&caller, &app, id).await?;
    let inspected = app.handle.inspect(run).await?;
    let data = ContextView::new(&inspected.run);
    Ok(Data { data })
}

/// Returns a run's id if it exists and the caller's token reaches its pack.
pub(super) async fn visible(caller: &Caller, app: &App, id: u64) -> Result<RunId> {
    let run = RunId(id);
    // A token for all packs needs no look at the run's own: whatever comes next finds it or not.
    if !caller.token().packs.is_empty() {
        let summary = app.views.summary(run).await?;
        let summary = summary.ok_or_else(|| ApiError::not_found("run", run))?;
        caller.check_ref(&summary.workflow.reference)?;
    }
    Ok(run)
}

/// Answers a command with the run as it is then.
pub(super) async fn after(app: &App, run: RunId) -> Result<Data<RunSummaryView>> {
    let data = brief(app, run).await?;
    Ok(Data { data })
}
