//! Tokens: made, listed, ended; and who the caller is.

use attune_core::Millis;
use attune_driver::port::TokenRecord;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::auth::{Admin, Reader, Token};
use crate::clock;
use crate::error::{ApiError, Code, Item, Result};
use crate::extract::{Json, Name, Path};
use crate::limits::{TOKEN_LIFE_MS, TOKEN_PACKS};
use crate::query::NoQuery;
use crate::reply::{Data, List, placed};
use crate::state::App;
use crate::wire::token::{MakeTokenBody, NewTokenView, TokenView};

/// Lists tokens by name.
#[utoipa::path(
    get, path = "/tokens", tag = "tokens",
    responses((status = 200, description = "Tokens, without their text.", body = List<TokenView>)),
    extensions(("x-role" = json!("admin"))),
)]
pub(crate) async fn list_tokens(
    caller: Admin,
    State(app): State<App>,
    _: NoQuery,
) -> Result<List<TokenView>> {
    caller.check_everything()?;
    let tokens = app.catalog.tokens().await?;
    let data = tokens.iter().map(TokenView::from).collect();
    Ok(List { data, next: None })
}

/// Makes a token; its text is shown this once.
#[utoipa::path(
    post, path = "/tokens", tag = "tokens",
    request_body = MakeTokenBody,
    responses(
        (status = 201, description = "The token with its text.", body = Data<NewTokenView>),
        (status = 409, description = "There is a token of that name."),
    ),
    extensions(("x-role" = json!("admin"))),
)]
pub(crate) async fn make_token(
    caller: Admin,
    State(app): State<App>,
    _: NoQuery,
    Json(body): Json<MakeTokenBody>,
) -> Result<Response> {
    caller.check_everything()?;
    let known = app.catalog.tokens().await?;
    if known.iter().any(|token| token.name == body.name.0) {
        let detail = format!("token `{}` exists already: remove it first", body.name.0);
        return Err(ApiError::new(Code::AlreadyExists, detail));
    }
    let life = life(&body)?;
    let token = Token::generate().map_err(|error| ApiError::internal(&error))?;
    let now = clock::now();
    let record = TokenRecord {
        hash: token.hash(),
        name: body.name.0,
        role: body.role.into(),
        packs: body.packs.into_iter().map(|pack| pack.0).collect(),
        expires: Some(now.after(life)),
        created: now,
    };
    let view = NewTokenView {
        record: TokenView::from(&record),
        token: token.as_str().to_owned(),
    };
    app.catalog.put_token(record).await?;
    Ok(placed(StatusCode::CREATED, "/api/v1/tokens", view))
}

fn life(body: &MakeTokenBody) -> Result<Millis> {
    let wrong = |pointer: &str, message: String| {
        ApiError::new(Code::InvalidRequest, message.clone()).item(Item::at(pointer, message))
    };
    if body.packs.len() > TOKEN_PACKS {
        let message = format!("a token is limited to at most {TOKEN_PACKS} packs");
        return Err(wrong("/packs", message));
    }
    let Some(text) = &body.expires_in else {
        return Ok(Millis(TOKEN_LIFE_MS));
    };
    Millis::parse(text)
        .filter(|life| life.0 > 0)
        .ok_or_else(|| wrong("/expires_in", format!("`{text}` is no duration like `30d`")))
}

/// Ends a token.
#[utoipa::path(
    delete, path = "/tokens/{name}", tag = "tokens",
    params(("name" = String, Path, description = "The token's name.")),
    responses((status = 204, description = "Ended.")),
    extensions(("x-role" = json!("admin"))),
)]
pub(crate) async fn delete_token(
    caller: Admin,
    State(app): State<App>,
    Path(name): Path<Name>,
    _: NoQuery,
) -> Result<StatusCode> {
    caller.check_everything()?;
    if app.catalog.remove_token(&name.0).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found("token", &name.0))
    }
}

/// Tells who the caller is.
#[utoipa::path(
    get, path = "/whoami", tag = "tokens",
    responses((status = 200, description = "The caller's token.", body = Data<TokenView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn whoami(caller: Reader, _: NoQuery) -> Data<TokenView> {
    let data = TokenView::from(caller.token());
    Data { data }
}
