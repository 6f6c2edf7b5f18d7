//! Requests to a server over HTTP.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};

use super::{Answer, Request};
use crate::output::error::{CliError, Kind, Result};

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A server's address and token.
#[derive(Clone)]
pub(crate) struct HttpTransport {
    client: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl std::fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpTransport")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl HttpTransport {
    /// Makes a client of the server at `base`, like `http://127.0.0.1:7878`.
    ///
    /// # Errors
    /// If `base` is no address.
    pub(crate) fn new(base: &str, token: Option<String>) -> Result<Self> {
        let base = base.trim_end_matches('/').to_owned();
        if !base.starts_with("http://") {
            return Err(
                CliError::usage(format!("`{base}` is not an address of a server"))
                    .hint("an address looks like `http://127.0.0.1:7878`"),
            );
        }
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .no_proxy()
            .build()
            .map_err(|cause| CliError::failed("cannot make a client").caused_by(&cause))?;
        Ok(Self {
            client,
            base,
            token,
        })
    }

    /// Sends a request.
    ///
    /// # Errors
    /// If the server cannot be reached.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer> {
        let url = format!("{}{}", self.base, request.full_path());
        let method =
            request.method.to_uppercase().parse().map_err(|_invalid| {
                CliError::usage(format!("`{}` is not a method", request.method))
            })?;
        let mut outgoing = self.client.request(method, &url).body(request.body);
        for (name, value) in &request.headers {
            outgoing = outgoing.header(name, value);
        }
        if let Some(token) = &self.token {
            outgoing = outgoing.bearer_auth(token);
        }
        let answer = outgoing
            .send()
            .await
            .map_err(|cause| self.unreachable(&cause))?;
        let content_type = answer.headers().get("content-type");
        Ok(Answer {
            status: answer.status().as_u16(),
            content_type: content_type
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
            body: answer
                .bytes_stream()
                .map_err(|cause| {
                    CliError::new(Kind::Unreachable, "the connection broke").caused_by(&cause)
                })
                .boxed(),
        })
    }

    fn unreachable(&self, cause: &reqwest::Error) -> CliError {
        let message = format!("cannot reach the server at {}", self.base);
        CliError::new(Kind::Unreachable, message)
            .caused_by(cause)
            .hint("start one with `attune serve`, or name another with `--server URL`")
    }
}
