//! One workflow: create, read, replace, remove, enable.

use std::sync::Arc;

use attune_core::definition::TaskKind;
use attune_core::{Definition, Digest, Timestamp, pack_of};
use attune_driver::port::{Put, WorkflowRecord};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::auth::{Deployer, Reader};
use crate::clock;
use crate::error::{ApiError, Code, Item, Result};
use crate::extract::{IfMatch, Name, Path, Ref, WorkflowSource, accepts};
use crate::query::{NoQuery, Query, given};
use crate::reply::{Data, json, placed};
use crate::state::App;
use crate::wire::workflow::{WorkflowSummaryView, WorkflowView};

/// Which revision to read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RevisionQuery {
    /// A revision other than the newest.
    #[param(minimum = 1)]
    #[serde(default, deserialize_with = "given")]
    pub(crate) revision: Option<u32>,
}

/// Creates a workflow.
///
/// The pack is created if it is missing.
#[utoipa::path(
    post, path = "/packs/{pack}/workflows", tag = "workflows",
    params(("pack" = String, Path, description = "The pack.")),
    request_body(content(("application/yaml"), (Object = "application/json")), description = "The workflow file."),
    responses(
        (status = 201, description = "Created.", body = Data<WorkflowView>),
        (status = 409, description = "It exists already."),
        (status = 422, description = "The file has errors."),
    ),
    extensions(("x-role" = json!("deploy")), ("x-semantic-422" = json!(true))),
)]
pub(crate) async fn create_workflow(
    caller: Deployer,
    State(app): State<App>,
    Path(pack): Path<Name>,
    WorkflowSource(text): WorkflowSource,
) -> Result<Response> {
    caller.check_pack(&pack.0)?;
    let change = Change {
        text,
        reference: None,
        pack: &pack.0,
        if_match: None,
    };
    change.save(&app).await
}

/// Creates or replaces a workflow.
#[utoipa::path(
    put, path = "/workflows/{ref}", tag = "workflows",
    params(
        ("ref" = String, Path, description = "The workflow."),
        ("if-match" = Option<String>, Header, description = "Only if its `ETag` is this one."),
    ),
    request_body(content(("application/yaml"), (Object = "application/json")), description = "The workflow file."),
    responses(
        (status = 200, description = "Replaced, or the same as before.", body = Data<WorkflowView>),
        (status = 201, description = "Created.", body = Data<WorkflowView>),
        (status = 412, description = "It has another `ETag`."),
        (status = 422, description = "The file has errors."),
    ),
    extensions(("x-role" = json!("deploy")), ("x-semantic-422" = json!(true))),
)]
pub(crate) async fn put_workflow(
    caller: Deployer,
    State(app): State<App>,
    Path(reference): Path<Ref>,
    headers: HeaderMap,
    WorkflowSource(text): WorkflowSource,
) -> Result<Response> {
    caller.check_ref(&reference.0)?;
    let change = Change {
        text,
        reference: Some(&reference.0),
        pack: reference.pack(),
        if_match: IfMatch::of(&headers)?,
    };
    change.save(&app).await
}

/// Returns a workflow.
#[utoipa::path(
    get, path = "/workflows/{ref}", tag = "workflows",
    params(("ref" = String, Path, description = "The workflow."), RevisionQuery),
    responses(
        (status = 200, description = "The workflow; as YAML, its source as it was sent.", content(
            (Data<WorkflowView> = "application/json"),
            ("application/yaml"),
        )),
    ),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn get_workflow(
    caller: Reader,
    State(app): State<App>,
    Path(reference): Path<Ref>,
    Query(query): Query<RevisionQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    caller.check_ref(&reference.0)?;
    let record = find(&app, &reference, query.revision).await?;
    let source = app.resolver.source(&record).await?;
    let yaml = accepts(&headers, "application/yaml");
    let mut response = if yaml {
        let kind = [(header::CONTENT_TYPE, "application/yaml")];
        (kind, source.text.to_string()).into_response()
    } else {
        let data = WorkflowView::new(&record, &source);
        json(StatusCode::OK, &Data { data })
    };
    tag(&mut response, &record);
    Ok(response)
}

/// Removes a workflow.
///
/// Runs under way keep the revision they are pinned to.
#[utoipa::path(
    delete, path = "/workflows/{ref}", tag = "workflows",
    params(
        ("ref" = String, Path, description = "The workflow."),
        ("if-match" = Option<String>, Header, description = "Only if its `ETag` is this one."),
    ),
    responses(
        (status = 204, description = "Removed."),
        (status = 412, description = "It has another `ETag`."),
    ),
    extensions(("x-role" = json!("deploy"))),
)]
pub(crate) async fn delete_workflow(
    caller: Deployer,
    State(app): State<App>,
    Path(reference): Path<Ref>,
    _: NoQuery,
    headers: HeaderMap,
) -> Result<StatusCode> {
    caller.check_ref(&reference.0)?;
    met(&app, IfMatch::of(&headers)?.as_ref(), &reference.0).await?;
    app.catalog.remove_workflow(&reference.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets a workflow start runs.
#[utoipa::path(
    post, path = "/workflows/{ref}/enable", tag = "workflows",
    params(("ref" = String, Path, description = "The workflow.")),
    responses((status = 200, description = "Enabled.", body = Data<WorkflowSummaryView>)),
    extensions(("x-role" = json!("deploy"))),
)]
pub(crate) async fn enable_workflow(
    caller: Deployer,
    State(app): State<App>,
    Path(reference): Path<Ref>,
    _: NoQuery,
) -> Result<Data<WorkflowSummaryView>> {
    enable(&caller, &app, &reference, true).await
}

/// Lets a workflow start no more runs.
#[utoipa::path(
    post, path = "/workflows/{ref}/disable", tag = "workflows",
    params(("ref" = String, Path, description = "The workflow.")),
    responses((status = 200, description = "Disabled.", body = Data<WorkflowSummaryView>)),
    extensions(("x-role" = json!("deploy"))),
)]
pub(crate) async fn disable_workflow(
    caller: Deployer,
    State(app): State<App>,
    Path(reference): Path<Ref>,
    _: NoQuery,
) -> Result<Data<WorkflowSummaryView>> {
    enable(&caller, &app, &reference, false).await
}

async fn enable(
    caller: &Deployer,
    app: &App,
    reference: &Ref,
    enabled: bool,
) -> Result<Data<WorkflowSummaryView>> {
    caller.check_ref(&reference.0)?;
    let record = app.catalog.enable_workflow(&reference.0, enabled).await?;
    let data = WorkflowSummaryView::from(&record);
    Ok(Data { data })
}

/// Returns a stored workflow.
pub(crate) async fn find(
    app: &App,
    reference: &Ref,
    revision: Option<u32>,
) -> Result<WorkflowRecord> {
    let record = app.catalog.workflow(&reference.0, revision).await?;
    record.ok_or_else(|| ApiError::not_found("workflow", &reference.0))
}

/// A workflow to be saved.
struct Change<'a> {
    text: String,
    /// The ref of the path; without one the workflow must be new.
    reference: Option<&'a str>,
    pack: &'a str,
    if_match: Option<IfMatch>,
}

impl Change<'_> {
    async fn save(self, app: &App) -> Result<Response> {
        let parsed = app.resolver.check(&self.text, self.reference).await?;
        let Some(definition) = parsed.definition else {
            return Err(ApiError::workflow(&parsed.diagnostics));
        };
        check_pack(self.pack, &definition.reference)?;
        // Last: a demand is looked at only where the request would be fulfilled without it.
        let if_match = met(app, self.if_match.as_ref(), &definition.reference).await?;
        let enabled = match definition.enabled {
            Some(enabled) => enabled,
            None => self.enabled_before(app, &definition.reference).await?,
        };
        let record = record(&definition, enabled);
        let only_new = self.reference.is_none();
        let source = self.text.into();
        let put = app
            .catalog
            .put_workflow(record, source, only_new, if_match)
            .await?;
        let (status, record) = match put {
            Put::Created(record) => (StatusCode::CREATED, record),
            Put::Updated(record) | Put::Unchanged(record) => (StatusCode::OK, record),
        };
        let source = app.resolver.source(&record).await?;
        let location = format!("/api/v1/workflows/{}", record.reference);
        let mut response = placed(status, &location, WorkflowView::new(&record, &source));
        tag(&mut response, &record);
        Ok(response)
    }

    /// A file that does not say leaves it to the operator.
    async fn enabled_before(&self, app: &App, reference: &str) -> Result<bool> {
        let before = app.catalog.workflow(reference, None).await?;
        Ok(before.is_none_or(|record| record.enabled))
    }
}

fn check_pack(pack: &str, reference: &str) -> Result<()> {
    if pack_of(reference) == pack {
        return Ok(());
    }
    let message = format!("the file says `{reference}`, the request says pack `{pack}`");
    let item = Item::at("/ref", message.clone()).code("E_REF");
    Err(ApiError::new(Code::InvalidWorkflow, message).item(item))
}

/// Makes the record of a definition. Revision and creation are the store's to set.
fn record(definition: &Definition, enabled: bool) -> WorkflowRecord {
    let text = |text: &Option<String>| text.as_deref().map(Arc::from);
    let mut uses: Vec<Arc<str>> = definition
        .tasks
        .iter()
        .filter_map(|task| match &task.kind {
            TaskKind::Action { reference } | TaskKind::Workflow { reference } => {
                Some(reference.clone())
            }
            TaskKind::Sleep | TaskKind::Inquiry | TaskKind::Parallel { .. } => None,
        })
        .collect();
    uses.sort_unstable();
    uses.dedup();
    WorkflowRecord {
        reference: definition.reference.clone(),
        revision: 0,
        digest: definition.digest,
        version: text(&definition.version),
        label: text(&definition.label),
        description: text(&definition.description),
        tags: definition
            .tags
            .iter()
            .map(|tag| tag.as_str().into())
            .collect(),
        enabled,
        uses,
        created: Timestamp(0),
        updated: clock::now(),
    }
}

fn tag(response: &mut Response, record: &WorkflowRecord) {
    let tag = HeaderValue::try_from(format!("\"{}\"", record.digest));
    let tag = tag.expect("hex digits in quotes are a header");
    response.headers_mut().insert(header::ETAG, tag);
}

/// Returns the digest that `If-Match` demands; fails at once if it cannot match.
async fn met(app: &App, demand: Option<&IfMatch>, reference: &str) -> Result<Option<Digest>> {
    let Some(demand) = demand else {
        return Ok(None);
    };
    let changed = || {
        let detail = format!("workflow `{reference}` has another `etag`");
        ApiError::new(Code::PreconditionFailed, detail)
    };
    let newest = app.catalog.workflow(reference, None).await?;
    let digest = newest.ok_or_else(changed)?.digest;
    if demand.allows(&digest.to_string()) {
        Ok(Some(digest))
    } else {
        Err(changed())
    }
}
