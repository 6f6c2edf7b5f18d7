//! `attune api`: any request, the answer as it is.

use futures::StreamExt;

use crate::cli::Global;
use crate::client::Request;
use crate::inputs;
use crate::output::error::{CliError, Context, Kind, Result};
use crate::output::{Ui, ui};
use crate::profile;

/// A request as given on the command line.
#[derive(Debug)]
pub(crate) struct Call {
    /// Method.
    pub(crate) method: String,
    /// Path.
    pub(crate) path: String,
    /// Body's file.
    pub(crate) input: Option<String>,
    /// Headers.
    pub(crate) header: Vec<String>,
}

/// Sends the request and prints the answer's body as it comes.
pub(crate) async fn run(ui: Ui, global: &Global, call: Call) -> Result {
    let mut request = Request::new(&call.method, call.path);
    for header in &call.header {
        let (name, value) = header.split_once(':').ok_or_else(|| {
            CliError::usage(format!("`{header}` is not a header"))
                .hint("a header looks like `Idempotency-Key: 7`")
        })?;
        request = request.header(name.trim(), value.trim());
    }
    if let Some(file) = call.input {
        let named = request
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let body = inputs::read(&file)?;
        request = if named {
            Request {
                body: body.into(),
                ..request
            }
        } else {
            request.body(content_type(&file), body)
        };
    }
    let mut answer = profile::client(global)?.send(request).await?;
    let is_json = answer.content_type.contains("json");
    let mut body = Vec::new();
    while let Some(chunk) = answer.body.next().await {
        if is_json {
            body.extend_from_slice(&chunk?);
        } else {
            write(&chunk?)?;
        }
    }
    if is_json {
        let json: serde_json::Value =
            serde_json::from_slice(&body).context(|| "the answer is not JSON".into())?;
        ui.data(&ui::pretty(&json))?;
    }
    let kind = match answer.status {
        200..=399 => return Ok(()),
        401 | 403 => Kind::Denied,
        404 => Kind::NotFound,
        _ => Kind::Failed,
    };
    Err(CliError::new(
        kind,
        format!("the server answered {}", answer.status),
    ))
}

fn write(bytes: &[u8]) -> Result {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .context(|| "cannot print".into())
}

fn content_type(file: &str) -> &'static str {
    match file.rsplit_once('.').map(|(_, end)| end) {
        Some("yaml" | "yml") => "application/yaml",
        Some("wasm") => "application/wasm",
        Some("gz" | "tgz") => "application/gzip",
        _ => "application/json",
    }
}
