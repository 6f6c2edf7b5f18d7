//! The response, as the task's result.

use std::collections::BTreeMap;

use attune_sdk::http::Response;
use attune_sdk::prelude::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How a body is read.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Read {
    /// As JSON if it says that it is, else as text if it is UTF-8, else as base64.
    #[default]
    Auto,
    /// As JSON; anything else is an error.
    Json,
    /// As text; bytes that are not UTF-8 are replaced.
    Text,
    /// As base64.
    Base64,
}

/// What `body` holds.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    /// The JSON itself.
    Json,
    /// Text.
    Text,
    /// Base64 with padding.
    Base64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The status.
    status: u16,
    /// The headers, their names in lower case; several of one name are joined by `, `.
    headers: BTreeMap<String, String>,
    /// The body.
    body: Value,
    /// What `body` holds.
    form: Form,
    /// The URL that answered: another one than was asked if redirects were followed.
    url: String,
}

pub(crate) fn read(response: &Response, url: String, how: Read) -> Result<Output, ActionError> {
    let (body, form) = match how {
        Read::Json => (json(response)?, Form::Json),
        Read::Text => (String::from_utf8_lossy(&response.body).into(), Form::Text),
        Read::Base64 => (base64(response), Form::Base64),
        Read::Auto if response.is_json() && !response.body.is_empty() => {
            (json(response)?, Form::Json)
        }
        Read::Auto => match response.text() {
            Ok(text) => (text.into(), Form::Text),
            Err(_) => (base64(response), Form::Base64),
        },
    };
    let mut headers = BTreeMap::new();
    for (name, value) in &response.headers {
        headers
            .entry(name.clone())
            .and_modify(|all: &mut String| {
                all.push_str(", ");
                all.push_str(value);
            })
            .or_insert_with(|| value.clone());
    }
    Ok(Output {
        status: response.status,
        headers,
        body,
        form,
        url,
    })
}

fn json(response: &Response) -> Result<Value, ActionError> {
    response
        .json()
        .map_err(|error| ActionError::permanent(error.to_string()).with_kind("http_not_json"))
}

fn base64(response: &Response) -> Value {
    STANDARD.encode(&response.body).into()
}
