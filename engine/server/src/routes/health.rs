//! Whether the server lives, is ready, and what it counts.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{Peer, Reader};
use crate::config::AuthMode;
use crate::error::{ApiError, Code, Result};
use crate::query::NoQuery;
use crate::reply::Data;
use crate::state::App;

/// Says that the process lives.
#[utoipa::path(
    get, path = "/healthz", tag = "server",
    responses((status = 200, description = "It lives.", body = String, content_type = "text/plain")),
)]
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// Says whether requests can be served: the store answers, and the server is not stopping.
#[utoipa::path(
    get, path = "/readyz", tag = "server",
    responses((status = 200, description = "It is ready.", body = String, content_type = "text/plain")),
)]
pub(crate) async fn readyz(State(app): State<App>) -> Result<&'static str> {
    if app.shutdown.is_cancelled() {
        return Err(ApiError::new(Code::Stopping, "the server is stopping"));
    }
    app.views.live_count().await?;
    Ok("ready\n")
}

/// Returns counters as Prometheus text. Off loopback it needs a token.
#[utoipa::path(
    get, path = "/metrics", tag = "server",
    responses((status = 200, description = "Counters.", body = String, content_type = "text/plain")),
)]
pub(crate) async fn metrics(State(app): State<App>, request: Request) -> Result<Response> {
    let (mut parts, _) = request.into_parts();
    if !Peer::of(&parts).is_loopback() {
        Reader::from_request_parts(&mut parts, &app).await?;
    }
    let live = app.views.live_count().await?;
    let streams = app.limits().streams - app.streams.available_permits();
    let mut text = app.metrics.render(&app.config.version, live, streams);
    text.push_str(&(app.counters)());
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// What the server is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Info)]
pub(crate) struct InfoView {
    /// Its version.
    version: String,
    /// `tokens` or `none`.
    auth: &'static str,
    /// Its bounds, in bytes, seconds or numbers.
    limits: LimitsInfo,
}

/// Bounds that clients may want to know.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServerLimits)]
struct LimitsInfo {
    /// A JSON body.
    json_bytes: usize,
    /// A workflow file.
    yaml_bytes: usize,
    /// A component.
    component_bytes: usize,
    /// A pack's configuration.
    config_bytes: usize,
    /// A kv value or secret.
    kv_bytes: usize,
    /// The longest `?wait=`.
    wait_seconds: u64,
    /// Runs that wait or work.
    queued_runs: u64,
}

/// Tells what the server is.
#[utoipa::path(
    get, path = "/info", tag = "server",
    responses((status = 200, description = "Version and limits.", body = Data<InfoView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn info(_: Reader, State(app): State<App>, _: NoQuery) -> Data<InfoView> {
    let limits = app.limits();
    let data = InfoView {
        version: app.config.version.clone(),
        auth: match app.config.auth {
            AuthMode::Tokens => "tokens",
            AuthMode::None => "none",
        },
        limits: LimitsInfo {
            json_bytes: limits.json_bytes,
            yaml_bytes: limits.yaml_bytes,
            component_bytes: limits.component_bytes,
            config_bytes: limits.config_bytes,
            kv_bytes: limits.kv_bytes,
            wait_seconds: limits.wait.as_secs(),
            queued_runs: limits.queued_runs,
        },
    };
    Data { data }
}
