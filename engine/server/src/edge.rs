//! What happens to every request before and after its handler: its id, the bounds on its head, the
//! checks against other web pages, panics, counters and the one log line.

mod guard;
mod request_id;
mod stall;

use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;

use crate::error::{ApiError, Code, Result};
use crate::limits::Limits;
use crate::state::App;

pub(crate) use stall::Stalled;

/// The name of the header that carries a request's id.
const REQUEST_ID: &str = "x-request-id";

/// Wraps every route, the fallbacks too.
pub(crate) async fn edge(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = request_id::of(request.headers());
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().cloned();
    app.metrics.under_way.fetch_add(1, Ordering::Relaxed);
    let mut response = match check(&app, &request) {
        Ok(()) => answer(&app, request, next).await,
        Err(error) => error.into_response(),
    };
    app.metrics.under_way.fetch_sub(1, Ordering::Relaxed);
    let elapsed_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    let status = response.status();
    app.metrics.answered(status, elapsed_us);
    tracing::debug!(
        http.method = %method,
        http.path = path.as_ref().map_or("", MatchedPath::as_str),
        http.status = status.as_u16(),
        request.id = id.to_str().unwrap_or_default(),
        elapsed_us,
        "Request answered"
    );
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

fn check(app: &App, request: &Request) -> Result<()> {
    check_head(app.limits(), request)?;
    guard::check(&app.config.hosts, request)
}

fn check_head(limits: &Limits, request: &Request) -> Result<()> {
    let target = request
        .uri()
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    if target > limits.target_bytes {
        let limit = limits.target_bytes;
        return Err(ApiError::new(
            Code::TargetTooLong,
            format!("`target_bytes`: path and query have more than {limit} bytes"),
        ));
    }
    let (count, bytes) = (request.headers().len(), header_bytes(request.headers()));
    if count > limits.header_count || bytes > limits.header_bytes {
        let Limits {
            header_count,
            header_bytes,
            ..
        } = limits;
        return Err(ApiError::new(
            Code::HeadersTooLarge,
            format!("more than {header_count} headers or {header_bytes} bytes of them"),
        ));
    }
    Ok(())
}

fn header_bytes(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len())
        .sum()
}

/// Runs the handler; a panic becomes a problem and ends nothing else.
async fn answer(app: &App, request: Request, next: Next) -> Response {
    let stall = app.limits().body_stall;
    let request = request.map(|body| Body::new(stall::Stalling::new(body, stall)));
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            let message = panic
                .downcast_ref::<&str>()
                .map(ToString::to_string)
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            tracing::error!(panic = message, "Handler panicked");
            ApiError::new(
                Code::Internal,
                "the server failed; its log says more under the request's id",
            )
            .into_response()
        }
    }
}

/// Answers what matches no route.
pub(crate) async fn not_found(request: Request) -> ApiError {
    let path = request.uri().path();
    ApiError::new(Code::NotFound, format!("there is nothing at `{path}`"))
}

/// Answers a method that the path does not have; the router adds `Allow`.
pub(crate) async fn method_not_allowed(request: Request) -> ApiError {
    let (method, path) = (request.method(), request.uri().path());
    ApiError::new(
        Code::MethodNotAllowed,
        format!("`{path}` has no `{method}`"),
    )
}
