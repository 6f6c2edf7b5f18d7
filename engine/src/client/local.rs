//! Requests to an engine in this process: the server's own routes, without a socket.

use bytes::Bytes;
use futures::StreamExt;
use http_body_util::Full;
use tower::ServiceExt;

use super::{Answer, Request};
use crate::output::error::{CliError, Context, Result};

/// An engine in this process.
#[derive(Clone)]
pub(crate) struct LocalTransport {
    server: attune_server::Server,
}

impl std::fmt::Debug for LocalTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LocalTransport")
    }
}

impl LocalTransport {
    /// Makes a client of `server`.
    pub(crate) fn new(server: attune_server::Server) -> Self {
        Self { server }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// If the request is none.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer> {
        let mut outgoing = http::Request::builder()
            .method(&*request.method)
            .uri(request.full_path())
            .header("host", "localhost");
        for (name, value) in &request.headers {
            outgoing = outgoing.header(name, value);
        }
        let outgoing = outgoing
            .body(Full::new(request.body))
            .context(|| "this is no request".into())?;
        // The router's own error is uninhabited: whatever goes wrong is an answer.
        let answered = self.server.router().oneshot(outgoing).await;
        let answer = answered.unwrap_or_else(|never| match never {});
        let content_type = answer.headers().get("content-type");
        Ok(Answer {
            status: answer.status().as_u16(),
            content_type: content_type
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
            body: answer
                .into_body()
                .into_data_stream()
                .map(|chunk| -> Result<Bytes> {
                    chunk.map_err(|cause| {
                        CliError::failed("the answer broke").cause(cause.to_string())
                    })
                })
                .boxed(),
        })
    }
}
