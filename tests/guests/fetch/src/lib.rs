//! Sends requests through plain `wasi:http`, as told, and returns what came of each.

use attune_sdk::prelude::*;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    Scheme,
};

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(default)]
struct Input {
    method: String,
    scheme: String,
    authority: String,
    path: String,
    headers: Vec<(String, String)>,
    /// Sent as a bearer token, by its placeholder.
    secret: Option<String>,
    /// Bytes of a body.
    send: usize,
    /// Requests, one after the other.
    times: u32,
    /// Requests that are begun before one is waited for.
    at_once: u32,
    /// Follow one redirect by a request of its own.
    follow: bool,
    /// Fail with the error instead of returning it.
    fail: bool,
}

impl Default for Input {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            scheme: "http".to_owned(),
            authority: String::new(),
            path: "/".to_owned(),
            headers: Vec::new(),
            secret: None,
            send: 0,
            times: 1,
            at_once: 0,
            follow: false,
            fail: false,
        }
    }
}

/// Fetches.
#[action]
fn fetch(input: Input) -> Result<Value, ActionError> {
    if input.at_once > 0 {
        return Ok(json!(at_once(&input)));
    }
    let mut outcomes = Vec::new();
    for _ in 0..input.times {
        outcomes.push(fetch_once(&input)?);
    }
    Ok(if outcomes.len() == 1 {
        outcomes.remove(0)
    } else {
        json!(outcomes)
    })
}

fn fetch_once(input: &Input) -> Result<Value, ActionError> {
    match send(input) {
        Ok(response) => {
            let location = response.headers().get("location");
            if let (true, Some(location)) = (input.follow, location.first()) {
                let location = String::from_utf8_lossy(location);
                let rest = location.strip_prefix("http://").unwrap_or_default();
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let next = Input {
                    authority: authority.to_owned(),
                    path: path.to_owned(),
                    follow: false,
                    ..input.clone()
                };
                return fetch_once(&next);
            }
            Ok(read(&response))
        }
        Err(error) if input.fail => Err(ActionError::permanent(error)),
        Err(error) => Ok(json!({"error": error})),
    }
}

fn read(response: &IncomingResponse) -> Value {
    let status = response.status();
    match response
        .consume()
        .map_err(|()| "consumed".to_owned())
        .and_then(|body| text(&body))
    {
        Ok(body) => json!({"status": status, "body": body}),
        Err(error) => json!({"status": status, "error": error}),
    }
}

fn text(body: &IncomingBody) -> Result<String, String> {
    let stream = body.stream().map_err(|()| "no stream")?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 << 10) {
            Ok(read) => bytes.extend_from_slice(&read),
            Err(wasip2::io::streams::StreamError::Closed) => break,
            Err(error) => return Err(format!("{error:?} after {} bytes", bytes.len())),
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Begins a request; each step that the engine refuses says so.
fn begin(input: &Input) -> Result<wasip2::http::types::FutureIncomingResponse, String> {
    let mut headers = input.headers.clone();
    if let Some(name) = &input.secret {
        let token = secrets::placeholder(name).map_err(|error| error.to_string())?;
        headers.push(("authorization".to_owned(), format!("Bearer {token}")));
    }
    let list: Vec<_> = headers
        .into_iter()
        .map(|(n, v)| (n, v.into_bytes()))
        .collect();
    let fields = Fields::from_list(&list).map_err(|error| format!("{error:?}"))?;
    let request = OutgoingRequest::new(fields);
    let refused = |what: &'static str| move |()| format!("{what} refused");
    request
        .set_method(&method(&input.method))
        .map_err(refused("method"))?;
    request
        .set_scheme(Some(&scheme(&input.scheme)))
        .map_err(refused("scheme"))?;
    request
        .set_authority(Some(&input.authority))
        .map_err(refused("authority"))?;
    request
        .set_path_with_query(Some(&input.path))
        .map_err(refused("path"))?;
    let body = request.body().map_err(refused("body"))?;
    let future = handle(request, None).map_err(|error| shown(&error))?;
    if input.send > 0 {
        let stream = body.write().map_err(refused("stream"))?;
        let chunk = vec![b'x'; 4096];
        let mut left = input.send;
        while left > 0 {
            let part = left.min(chunk.len());
            // The response tells why a body was cut short.
            if stream.blocking_write_and_flush(&chunk[..part]).is_err() {
                break;
            }
            left -= part;
        }
    }
    OutgoingBody::finish(body, None).ok();
    Ok(future)
}

fn send(input: &Input) -> Result<IncomingResponse, String> {
    let future = begin(input)?;
    future.subscribe().block();
    match future.get() {
        Some(Ok(Ok(response))) => Ok(response),
        Some(Ok(Err(error))) => Err(shown(&error)),
        Some(Err(())) | None => Err("not ready".to_owned()),
    }
}

/// Begins many requests, and only then waits for them.
fn at_once(input: &Input) -> Vec<String> {
    let begun: Vec<_> = (0..input.at_once).map(|_| begin(input)).collect();
    let ended = begun.iter().map(|future| match future {
        Err(error) => error.clone(),
        Ok(future) => {
            future.subscribe().block();
            match future.get() {
                Some(Ok(Ok(response))) => {
                    let status = response.status().to_string();
                    // Kept open, as a guest that hoards would.
                    std::mem::forget(response);
                    status
                }
                Some(Ok(Err(error))) => shown(&error),
                Some(Err(())) | None => "not ready".to_owned(),
            }
        }
    });
    ended.collect()
}

fn method(text: &str) -> Method {
    match text {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "CONNECT" => Method::Connect,
        "TRACE" => Method::Trace,
        other => Method::Other(other.to_owned()),
    }
}

fn scheme(text: &str) -> Scheme {
    match text {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    }
}

fn shown(error: &ErrorCode) -> String {
    format!("{error:?}")
}
