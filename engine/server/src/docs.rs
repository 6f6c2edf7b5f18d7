//! The description as a page, without any network but this server.

use axum::Router;
use axum::http::{HeaderName, header};
use axum::response::IntoResponse;
use axum::routing::get;

use crate::state::App;

/// Nothing but the page's own script and style, and the description it asks for.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(
            "/api/docs",
            get(async || asset("text/html", include_str!("../assets/docs.html"))),
        )
        .route(
            "/api/docs/docs.js",
            get(async || asset("text/javascript", include_str!("../assets/docs.js"))),
        )
        .route(
            "/api/docs/docs.css",
            get(async || asset("text/css", include_str!("../assets/docs.css"))),
        )
}

fn asset(kind: &str, text: &'static str) -> impl IntoResponse + use<> {
    let headers: [(HeaderName, String); 2] = [
        (header::CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
    ];
    (headers, text)
}
