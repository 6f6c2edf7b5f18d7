//! A pack's kv.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::auth::{Deployer, Reader};
use crate::error::{ApiError, Code, Result};
use crate::extract::{Json, Key, Name, Path};
use crate::query::{NoQuery, PageQuery, Query, rows};
use crate::reply::{Data, List, placed};
use crate::state::App;
use crate::wire::pack::{KeyView, KvView, PutKvBody};

/// Lists the keys of a pack's kv in order.
#[utoipa::path(
    get, path = "/packs/{pack}/kv", tag = "kv",
    params(("pack" = String, Path, description = "The pack."), PageQuery),
    responses((status = 200, description = "Keys.", body = List<KeyView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn list_keys(
    caller: Reader,
    State(app): State<App>,
    Path(pack): Path<Name>,
    Query(query): Query<PageQuery>,
) -> Result<List<KeyView>> {
    caller.check_pack(&pack.0)?;
    let limit = rows(query.limit);
    let after = query.after.as_deref();
    let keys = app.catalog.kv_keys(&pack.0, after, limit + 1).await?;
    let found = keys.into_iter().map(|key| KeyView { key }).collect();
    Ok(List::page(found, limit, |row: &KeyView| {
        row.key.to_string()
    }))
}

/// Returns an entry of a pack's kv.
#[utoipa::path(
    get, path = "/packs/{pack}/kv/{key}", tag = "kv",
    params(
        ("pack" = String, Path, description = "The pack."),
        ("key" = String, Path, description = "The key."),
    ),
    responses((status = 200, description = "The entry.", body = Data<KvView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn get_kv(
    caller: Reader,
    State(app): State<App>,
    Path((pack, key)): Path<(Name, Key)>,
    _: NoQuery,
) -> Result<Data<KvView>> {
    caller.check_pack(&pack.0)?;
    let entry = app.catalog.kv(&pack.0, &key.0).await?;
    let entry = entry.ok_or_else(|| ApiError::not_found("key", &key.0))?;
    let data = KvView::new(key.0, entry);
    Ok(Data { data })
}

/// Writes an entry of a pack's kv.
#[utoipa::path(
    put, path = "/packs/{pack}/kv/{key}", tag = "kv",
    params(
        ("pack" = String, Path, description = "The pack."),
        ("key" = String, Path, description = "The key."),
    ),
    request_body = PutKvBody,
    responses(
        (status = 200, description = "Replaced.", body = Data<KvView>),
        (status = 201, description = "Created.", body = Data<KvView>),
        (status = 409, description = "A limit of the store is reached."),
        (status = 412, description = "It has another version."),
    ),
    extensions(("x-role" = json!("deploy"))),
)]
pub(crate) async fn put_kv(
    caller: Deployer,
    State(app): State<App>,
    Path((pack, key)): Path<(Name, Key)>,
    _: NoQuery,
    Json(body): Json<PutKvBody>,
) -> Result<Response> {
    caller.check_pack(&pack.0)?;
    let limit = app.limits().kv_bytes;
    if body.value.0.to_revealed_json().len() > limit {
        let detail = format!("`kv_bytes`: the value has more than {limit} bytes");
        return Err(ApiError::new(Code::TooLarge, detail));
    }
    let existed = app.catalog.kv(&pack.0, &key.0).await?.is_some();
    let entry = app
        .catalog
        .put_kv(&pack.0, &key.0, body.value.0, body.expected_version)
        .await?;
    let status = if existed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let location = format!("/api/v1/packs/{}/kv/{}", pack.0, key.0);
    Ok(placed(status, &location, KvView::new(key.0, entry)))
}

/// Removes an entry of a pack's kv.
#[utoipa::path(
    delete, path = "/packs/{pack}/kv/{key}", tag = "kv",
    params(
        ("pack" = String, Path, description = "The pack."),
        ("key" = String, Path, description = "The key."),
    ),
    responses((status = 204, description = "Removed.")),
    extensions(("x-role" = json!("deploy"))),
)]
pub(crate) async fn delete_kv(
    caller: Deployer,
    State(app): State<App>,
    Path((pack, key)): Path<(Name, Key)>,
    _: NoQuery,
) -> Result<StatusCode> {
    caller.check_pack(&pack.0)?;
    if app.catalog.remove_kv(&pack.0, &key.0).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found("key", &key.0))
    }
}
