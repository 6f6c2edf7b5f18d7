//! Query parameters: unknown or ill-typed ones are 400, naming the parameter.

use std::time::Duration;

use attune_core::RunId;
use attune_core::time::Millis;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error};
use utoipa::IntoParams;

use crate::error::{ApiError, Code, Item, Result};
use crate::limits::{LIST_DEFAULT, LIST_MAX};
use crate::state::App;

/// Query parameters.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T> {
    if !is_utf8(query) {
        return Err(ApiError::new(Code::InvalidQuery, "the query is not UTF-8"));
    }
    let deserializer = serde_html_form::Deserializer::from_bytes(query.as_bytes());
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let name = error.path().to_string();
        let message = error.inner().to_string();
        let detail = if name == "." {
            message.clone()
        } else {
            format!("query parameter `{name}`: {message}")
        };
        ApiError::new(Code::InvalidQuery, detail).item(Item::at("", message))
    })
}

/// Tells whether the text is UTF-8 once its `%xx` are decoded; the parser would replace what is
/// not.
fn is_utf8(query: &str) -> bool {
    if !query.contains('%') {
        return true;
    }
    let (bytes, mut out, mut at) = (query.as_bytes(), Vec::new(), 0);
    while let Some(&byte) = bytes.get(at) {
        let escape = (byte == b'%')
            .then(|| query.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(escape.unwrap_or(byte));
        at += if escape.is_some() { 3 } else { 1 };
    }
    std::str::from_utf8(&out).is_ok()
}

/// No parameters at all.
pub(crate) struct NoQuery;

impl FromRequestParts<App> for NoQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self> {
        match parts.uri.query() {
            None | Some("") => Ok(Self),
            Some(query) => {
                let name = query.split(['=', '&']).next().unwrap_or_default();
                let detail = format!("query parameter `{name}` is unknown here");
                Err(ApiError::new(Code::InvalidQuery, detail))
            }
        }
    }
}

/// Reads a parameter that may be left out, but not be empty.
pub(crate) fn given<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Reads an id that may be left out.
pub(crate) fn given_id<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    let id = u64::deserialize(deserializer)?;
    if (1..=RunId::MAX.0).contains(&id) {
        Ok(Some(id))
    } else {
        Err(D::Error::custom(format!(
            "must be an id from 1 to {}",
            RunId::MAX.0
        )))
    }
}

/// Which part of a list to give.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Rows at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500, default = 50)]
    #[serde(default, deserialize_with = "given")]
    pub(crate) limit: Option<Limit>,
    /// Cursor: `next` of the page before.
    pub(crate) after: Option<String>,
}

/// `limit=`: 1 to 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) usize);

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let limit = text.parse().ok();
        let limit = limit.filter(|limit| (1..=LIST_MAX).contains(limit));
        limit
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("must be between 1 and {LIST_MAX}")))
    }
}

/// Returns the number of rows to give.
pub(crate) fn rows(limit: Option<Limit>) -> usize {
    limit.map_or(LIST_DEFAULT, |limit| limit.0)
}

/// `wait=`: how long to wait for the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait(pub(crate) Duration);

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Millis::parse(&text)
            .map(|millis| Self(Duration::from_millis(millis.0)))
            .ok_or_else(|| D::Error::custom("must be a duration like `30s`"))
    }
}

/// A numeric cursor.
pub(crate) fn number_cursor(after: Option<&str>) -> Result<Option<u64>> {
    after
        .map(|text| {
            text.parse::<u64>().map_err(|_| {
                ApiError::new(
                    Code::InvalidQuery,
                    "query parameter `after`: must be a number",
                )
            })
        })
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Sample {
        status: Vec<String>,
        limit: Option<u32>,
        wait: Option<Wait2>,
        #[serde(deserialize_with = "given")]
        size: Option<u32>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Wait2(Wait);

    #[test]
    fn parameters_repeat_and_convert() {
        let sample: Sample = parse("status=a&status=b&limit=3&wait=1m").unwrap();
        assert_eq!(sample.status, ["a", "b"]);
        assert_eq!(sample.limit, Some(3));
        assert_eq!(sample.wait, Some(Wait2(Wait(Duration::from_secs(60)))));
    }

    #[test]
    fn wrong_parameters_are_named() {
        for (query, part) in [
            ("limit=x", "limit"),
            ("size=", "size"),
            ("wait=never", "duration"),
            ("color=red", "color"),
            ("status=%ff", "UTF-8"),
            ("limit=1&limit=2", "limit"),
        ] {
            let error = parse::<Sample>(query).unwrap_err();
            assert_eq!(error.code(), Code::InvalidQuery);
            assert!(format!("{error:?}").contains(part), "{query}: {error:?}");
        }
    }
}
