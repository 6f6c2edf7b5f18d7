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
use crate::limits::Limits;
use crate::query::NoQuery;
use crate::state::App;

/// How large a body may be, and the configuration key that says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most {
    key: &'static str,
    bytes: usize,
}

impl Most {
    /// Of a JSON body.
    pub(crate) fn json(limits: &Limits) -> Self {
        Self {
            key: "json_bytes",
            bytes: limits.json_bytes,
        }
    }

    /// Of a workflow file.
    fn yaml(limits: &Limits) -> Self {
        Self {
            key: "yaml_bytes",
            bytes: limits.yaml_bytes,
        }
    }

    /// Of a component.
    fn component(limits: &Limits) -> Self {
        Self {
            key: "component_bytes",
            bytes: limits.component_bytes,
        }
    }
}

/// Reads a whole body of at most `most`.
pub(crate) async fn read(headers: &HeaderMap, body: Body, most: Most) -> Result<Bytes> {
    check_length(headers, most, most.bytes)?;
    match Limited::new(body, most.bytes).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(body_problem(&*error, most)),
    }
}

fn check_length(headers: &HeaderMap, most: Most, limit: usize) -> Result<()> {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > limit as u64 => Err(too_large(most)),
        _ => Ok(()),
    }
}

fn too_large(most: Most) -> ApiError {
    let Most { key, bytes } = most;
    ApiError::new(
        Code::TooLarge,
        format!("`{key}`: the body has more than the allowed {bytes} bytes"),
    )
}

/// Finds out why a body could not be read: the cause stands somewhere in the chain.
fn body_problem(error: &(dyn std::error::Error + 'static), most: Most) -> ApiError {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if current.is::<LengthLimitError>() {
            return too_large(most);
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
        let bytes = read(&parts.headers, body, Most::yaml(app.limits())).await?;
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
        let most = Most::component(app.limits());
        match content_type(request.headers()).as_deref() {
            Some("application/wasm" | "application/octet-stream") => {
                let (parts, body) = request.into_parts();
                Ok(Self {
                    component: read(&parts.headers, body, most).await?,
                    manifest: Value::Null,
                })
            }
            Some("multipart/form-data") => {
                // The manifest and the parts' own headers come on top of the component.
                let limit = most.bytes + app.limits().yaml_bytes;
                check_length(request.headers(), most, limit)?;
                let request = request.map(|body| Body::new(Limited::new(body, limit)));
                parts(request, app, most).await
            }
            other => Err(unsupported(other, "application/wasm")),
        }
    }
}

async fn parts(request: Request, app: &App, most: Most) -> Result<Upload> {
    let mut multipart = Multipart::from_request(request, app)
        .await
        .map_err(|error| ApiError::new(Code::InvalidBody, error.body_text()))?;
    let problem = |error: MultipartError| body_problem(&error, most);
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
    if component.len() > most.bytes {
        return Err(too_large(most));
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
