//! The body of a request, and the names and values of queries and forms.

use std::collections::BTreeMap;

use attune_sdk::http::Request;
use attune_sdk::prelude::*;
use attune_sdk::serde::Deserializer;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Input;

/// Tells a body of `null` from none.
pub(crate) fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// What a request carries.
pub(crate) enum Body {
    Json(Value),
    Form(Vec<(String, String)>),
    Text(String),
    Bytes(Vec<u8>),
}

impl Body {
    /// Returns the body that the input asks for.
    pub(crate) fn of(input: &Input) -> Result<Option<Self>, ActionError> {
        match (&input.json, &input.form, &input.text, &input.base64) {
            (None, None, None, None) => Ok(None),
            (Some(json), None, None, None) => Ok(Some(Self::Json(json.clone()))),
            (None, Some(form), None, None) => Ok(Some(Self::Form(pairs("form", form)?))),
            (None, None, Some(text), None) => Ok(Some(Self::Text(text.clone()))),
            (None, None, None, Some(base64)) => {
                let bytes = STANDARD.decode(base64).map_err(|error| {
                    let why = format!("`base64` is not base64 with padding: {error}");
                    ActionError::invalid_input(why)
                })?;
                Ok(Some(Self::Bytes(bytes)))
            }
            _ => Err(ActionError::invalid_input(
                "give at most one of `json`, `form`, `text` and `base64`",
            )),
        }
    }

    pub(crate) fn put_into(self, request: Request) -> Result<Request, ActionError> {
        Ok(match self {
            Self::Json(value) => request.json(&value)?,
            Self::Form(fields) => request.form(fields.iter().map(|(k, v)| (&**k, &**v))),
            Self::Text(text) if is_typed(&request) => request.body(text),
            Self::Text(text) => request
                .header("content-type", "text/plain; charset=utf-8")
                .body(text),
            Self::Bytes(bytes) if is_typed(&request) => request.body(bytes),
            Self::Bytes(bytes) => request
                .header("content-type", "application/octet-stream")
                .body(bytes),
        })
    }
}

fn is_typed(request: &Request) -> bool {
    request
        .headers
        .iter()
        .any(|(name, _)| name == "content-type")
}

/// Returns the names and values of a query or a form; a list repeats its name, null is left out.
pub(crate) fn pairs(
    what: &str,
    fields: &BTreeMap<String, Value>,
) -> Result<Vec<(String, String)>, ActionError> {
    let mut pairs = Vec::new();
    for (name, value) in fields {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            Value::Null => &[],
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                std::slice::from_ref(value)
            }
        };
        for value in values {
            pairs.push((name.clone(), scalar(what, name, value)?));
        }
    }
    Ok(pairs)
}

fn scalar(what: &str, name: &str, value: &Value) -> Result<String, ActionError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(ActionError::invalid_input(
            format!("`{name}` in `{what}` must be text, a number, a boolean, or a list of these"),
        )),
    }
}
