//! Reading bodies within their limits, and what a workflow file or a component may be sent as.

use attune_core::Value;
use axum::body::Body;
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, FromRequestParts as _, Multipart, Request};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::media::content_type;
use crate::edge::Stalled;
use crate::error::{ApiError, Code, Item, Result};
use crate::query::NoQuery;
use crate::state::App;

/// Reads a whole body of at most `limit` bytes.
pub(crate) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes> {
    check_length(headers, limit)?;
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(body_problem(&*error, limit)),
    }
}

fn check_length(headers: &HeaderMap, limit: usize) -> Result<()> {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > limit as u64 => Err(too_large(limit)),
        _ => Ok(()),
    }
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(
        Code::TooLarge,
        format!("the body has more than the allowed {limit} bytes"),
    )
}

/// Finds out why a body could not be read: the cause stands somewhere in the chain.
fn body_problem(error: &(dyn std::error::Error + 'static), limit: usize) -> ApiError {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if current.is::<LengthLimitError>() {
            return too_large(limit);
        }
        if current.is::<Stalled>() {
            return ApiError::new(Code::BodyTimeout, current.to_string());
        }
        cause = current.source();
    }
    ApiError::new(Code::InvalidBody, "the body could not be read to its end")
}

/// A workflow file: YAML, or the same as JSON. Operations that take one have no query.
pub(crate) struct WorkflowSource(pub(crate) String);

impl FromRequest<App> for WorkflowSource {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let (mut parts, body) = request.into_parts();
        NoQuery::from_request_parts(&mut parts, app).await?;
        match content_type(&parts.headers).as_deref() {
            Some(
                "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml"
                | "application/json",
            ) => {}
            other => return Err(unsupported(other, "application/yaml")),
        }
        let bytes = read(&parts.headers, body, app.config.limits.yaml_bytes).await?;
        String::from_utf8(bytes.into()).map(Self).map_err(|error| {
            let place = error.utf8_error().valid_up_to();
            ApiError::new(
                Code::InvalidBody,
                format!("the body is not UTF-8 (byte {place})"),
            )
        })
    }
}

/// A component and, if sent with it, its manifest.
pub(crate) struct Upload {
    /// The component's bytes.
    pub(crate) component: Bytes,
    /// JSON; null without one.
    pub(crate) manifest: Value,
}

impl FromRequest<App> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let limit = app.config.limits.component_bytes;
        match content_type(request.headers()).as_deref() {
            Some("application/wasm" | "application/octet-stream") => {
                let (parts, body) = request.into_parts();
                Ok(Self {
                    component: read(&parts.headers, body, limit).await?,
                    manifest: Value::Null,
                })
            }
            Some("multipart/form-data") => {
                // The manifest and the parts' own headers come on top of the component.
                let limit = limit + app.config.limits.yaml_bytes;
                check_length(request.headers(), limit)?;
                let request = request.map(|body| Body::new(Limited::new(body, limit)));
                parts(request, app, limit).await
            }
            other => Err(unsupported(other, "application/wasm")),
        }
    }
}

async fn parts(request: Request, app: &App, limit: usize) -> Result<Upload> {
    let mut multipart = Multipart::from_request(request, app)
        .await
        .map_err(|error| ApiError::new(Code::InvalidBody, error.body_text()))?;
    let problem = |error: MultipartError| body_problem(&error, limit);
    let (mut component, mut manifest) = (None, None);
    while let Some(field) = multipart.next_field().await.map_err(problem)? {
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(problem)?;
        let known = match name.as_str() {
            "component" => component.replace(bytes).is_none(),
            "manifest" => manifest.replace(bytes).is_none(),
            _ => false,
        };
        if !known {
            return Err(part_problem(&name));
        }
    }
    let Some(component) = component else {
        return Err(ApiError::new(
            Code::InvalidRequest,
            "the part `component` is missing",
        ));
    };
    if component.len() > app.config.limits.component_bytes {
        return Err(too_large(app.config.limits.component_bytes));
    }
    Ok(Upload {
        component,
        manifest: manifest.map_or(Ok(Value::Null), |bytes| manifest_value(&bytes))?,
    })
}

fn part_problem(name: &str) -> ApiError {
    ApiError::new(
        Code::InvalidRequest,
        format!("part `{name}` is unknown or came twice: the parts are `component` and `manifest`"),
    )
}

/// Reads a manifest, YAML or JSON.
fn manifest_value(bytes: &[u8]) -> Result<Value> {
    let problem = |message: String| {
        ApiError::new(Code::InvalidRequest, "the manifest is not valid YAML")
            .item(Item::at("/manifest", message))
    };
    let text = std::str::from_utf8(bytes).map_err(|error| problem(error.to_string()))?;
    Value::deserialize_json(serde_yaml::Deserializer::from_str(text))
        .map_err(|error| problem(error.to_string()))
}

/// Says which media type is wanted.
pub(super) fn unsupported(found: Option<&str>, wanted: &str) -> ApiError {
    let found = found.map_or_else(
        || "the body has no `content-type`".to_owned(),
        |found| format!("`{found}` is not understood here"),
    );
    ApiError::new(
        Code::UnsupportedMediaType,
        format!("{found}: send `content-type: {wanted}`"),
    )
}
