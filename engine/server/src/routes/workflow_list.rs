//! Lists of workflows, their revisions and pictures.

use std::sync::Arc;

use attune_core::{graph, pack_of};
use attune_driver::port::WorkflowRecord;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::workflow::find;
use crate::auth::{Caller, Reader};
use crate::error::{ApiError, Result};
use crate::extract::{Name, Path, Ref};
use crate::limits::LIST_SCAN;
use crate::query::{Limit, NoQuery, Query, given, rows};
use crate::reply::{Data, List};
use crate::state::App;
use crate::wire::workflow::{Wanted, WorkflowSummaryView};

/// Which workflows to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WorkflowsQuery {
    /// Rows at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500, default = 50)]
    #[serde(default, deserialize_with = "given")]
    limit: Option<Limit>,
    /// Cursor: `next` of the page before.
    after: Option<String>,
    /// With this tag; repeated: with all of them.
    #[serde(default)]
    tags: Vec<String>,
    /// Only enabled, or only disabled ones.
    #[serde(default, deserialize_with = "given")]
    enabled: Option<bool>,
    /// Text within ref, label or description, any case.
    search: Option<String>,
    /// Of this pack.
    pack: Option<String>,
}

/// Lists workflows by ref.
#[utoipa::path(
    get, path = "/workflows", tag = "workflows",
    params(WorkflowsQuery),
    responses((status = 200, description = "Workflows.", body = List<WorkflowSummaryView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn list_workflows(
    caller: Reader,
    State(app): State<App>,
    Query(query): Query<WorkflowsQuery>,
) -> Result<List<WorkflowSummaryView>> {
    list(&caller, &app, query).await
}

/// Lists the workflows of a pack by ref.
#[utoipa::path(
    get, path = "/packs/{pack}/workflows", tag = "workflows",
    params(("pack" = String, Path, description = "The pack."), WorkflowsQuery),
    responses((status = 200, description = "Workflows.", body = List<WorkflowSummaryView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn list_pack_workflows(
    caller: Reader,
    State(app): State<App>,
    Path(pack): Path<Name>,
    Query(query): Query<WorkflowsQuery>,
) -> Result<List<WorkflowSummaryView>> {
    caller.check_pack(&pack.0)?;
    if app.catalog.pack(&pack.0).await?.is_none() {
        return Err(ApiError::not_found("pack", &pack.0));
    }
    let query = WorkflowsQuery {
        pack: Some(pack.0.to_string()),
        ..query
    };
    list(&caller, &app, query).await
}

async fn list(
    caller: &Caller,
    app: &App,
    query: WorkflowsQuery,
) -> Result<List<WorkflowSummaryView>> {
    let limit = rows(query.limit);
    let wanted = Wanted {
        tags: query.tags,
        enabled: query.enabled,
        search: query.search,
        pack: query.pack.map(Arc::from),
    };
    let keep =
        |record: &WorkflowRecord| caller.sees(pack_of(&record.reference)) && wanted.matches(record);
    let mut after: Option<Arc<str>> = query.after.map(Arc::from);
    let mut found = Vec::new();
    let mut scanned = 0;
    // One row more than asked for tells whether there is a next page.
    while found.len() <= limit && scanned < LIST_SCAN {
        let batch = app.catalog.workflows(after.as_deref(), LIST_BATCH).await?;
        scanned += batch.len();
        let end = batch.len() < LIST_BATCH;
        after = batch.last().map(|record| record.reference.clone());
        found.extend(
            batch
                .iter()
                .filter(|record| keep(record))
                .map(WorkflowSummaryView::from),
        );
        if end {
            return Ok(List::page(found, limit, |row| row.reference.to_string()));
        }
    }
    let mut page = List::page(found, limit, |row| row.reference.to_string());
    page.next = page.next.or(after.map(|after| after.to_string()));
    Ok(page)
}

/// Rows read at once.
const LIST_BATCH: usize = 500;

/// Lists the revisions of a workflow, newest first.
#[utoipa::path(
    get, path = "/workflows/{ref}/versions", tag = "workflows",
    params(("ref" = String, Path, description = "The workflow.")),
    responses((status = 200, description = "Revisions.", body = List<WorkflowSummaryView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn list_workflow_versions(
    caller: Reader,
    State(app): State<App>,
    Path(reference): Path<Ref>,
    _: NoQuery,
) -> Result<List<WorkflowSummaryView>> {
    caller.check_ref(&reference.0)?;
    let versions = app.catalog.workflow_versions(&reference.0).await?;
    if versions.is_empty() {
        return Err(ApiError::not_found("workflow", &reference.0));
    }
    let data = versions.iter().map(WorkflowSummaryView::from).collect();
    Ok(List { data, next: None })
}

/// How a graph is given.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GraphQuery {
    /// The language.
    #[serde(default)]
    #[param(inline)]
    pub(crate) format: Format,
}

/// How a workflow's graph is given, and of which revision.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WorkflowGraphQuery {
    /// The language.
    #[serde(default)]
    #[param(inline)]
    format: Format,
    /// A revision other than the newest.
    #[param(minimum = 1)]
    #[serde(default, deserialize_with = "given")]
    revision: Option<u32>,
}

/// The language of a graph.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// `{nodes, edges}`.
    #[default]
    Json,
    /// A Mermaid flowchart.
    Mermaid,
    /// Graphviz.
    Dot,
    /// A picture.
    Svg,
}

/// Draws a workflow.
#[utoipa::path(
    get, path = "/workflows/{ref}/graph", tag = "workflows",
    params(("ref" = String, Path, description = "The workflow."), WorkflowGraphQuery),
    responses((status = 200, description = "The graph.", content(
        (Data<Object> = "application/json"),
        (String = "text/vnd.mermaid"),
        (String = "text/vnd.graphviz"),
        (String = "image/svg+xml"),
    ))),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn get_workflow_graph(
    caller: Reader,
    State(app): State<App>,
    Path(reference): Path<Ref>,
    Query(query): Query<WorkflowGraphQuery>,
) -> Result<Response> {
    caller.check_ref(&reference.0)?;
    let record = find(&app, &reference, query.revision).await?;
    let definition = app.resolver.source(&record).await?.definition;
    Ok(draw(&app, &definition, query.format))
}

/// What a picture may do where it is opened by itself: nothing.
const PICTURE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

fn picture(svg: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CONTENT_SECURITY_POLICY, PICTURE_POLICY),
    ];
    (headers, svg).into_response()
}

/// Draws a definition.
pub(crate) fn draw(app: &App, definition: &attune_core::Definition, format: Format) -> Response {
    let text =
        |kind: &'static str, text: String| ([(header::CONTENT_TYPE, kind)], text).into_response();
    match format {
        Format::Json => {
            let data: Arc<RawValue> = app.graph(definition);
            Data { data }.into_response()
        }
        Format::Mermaid => text("text/vnd.mermaid", graph::mermaid(definition)),
        Format::Dot => text("text/vnd.graphviz", graph::dot(definition)),
        Format::Svg => picture(graph::svg(definition)),
    }
}
