//! JSON bodies: 400 if it is no JSON, 422 with the pointer if it has the wrong shape.

use attune_core::Value;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::error::Category;
use serde_path_to_error::Segment;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::body::{Most, read, unsupported};
use super::media::content_type;
use crate::error::{ApiError, Code, Item, Result};
use crate::state::App;

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let (parts, body) = request.into_parts();
        check_media(&parts.headers)?;
        let bytes = read(&parts.headers, body, Most::json(app.limits())).await?;
        parse_json(&bytes).map(Self)
    }
}

/// A JSON body that may be left out.
pub(crate) struct OptionalJson<T>(pub(crate) T);

impl<T: DeserializeOwned + Default> FromRequest<App> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body, Most::json(app.limits())).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        check_media(&parts.headers)?;
        let body: Option<T> = parse_json(&bytes)?;
        Ok(Self(body.unwrap_or_default()))
    }
}

fn check_media(headers: &HeaderMap) -> Result<()> {
    match content_type(headers).as_deref() {
        Some("application/json") => Ok(()),
        Some(other) if other.starts_with("application/") && other.ends_with("+json") => Ok(()),
        other => Err(unsupported(other, "application/json")),
    }
}

/// Parses JSON text into a wire type.
pub(crate) fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| json_problem::<T>(bytes, &error))
}

/// Parses again to find the place, which would cost too much where all is well.
fn json_problem<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> ApiError {
    // A wrong shape is seen before the text is read to its end.
    let syntax = match error.classify() {
        Category::Data => serde_json::from_slice::<IgnoredAny>(bytes).err(),
        Category::Syntax | Category::Eof | Category::Io => None,
    };
    let error = syntax.as_ref().unwrap_or(error);
    if !matches!(error.classify(), Category::Data) {
        let item = Item {
            line: u32::try_from(error.line()).ok(),
            column: u32::try_from(error.column()).ok(),
            ..Item::at("", plain_message(error))
        };
        let detail = format!("the body is not JSON: {error}");
        return ApiError::new(Code::InvalidJson, detail).item(item);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let (pointer, message) = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Ok(_) => (String::new(), plain_message(error)),
        Err(tracked) => (pointer(tracked.path()), plain_message(tracked.inner())),
    };
    ApiError::new(Code::InvalidRequest, message.clone()).item(Item::at(pointer, message))
}

/// The message without serde's place, which the item has fields for.
fn plain_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text[..end].to_owned()
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut out = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                out.push('/');
                out.push_str(&index.to_string());
            }
            Segment::Map { key } | Segment::Enum { variant: key } => {
                out.push('/');
                out.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Unknown => {}
        }
    }
    out
}

/// Any JSON value, secrets shown as a marker.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct AnyJson(pub(crate) Value);

impl AnyJson {
    /// Tells whether the value is null.
    pub(crate) fn is_null(&self) -> bool {
        self.0.is_null()
    }
}

impl From<Value> for AnyJson {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl Serialize for AnyJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.public().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AnyJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize_json(deserializer).map(Self)
    }
}

impl PartialSchema for AnyJson {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::AnyValue)
            .description(Some("Any JSON value."))
            .into()
    }
}

impl ToSchema for AnyJson {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[expect(dead_code, reason = "only its type matters")]
        items: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[expect(dead_code, reason = "only its type matters")]
        count: u32,
    }

    fn check(body: &str, code: Code, pointer: &str) {
        let error = parse_json::<Sample>(body.as_bytes()).unwrap_err();
        assert_eq!(error.code(), code, "{body}");
        let wanted = format!("pointer: {pointer:?}");
        assert!(format!("{error:?}").contains(&wanted), "{error:?}");
    }

    #[test]
    fn syntax_is_400_and_shape_is_422_with_its_place() {
        check("{", Code::InvalidJson, "");
        check("[1", Code::InvalidJson, "");
        let wrong = r#"{"items": [{"count": 1}, {"count": "x"}]}"#;
        check(wrong, Code::InvalidRequest, "/items/1/count");
        check(r#"{"items": [], "a/b": 1}"#, Code::InvalidRequest, "/a~1b");
        check("{}", Code::InvalidRequest, "");
    }
}
