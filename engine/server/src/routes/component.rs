//! Components of actions: upload and download.

use attune_core::{Digest, Timestamp, Value};
use attune_driver::port::{ActionRecord, Inspection, Put, Role};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::action::{before, find, view};
use super::workflow::RevisionQuery;
use crate::auth::{Deployer, Reader};
use crate::clock;
use crate::error::{ApiError, Code, Result};
use crate::extract::{Name, Path, Ref, Upload};
use crate::query::Query;
use crate::reply::{Data, placed};
use crate::state::App;
use crate::wire::action::{ActionView, InspectionView};

/// How to take an upload.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UploadQuery {
    /// Only look at it.
    #[serde(default)]
    dry_run: bool,
    /// Approve what it wants; for admins.
    #[serde(default)]
    approve: bool,
}

/// Uploads a component as an action.
///
/// The pack is created if it is missing. A component that wants more than log, context,
/// configuration and its pack's own kv is not used until an admin approves it.
#[utoipa::path(
    put, path = "/packs/{pack}/actions/{name}", tag = "actions",
    params(
        ("pack" = String, Path, description = "The pack."),
        ("name" = String, Path, description = "The action's name in it."),
        UploadQuery,
    ),
    request_body(
        content(("application/wasm"), ("multipart/form-data")),
        description = "The component; or the parts `component` and `manifest` (YAML or JSON).",
    ),
    responses(
        (status = 200, description = "The same component and manifest as before; or, with `dry_run`, what it would become.", content(
            (Data<ActionView> = "application/json"),
        )),
        (status = 201, description = "A new revision.", body = Data<ActionView>),
        (status = 409, description = "An action of that name comes with the server."),
        (status = 422, description = "The component cannot be used."),
    ),
    extensions(("x-role" = json!("deploy")), ("x-semantic-422" = json!(true))),
)]
pub(crate) async fn put_action(
    caller: Deployer,
    State(app): State<App>,
    Path((pack, name)): Path<(Name, Name)>,
    Query(query): Query<UploadQuery>,
    upload: Upload,
) -> Result<Response> {
    caller.check_pack(&pack.0)?;
    if query.approve {
        caller.check_role(Role::Admin)?;
    }
    let reference = Ref::join(&pack, &name);
    let manifest = upload.manifest.clone();
    let found = app
        .inspector
        .inspect(upload.component, upload.manifest)
        .await?;
    if query.dry_run {
        let before = before(&app, &reference.0, u32::MAX).await?;
        let effective = app.inspector.effective(&found.grants);
        let data = InspectionView::new(reference.0, &found, before.as_ref(), effective);
        return Ok(Data { data }.into_response());
    }
    check_builtin(&app, &reference).await?;
    let component = found.component.clone();
    let record = record(&reference, found, manifest, query.approve);
    let (status, mut record) = match app.catalog.put_action(record, component).await? {
        Put::Created(record) | Put::Updated(record) => (StatusCode::CREATED, record),
        Put::Unchanged(record) => (StatusCode::OK, record),
    };
    if query.approve && !record.approved {
        let revision = record.revision;
        record = app.catalog.approve_action(&reference.0, revision).await?;
    }
    let location = format!("/api/v1/actions/{}", reference.0);
    Ok(placed(status, &location, view(&app, &record).await?))
}

/// An action that comes with the server changes with the server alone.
async fn check_builtin(app: &App, reference: &Ref) -> Result<()> {
    let before = app.catalog.action(&reference.0, None).await?;
    if before.is_some_and(|record| record.builtin) {
        let detail = format!(
            "`{}` comes with the server: choose another name",
            reference.0
        );
        return Err(ApiError::new(Code::AlreadyExists, detail));
    }
    Ok(())
}

/// Makes the record of an upload. Revision and creation are the store's to set.
fn record(reference: &Ref, found: Inspection, manifest: Value, approve: bool) -> ActionRecord {
    let mut content = found.digest.0.to_vec();
    content.extend_from_slice(manifest.to_public_json().as_bytes());
    ActionRecord {
        reference: reference.0.clone(),
        revision: 0,
        digest: found.digest,
        content: Digest::of(&content),
        invocation: found.invocation,
        pure: found.pure,
        cacheable: found.cacheable,
        limits: found.limits,
        parameters: found.parameters,
        output: found.output,
        summary: found.summary,
        description: found.description,
        exports: found.exports,
        imports: found.imports,
        manifest,
        grants: found.grants,
        approved: approve || !found.needs_approval,
        size_bytes: found.component.len() as u64,
        builtin: false,
        created: Timestamp(0),
        updated: clock::now(),
    }
}

/// Returns an action's component.
#[utoipa::path(
    get, path = "/actions/{ref}/component", tag = "actions",
    params(("ref" = String, Path, description = "The action."), RevisionQuery),
    responses((status = 200, description = "The component.", content_type = "application/wasm")),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn get_component(
    caller: Reader,
    State(app): State<App>,
    Path(reference): Path<Ref>,
    Query(query): Query<RevisionQuery>,
) -> Result<Response> {
    caller.check_ref(&reference.0)?;
    let record = find(&app, &reference, query.revision).await?;
    let bytes = app.catalog.content(record.digest).await?;
    let bytes = bytes.ok_or_else(|| ApiError::not_found("component of action", &reference.0))?;
    let name = format!("attachment; filename=\"{}.wasm\"", record.reference);
    let headers = [
        (header::CONTENT_TYPE, "application/wasm".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::ETAG, format!("\"{}\"", record.digest)),
    ];
    Ok((headers, bytes).into_response())
}
