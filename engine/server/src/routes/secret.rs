//! A pack's secrets: written and listed by name, never read back.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::auth::{Deployer, Reader};
use crate::error::{ApiError, Code, Item, Result};
use crate::extract::{Json, Name, Path};
use crate::query::NoQuery;
use crate::reply::{Data, List, placed};
use crate::state::App;
use crate::wire::pack::{PutSecretBody, SecretView};

/// Lists the names of a pack's secrets.
#[utoipa::path(
    get, path = "/packs/{pack}/secrets", tag = "secrets",
    params(("pack" = String, Path, description = "The pack.")),
    responses((status = 200, description = "Names.", body = List<SecretView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn list_secrets(
    caller: Reader,
    State(app): State<App>,
    Path(pack): Path<Name>,
    _: NoQuery,
) -> Result<List<SecretView>> {
    caller.check_pack(&pack.0)?;
    let names = app.catalog.secrets(&pack.0).await?;
    let data = names.into_iter().map(|name| SecretView { name }).collect();
    Ok(List { data, next: None })
}

/// Writes a secret.
#[utoipa::path(
    put, path = "/packs/{pack}/secrets/{name}", tag = "secrets",
    params(
        ("pack" = String, Path, description = "The pack."),
        ("name" = String, Path, description = "The secret's name."),
    ),
    request_body = PutSecretBody,
    responses(
        (status = 200, description = "Replaced.", body = Data<SecretView>),
        (status = 201, description = "Created.", body = Data<SecretView>),
        (status = 409, description = "A limit of the store is reached."),
    ),
    extensions(("x-role" = json!("deploy")), ("x-semantic-422" = json!(true))),
)]
pub(crate) async fn put_secret(
    caller: Deployer,
    State(app): State<App>,
    Path((pack, name)): Path<(Name, Name)>,
    _: NoQuery,
    Json(body): Json<PutSecretBody>,
) -> Result<Response> {
    caller.check_pack(&pack.0)?;
    if body.value.is_null() {
        let item = Item::at("/value", "must not be null");
        return Err(ApiError::new(Code::InvalidRequest, "a secret is not null").item(item));
    }
    let limit = app.limits().kv_bytes;
    if body.value.0.to_revealed_json().len() > limit {
        let detail = format!("`kv_bytes`: the secret has more than {limit} bytes");
        return Err(ApiError::new(Code::TooLarge, detail));
    }
    let new = app
        .catalog
        .put_secret(&pack.0, &name.0, body.value.0)
        .await?;
    let status = if new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let location = format!("/api/v1/packs/{}/secrets", pack.0);
    Ok(placed(status, &location, SecretView { name: name.0 }))
}

/// Removes a secret.
#[utoipa::path(
    delete, path = "/packs/{pack}/secrets/{name}", tag = "secrets",
    params(
        ("pack" = String, Path, description = "The pack."),
        ("name" = String, Path, description = "The secret's name."),
    ),
    responses((status = 204, description = "Removed.")),
    extensions(("x-role" = json!("deploy"))),
)]
pub(crate) async fn delete_secret(
    caller: Deployer,
    State(app): State<App>,
    Path((pack, name)): Path<(Name, Name)>,
    _: NoQuery,
) -> Result<StatusCode> {
    caller.check_pack(&pack.0)?;
    if app.catalog.remove_secret(&pack.0, &name.0).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found("secret", &name.0))
    }
}
