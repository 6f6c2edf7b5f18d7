//! The API as the command line uses it: the same requests, whether a server answers them over
//! HTTP or an engine inside this process does.

mod http;
mod local;
mod problem;
mod sse;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::Value as Json;

use crate::output::error::{CliError, Context, Result};

pub(crate) use http::HttpTransport;
pub(crate) use local::LocalTransport;
pub(crate) use sse::{Message, messages};

/// Base path of the API.
const BASE: &str = "/api/v1";

/// A request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// GET, POST, PUT or DELETE.
    pub(crate) method: String,
    /// Path below the base path, with its query.
    pub(crate) path: String,
    /// Headers beside the token.
    pub(crate) headers: Vec<(String, String)>,
    /// Body.
    pub(crate) body: Bytes,
}

impl Request {
    /// Makes a request without a body.
    pub(crate) fn new(method: &str, path: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            path: path.into(),
            ..Self::default()
        }
    }

    /// The same request with a header.
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same request with a body of a type.
    pub(crate) fn body(self, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            body: body.into(),
            ..self.header("content-type", content_type)
        }
    }

    /// The same request with a JSON body.
    pub(crate) fn json(self, body: &Json) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Returns the path from the server's root: `//x` is outside the base path.
    pub(crate) fn full_path(&self) -> String {
        match self.path.strip_prefix("//") {
            Some(outside) => format!("/{outside}"),
            None => format!("{BASE}{}", self.path),
        }
    }
}

/// An answer whose body is still coming.
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// Content type.
    pub(crate) content_type: String,
    /// Body, as it arrives.
    pub(crate) body: BoxStream<'static, Result<Bytes>>,
}

/// Who answers.
#[derive(Clone, Debug)]
pub(crate) enum Client {
    /// A server.
    Http(HttpTransport),
    /// An engine in this process.
    Local(LocalTransport),
}

impl Client {
    /// Sends a request and returns the answer, whatever its status.
    ///
    /// # Errors
    /// If nobody answers.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer> {
        match self {
            Self::Http(transport) => transport.send(request).await,
            Self::Local(transport) => transport.send(request).await,
        }
    }

    /// Sends a request and returns the whole body; refusals are errors.
    ///
    /// # Errors
    /// If nobody answers or the request is refused.
    pub(crate) async fn bytes(&self, request: Request) -> Result<Bytes> {
        let answer = self.send(request).await?;
        let status = answer.status;
        let body = collect(answer.body).await?;
        if status >= 400 {
            Err(problem::to_error(status, &body))
        } else {
            Ok(body)
        }
    }

    /// Sends a request and returns the answer's JSON; null for an empty one.
    ///
    /// # Errors
    /// If nobody answers, the request is refused, or the answer is not JSON.
    pub(crate) async fn json(&self, request: Request) -> Result<Json> {
        let body = self.bytes(request).await?;
        if body.is_empty() {
            return Ok(Json::Null);
        }
        serde_json::from_slice(&body).context(|| "the server's answer is not JSON".into())
    }

    /// Sends a request and returns what is under `data` in the answer.
    ///
    /// # Errors
    /// As [`Client::json`].
    pub(crate) async fn data(&self, request: Request) -> Result<Json> {
        let mut answer = self.json(request).await?;
        Ok(answer.get_mut("data").map(Json::take).unwrap_or_default())
    }

    /// Gets what is under `data` at `path`.
    ///
    /// # Errors
    /// As [`Client::json`].
    pub(crate) async fn get(&self, path: impl Into<String>) -> Result<Json> {
        self.data(Request::new("GET", path)).await
    }

    /// Opens a stream of server-sent events, from behind the one with the number `after`.
    ///
    /// # Errors
    /// If nobody answers or the request is refused.
    pub(crate) async fn stream(
        &self,
        path: &str,
        after: Option<u64>,
    ) -> Result<BoxStream<'static, Result<Message>>> {
        let mut request = Request::new("GET", path).header("accept", "text/event-stream");
        if let Some(after) = after {
            request = request.header("last-event-id", after.to_string());
        }
        let answer = self.send(request).await?;
        if answer.status >= 400 {
            let body = collect(answer.body).await?;
            return Err(problem::to_error(answer.status, &body));
        }
        Ok(messages(answer.body).boxed())
    }
}

async fn collect(mut body: BoxStream<'static, Result<Bytes>>) -> Result<Bytes> {
    let mut all = Vec::new();
    while let Some(chunk) = body.next().await {
        all.extend_from_slice(&chunk?);
    }
    Ok(all.into())
}

/// Percent-encodes a path part or a query value.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
        }
    }
    out
}

/// Makes the error for an answer that lacks something the API promises.
pub(crate) fn unexpected(what: &str) -> CliError {
    CliError::failed(format!("the server's answer has no `{what}`"))
        .hint("is the server's version that of this command? see `attune api GET /info`")
}
