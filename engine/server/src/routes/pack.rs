//! Packs and their configuration.

use axum::extract::State;
use axum::http::StatusCode;

use super::action::ForceQuery;
use crate::auth::{Deployer, Reader};
use crate::error::{ApiError, Code, Item, Result};
use crate::extract::{AnyJson, Json, Name, Path};
use crate::query::{NoQuery, PageQuery, Query, rows};
use crate::reply::{Data, List};
use crate::state::App;
use crate::wire::pack::PackView;

/// Lists packs by name.
#[utoipa::path(
    get, path = "/packs", tag = "packs",
    params(PageQuery),
    responses((status = 200, description = "Packs.", body = List<PackView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn list_packs(
    caller: Reader,
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<List<PackView>> {
    let limit = rows(query.limit);
    let after = query.after.unwrap_or_default();
    let packs = app.catalog.packs().await?;
    let found = packs
        .iter()
        .filter(|pack| caller.sees(&pack.name) && *pack.name > *after)
        .take(limit + 1)
        .map(PackView::from)
        .collect();
    Ok(List::page(found, limit, |pack: &PackView| {
        pack.name.to_string()
    }))
}

/// Returns a pack.
#[utoipa::path(
    get, path = "/packs/{pack}", tag = "packs",
    params(("pack" = String, Path, description = "The pack.")),
    responses((status = 200, description = "The pack.", body = Data<PackView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn get_pack(
    caller: Reader,
    State(app): State<App>,
    Path(name): Path<Name>,
    _: NoQuery,
) -> Result<Data<PackView>> {
    caller.check_pack(&name.0)?;
    let pack = app.catalog.pack(&name.0).await?;
    let pack = pack.ok_or_else(|| ApiError::not_found("pack", &name.0))?;
    let data = PackView::from(&pack);
    Ok(Data { data })
}

/// Actions looked at once when a pack is to be removed.
const LIST_BATCH: usize = 500;

/// Removes a pack with its actions, workflows, configuration, kv and secrets.
///
/// Runs stay, and go on with the revisions they are pinned to.
#[utoipa::path(
    delete, path = "/packs/{pack}", tag = "packs",
    params(("pack" = String, Path, description = "The pack."), ForceQuery),
    responses(
        (status = 204, description = "Removed."),
        (status = 409, description = "Workflows of other packs use it, or it comes with the server."),
    ),
    extensions(("x-role" = json!("deploy"))),
)]
pub(crate) async fn delete_pack(
    caller: Deployer,
    State(app): State<App>,
    Path(name): Path<Name>,
    Query(query): Query<ForceQuery>,
) -> Result<StatusCode> {
    caller.check_pack(&name.0)?;
    let first = format!("{}.", name.0);
    let actions = app.catalog.actions(Some(&first), LIST_BATCH).await?;
    let mut own = actions
        .iter()
        .take_while(|action| action.reference.starts_with(&first));
    if own.any(|action| action.builtin) {
        let detail = format!("pack `{}` comes with the server", name.0);
        return Err(ApiError::new(Code::InUse, detail));
    }
    app.catalog.remove_pack(&name.0, query.force).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns a pack's configuration.
#[utoipa::path(
    get, path = "/packs/{pack}/config", tag = "packs",
    params(("pack" = String, Path, description = "The pack.")),
    responses((status = 200, description = "The configuration.", body = Data<AnyJson>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn get_config(
    caller: Reader,
    State(app): State<App>,
    Path(name): Path<Name>,
    _: NoQuery,
) -> Result<Data<AnyJson>> {
    caller.check_pack(&name.0)?;
    let pack = app.catalog.pack(&name.0).await?;
    let pack = pack.ok_or_else(|| ApiError::not_found("pack", &name.0))?;
    let data = pack.config.into();
    Ok(Data { data })
}

/// Replaces a pack's configuration; the pack is created if it is missing.
///
/// Runs under way keep the configuration they are pinned to.
#[utoipa::path(
    put, path = "/packs/{pack}/config", tag = "packs",
    params(("pack" = String, Path, description = "The pack.")),
    request_body(content = Object, description = "The configuration: an object."),
    responses(
        (status = 200, description = "The configuration.", body = Data<AnyJson>),
        (status = 422, description = "It is no object."),
    ),
    extensions(("x-role" = json!("deploy"))),
)]
pub(crate) async fn put_config(
    caller: Deployer,
    State(app): State<App>,
    Path(name): Path<Name>,
    _: NoQuery,
    Json(AnyJson(config)): Json<AnyJson>,
) -> Result<Data<AnyJson>> {
    caller.check_pack(&name.0)?;
    if config.as_map().is_none() {
        let message = format!(
            "the configuration must be an object, not {}",
            config.type_name()
        );
        let item = Item::at("", message.clone());
        return Err(ApiError::new(Code::InvalidRequest, message).item(item));
    }
    let limit = app.limits().config_bytes;
    if config.to_revealed_json().len() > limit {
        let detail = format!("`config_bytes`: the configuration has more than {limit} bytes");
        return Err(ApiError::new(Code::TooLarge, detail));
    }
    let pack = app.catalog.put_config(&name.0, config).await?;
    let data = pack.config.into();
    Ok(Data { data })
}
