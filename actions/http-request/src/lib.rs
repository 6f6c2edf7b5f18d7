//! The action `http.request`: sends an HTTP request. It does not try again by itself: a failure
//! says whether the task's `retry` makes sense.

use std::collections::BTreeMap;

use attune_sdk::http::{Request, Response};
use attune_sdk::prelude::*;

mod answer;
mod body;

/// The most redirects that one task follows.
const REDIRECTS_MAX: u8 = 10;

/// The largest response by default: with JSON around it, it fits into a task's result.
const RESPONSE_BYTES: usize = 512 << 10;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The URL, `https://` or `http://`.
    url: String,
    /// The method. Without it GET, or POST where there is a body.
    method: Option<String>,
    /// What is added to the URL's query: text, numbers, booleans, or lists of these.
    #[serde(default)]
    query: BTreeMap<String, Value>,
    /// The headers.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The body, at most one of: any JSON,
    #[serde(default, deserialize_with = "body::present")]
    json: Option<Value>,
    /// the fields of a form: text, numbers, booleans, or lists of these,
    form: Option<BTreeMap<String, Value>>,
    /// text,
    text: Option<String>,
    /// bytes, as base64 with padding.
    base64: Option<String>,
    /// How long the server may take to connect, to begin its answer, and between two parts of it.
    timeout: Option<Span>,
    /// How many redirects are followed, at most 10. Each needs to be allowed as a request of its
    /// own.
    #[serde(default)]
    #[schemars(range(max = 10))]
    redirects: u8,
    /// Statuses, beside 200 to 299, that are no failure.
    #[serde(default)]
    accept: Vec<u16>,
    /// How the response's body is read.
    #[serde(default)]
    read: answer::Read,
    /// How many bytes the response's body may have.
    #[serde(default = "response_bytes")]
    max_bytes: usize,
    /// A header that is sent with a key which is the same for all attempts of this task, such as
    /// `Idempotency-Key`: the server can tell a repeated request from a new one.
    idempotency_header: Option<String>,
}

fn response_bytes() -> usize {
    RESPONSE_BYTES
}

/// Sends an HTTP request and returns the response.
///
/// A status that is neither 200 to 299 nor in `accept` fails the task with `error.type`
/// `http_status`, and `status`, `body` and `retry_after` in `error.details`. Worth a retry are 408,
/// 425, 429, 500, 502, 503 and 504, and of what goes wrong before there is a status
/// `http_unreachable`, `http_timeout` and `http_protocol`; not `http_certificate`,
/// `http_too_large`, `http_invalid` and `denied`.
#[action(grants = {"http": ["* https://*:*/*", "* http://*:*/*"]})]
fn request(input: Input) -> Result<answer::Output, ActionError> {
    let mut request = prepare(&input)?;
    let mut left = input.redirects.min(REDIRECTS_MAX);
    let response = loop {
        let url = request.url.clone();
        let response = request.clone().send()?;
        match response.redirect(&url) {
            Some(target) if left > 0 => {
                left -= 1;
                request = redirected(request, &response, target);
            }
            Some(_) | None => break response,
        }
    };
    let response = if input.accept.contains(&response.status) {
        response
    } else {
        response.ok()?
    };
    answer::read(&response, request.url, input.read)
}

fn prepare(input: &Input) -> Result<Request, ActionError> {
    let body = body::Body::of(input)?;
    let method = match &input.method {
        Some(method) => method.to_ascii_uppercase(),
        None if body.is_none() => "GET".to_owned(),
        None => "POST".to_owned(),
    };
    let mut request = Request::new(method, &input.url).response_max_bytes(input.max_bytes);
    for (name, value) in body::pairs("query", &input.query)? {
        request = request.query(&name, &value);
    }
    for (name, value) in &input.headers {
        request = request.header(name.to_ascii_lowercase(), value);
    }
    if let Some(header) = &input.idempotency_header {
        request = request.header(header.to_ascii_lowercase(), context::idempotency_key());
    }
    if let Some(timeout) = input.timeout {
        request = request.timeout(timeout.duration());
    }
    match body {
        Some(body) => body.put_into(request),
        None => Ok(request),
    }
}

/// Returns the request that a redirect asks for, as browsers and RFC 9110 have it: after a POST
/// 301 and 302 ask for a GET, and 303 always does. What proves who one is does not leave the host.
fn redirected(request: Request, response: &Response, target: String) -> Request {
    let post_to_get = request.method == "POST" && matches!(response.status, 301 | 302);
    let becomes_get = post_to_get || (response.status == 303 && request.method != "HEAD");
    let same_host = origin(&request.url) == origin(&target);
    let mut next = Request {
        url: target,
        ..request
    };
    if becomes_get {
        "GET".clone_into(&mut next.method);
        next.body.clear();
        next.headers
            .retain(|(name, _)| !name.starts_with("content-"));
    }
    if !same_host {
        let secret = ["authorization", "cookie", "proxy-authorization"];
        next.headers.retain(|(name, _)| !secret.contains(&&**name));
    }
    next
}

/// Returns scheme, host and port of a URL.
fn origin(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| start + at);
    url[..end].to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
