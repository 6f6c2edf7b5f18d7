//! A pack's kv.

use attune_core::{Millis, Timestamp};
use attune_driver::port::KvWrite;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::auth::{Deployer, Reader};
use crate::clock;
use crate::error::{ApiError, Code, Item, Result};
use crate::extract::{Json, Key, Name, Path};
use crate::limits::KV_LIFE_MS;
use crate::query::{Limit, NoQuery, Query, given, rows};
use crate::reply::{Data, List, placed};
use crate::state::App;
use crate::wire::pack::{KeyView, KvView, PutKvBody};

/// Which keys to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct KeysQuery {
    /// Rows at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500, default = 50)]
    #[serde(default, deserialize_with = "given")]
    limit: Option<Limit>,
    /// Cursor: `next` of the page before.
    after: Option<String>,
    /// Only keys that begin with this.
    prefix: Option<String>,
}

/// Lists the keys of a pack's kv in order.
#[utoipa::path(
    get, path = "/packs/{pack}/kv", tag = "kv",
    params(("pack" = String, Path, description = "The pack."), KeysQuery),
    responses((status = 200, description = "Keys.", body = List<KeyView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn list_keys(
    caller: Reader,
    State(app): State<App>,
    Path(pack): Path<Name>,
    Query(query): Query<KeysQuery>,
) -> Result<List<KeyView>> {
    caller.check_pack(&pack.0)?;
    let limit = rows(query.limit);
    let prefix = query.prefix.unwrap_or_default();
    let mut after = query.after;
    // The place just before the first key that can match.
    if after.as_deref().is_none_or(|after| *after < *prefix) {
        after = before(&prefix).or(after);
    }
    let keys = app
        .catalog
        .kv_keys(&pack.0, after.as_deref(), limit + 1)
        .await?;
    let found = keys.into_iter().filter(|key| key.starts_with(&prefix));
    let found = found.map(|key| KeyView { key }).collect();
    Ok(List::page(found, limit, |row: &KeyView| {
        row.key.to_string()
    }))
}

/// Returns a text that comes before every key with the prefix and after every key before those:
/// the prefix without its last character, followed by the character before that and the highest
/// there is.
fn before(prefix: &str) -> Option<String> {
    let (at, last) = prefix.char_indices().next_back()?;
    let lower = char::from_u32(u32::from(last).checked_sub(1)?)?;
    Some(format!("{}{lower}{}", &prefix[..at], char::MAX))
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
    let write = KvWrite {
        expected: body.expected_version,
        expires: expiry(body.expires_in.as_deref())?,
    };
    let entry = app
        .catalog
        .put_kv(&pack.0, &key.0, body.value.0, write)
        .await?;
    let status = if existed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let location = format!("/api/v1/packs/{}/kv/{}", pack.0, key.0);
    Ok(placed(status, &location, KvView::new(key.0, entry)))
}

/// Returns when an entry goes by itself.
fn expiry(life: Option<&str>) -> Result<Option<Timestamp>> {
    let Some(text) = life else {
        return Ok(None);
    };
    let life = Millis::parse(text).filter(|life| (1..=KV_LIFE_MS).contains(&life.0));
    let life = life.ok_or_else(|| {
        let message = format!("`{text}` is no duration like `30m`, from 1ms to 365d");
        let item = Item::at("/expires_in", message.clone());
        ApiError::new(Code::InvalidRequest, message).item(item)
    })?;
    Ok(Some(clock::now().after(life)))
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
