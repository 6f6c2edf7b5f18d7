//! Actions: lists, details, approval, removal.

use attune_core::pack_of;
use std::sync::Arc;

use attune_driver::port::ActionRecord;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::workflow::RevisionQuery;
use crate::auth::{Admin, Caller, Deployer, Reader};
use crate::error::{ApiError, Code, Result};
use crate::extract::{Name, Path, Ref};
use crate::limits::LIST_SCAN;
use crate::query::{Limit, NoQuery, Query, given, rows};
use crate::reply::{Data, List};
use crate::state::App;
use crate::wire::action::{ActionSummaryView, ActionView};
use crate::wire::workflow::contains;

/// Rows read at once.
const LIST_BATCH: usize = 500;

/// Which actions to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActionsQuery {
    /// Rows at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500, default = 50)]
    #[serde(default, deserialize_with = "given")]
    limit: Option<Limit>,
    /// Cursor: `next` of the page before.
    after: Option<String>,
    /// Text within ref, summary or description, any case.
    search: Option<String>,
    /// Of this pack.
    pack: Option<String>,
}

/// Lists actions by ref.
#[utoipa::path(
    get, path = "/actions", tag = "actions",
    params(ActionsQuery),
    responses((status = 200, description = "Actions.", body = List<ActionSummaryView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn list_actions(
    caller: Reader,
    State(app): State<App>,
    Query(query): Query<ActionsQuery>,
) -> Result<List<ActionSummaryView>> {
    list(&caller, &app, query).await
}

/// Lists the actions of a pack by ref.
#[utoipa::path(
    get, path = "/packs/{pack}/actions", tag = "actions",
    params(("pack" = String, Path, description = "The pack."), ActionsQuery),
    responses((status = 200, description = "Actions.", body = List<ActionSummaryView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn list_pack_actions(
    caller: Reader,
    State(app): State<App>,
    Path(pack): Path<Name>,
    Query(query): Query<ActionsQuery>,
) -> Result<List<ActionSummaryView>> {
    caller.check_pack(&pack.0)?;
    if app.catalog.pack(&pack.0).await?.is_none() {
        return Err(ApiError::not_found("pack", &pack.0));
    }
    let query = ActionsQuery {
        pack: Some(pack.0.to_string()),
        ..query
    };
    list(&caller, &app, query).await
}

async fn list(caller: &Caller, app: &App, query: ActionsQuery) -> Result<List<ActionSummaryView>> {
    let limit = rows(query.limit);
    let keep = |record: &ActionRecord| {
        let pack = pack_of(&record.reference);
        let texts = [
            Some(&record.reference),
            record.summary.as_ref(),
            record.description.as_ref(),
        ];
        caller.sees(pack)
            && query.pack.as_deref().is_none_or(|wanted| wanted == pack)
            && query
                .search
                .as_deref()
                .is_none_or(|text| contains(&texts, text))
    };
    let mut after: Option<Arc<str>> = query.after.as_deref().map(Arc::from);
    let (mut found, mut scanned, mut end) = (Vec::new(), 0, false);
    // One row more than asked for tells whether there is a next page.
    while !end && found.len() <= limit && scanned < LIST_SCAN {
        let batch = app.catalog.actions(after.as_deref(), LIST_BATCH).await?;
        scanned += batch.len();
        end = batch.len() < LIST_BATCH;
        after = batch.last().map(|record| record.reference.clone());
        found.extend(
            batch
                .iter()
                .filter(|record| keep(record))
                .map(ActionSummaryView::from),
        );
    }
    let mut page = List::page(found, limit, |row| row.reference.to_string());
    if !end {
        page.next = page.next.or(after.map(|after| after.to_string()));
    }
    Ok(page)
}

/// Returns an action.
#[utoipa::path(
    get, path = "/actions/{ref}", tag = "actions",
    params(("ref" = String, Path, description = "The action."), RevisionQuery),
    responses((status = 200, description = "The action.", body = Data<ActionView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn get_action(
    caller: Reader,
    State(app): State<App>,
    Path(reference): Path<Ref>,
    Query(query): Query<RevisionQuery>,
) -> Result<Data<ActionView>> {
    caller.check_ref(&reference.0)?;
    let record = find(&app, &reference, query.revision).await?;
    let data = view(&app, &record).await?;
    Ok(Data { data })
}

/// Lists the revisions of an action, newest first.
#[utoipa::path(
    get, path = "/actions/{ref}/versions", tag = "actions",
    params(("ref" = String, Path, description = "The action.")),
    responses((status = 200, description = "Revisions.", body = List<ActionSummaryView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn list_action_versions(
    caller: Reader,
    State(app): State<App>,
    Path(reference): Path<Ref>,
    _: NoQuery,
) -> Result<List<ActionSummaryView>> {
    caller.check_ref(&reference.0)?;
    let versions = app.catalog.action_versions(&reference.0).await?;
    if versions.is_empty() {
        return Err(ApiError::not_found("action", &reference.0));
    }
    let data = versions.iter().map(ActionSummaryView::from).collect();
    Ok(List { data, next: None })
}

/// Lets an action be used that wants more than actions get unasked.
#[utoipa::path(
    post, path = "/actions/{ref}/approve", tag = "actions",
    params(("ref" = String, Path, description = "The action."), RevisionQuery),
    responses((status = 200, description = "Approved.", body = Data<ActionView>)),
    extensions(("x-role" = json!("admin"))),
)]
pub(crate) async fn approve_action(
    caller: Admin,
    State(app): State<App>,
    Path(reference): Path<Ref>,
    Query(query): Query<RevisionQuery>,
) -> Result<Data<ActionView>> {
    caller.check_ref(&reference.0)?;
    let versions = app.catalog.action_versions(&reference.0).await?;
    let wanted = versions
        .first()
        .map(|newest| query.revision.unwrap_or(newest.revision))
        .ok_or_else(|| ApiError::not_found("action", &reference.0))?;
    let record = app.catalog.approve_action(&reference.0, wanted).await?;
    let data = view(&app, &record).await?;
    Ok(Data { data })
}

/// Whether to remove what is in use.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ForceQuery {
    /// Also while workflows use it; their runs will then fail.
    #[serde(default)]
    pub(super) force: bool,
}

/// Removes an action.
#[utoipa::path(
    delete, path = "/actions/{ref}", tag = "actions",
    params(("ref" = String, Path, description = "The action."), ForceQuery),
    responses(
        (status = 204, description = "Removed."),
        (status = 409, description = "Workflows use it, or it comes with the server."),
    ),
    extensions(("x-role" = json!("deploy"))),
)]
pub(crate) async fn delete_action(
    caller: Deployer,
    State(app): State<App>,
    Path(reference): Path<Ref>,
    Query(query): Query<ForceQuery>,
) -> Result<StatusCode> {
    caller.check_ref(&reference.0)?;
    let found = app.catalog.action(&reference.0, None).await?;
    if found.is_some_and(|record| record.builtin) {
        let detail = format!("action `{}` comes with the server", reference.0);
        return Err(ApiError::new(Code::InUse, detail));
    }
    app.catalog.remove_action(&reference.0, query.force).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes the view of a revision.
pub(super) async fn view(app: &App, record: &ActionRecord) -> Result<ActionView> {
    let before = before(app, &record.reference, record.revision).await?;
    let effective = app.inspector.effective(&record.grants);
    Ok(ActionView::new(record, before.as_ref(), effective))
}

/// Returns the newest approved revision before `revision`.
pub(super) async fn before(
    app: &App,
    reference: &str,
    revision: u32,
) -> Result<Option<ActionRecord>> {
    let versions = app.catalog.action_versions(reference).await?;
    let mut earlier = versions
        .into_iter()
        .filter(|version| version.revision < revision);
    Ok(earlier.find(|version| version.approved))
}

/// Returns a stored action: the newest that may be used, else the newest at all.
pub(super) async fn find(
    app: &App,
    reference: &Ref,
    revision: Option<u32>,
) -> Result<ActionRecord> {
    if let Some(record) = app.catalog.action(&reference.0, revision).await? {
        return Ok(record);
    }
    let newest = match revision {
        None => app
            .catalog
            .action_versions(&reference.0)
            .await?
            .into_iter()
            .next(),
        Some(_) => None,
    };
    newest.ok_or_else(|| ApiError::not_found("action", &reference.0))
}
