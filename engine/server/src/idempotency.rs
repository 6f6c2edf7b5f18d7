//! What a repeated request is recognised by: token, path and key; and the body, in a form that does
//! not depend on the order of keys.

use attune_core::{Digest, Millis, Value};
use attune_driver::port::Idempotency;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::auth::Caller;
use crate::clock;
use crate::error::{ApiError, Code, Result};
use crate::limits::{IDEMPOTENCY_KEPT_MS, IDEMPOTENCY_KEY_CHARS};
use crate::query::NoQuery;
use crate::state::App;

const HEADER: &str = "idempotency-key";

/// A client's key.
pub(crate) struct Key(String);

impl Key {
    /// Reads the header.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>> {
        let mut values = headers.get_all(HEADER).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let key = value
            .to_str()
            .ok()
            .filter(|key| (1..=IDEMPOTENCY_KEY_CHARS).contains(&key.len()))
            .filter(|key| key.bytes().all(|b| b.is_ascii_graphic()));
        match (key, values.next()) {
            (Some(key), None) => Ok(Some(Self(key.to_owned()))),
            (Some(_) | None, _) => Err(ApiError::new(
                Code::InvalidHeader,
                format!("`{HEADER}` must be 1 to {IDEMPOTENCY_KEY_CHARS} visible ASCII characters"),
            )),
        }
    }

    /// Returns what to remember a request by.
    pub(crate) fn idempotency(&self, caller: &Caller, path: &str, body: &Value) -> Idempotency {
        let mut scope = caller.token().hash.0.to_vec();
        scope.extend_from_slice(path.as_bytes());
        scope.push(0);
        scope.extend_from_slice(self.0.as_bytes());
        let mut canonical = String::new();
        write_canonical(body, &mut canonical);
        Idempotency {
            key: Digest::of(&scope),
            body: Digest::of(canonical.as_bytes()),
            expires: clock::now().after(Millis(IDEMPOTENCY_KEPT_MS)),
        }
    }
}

/// The key of a request that may be repeated and has no query.
pub(crate) struct Once(pub(crate) Option<Key>);

impl FromRequestParts<App> for Once {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        NoQuery::from_request_parts(parts, app).await?;
        Key::of(&parts.headers).map(Self)
    }
}

/// Writes JSON with the keys of every object in order.
fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Map(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (key, item) in entries {
                out.push_str(&Value::Text(key.clone()).to_public_json());
                out.push(':');
                write_canonical(item, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::List(items) => {
            out.push('[');
            for item in &**items {
                write_canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::BigInt(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Secret(_) => out.push_str(&value.to_revealed_json()),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn canonical(json: &str) -> String {
        let mut out = String::new();
        write_canonical(&Value::from_json(json.as_bytes()).unwrap(), &mut out);
        out
    }

    #[test]
    fn the_order_of_keys_does_not_matter_and_that_of_items_does() {
        let one = canonical(r#"{"a": [1, {"x": 1, "y": "é"}], "b": null}"#);
        assert_eq!(one, canonical(r#"{"b":null,"a":[1,{"y":"é","x":1}]}"#));
        assert_ne!(canonical("[1,2]"), canonical("[2,1]"));
        assert_ne!(canonical("1"), canonical("\"1\""));
    }

    #[test]
    fn keys_are_short_visible_and_single() {
        let mut headers = HeaderMap::new();
        let key = |headers: &HeaderMap| Key::of(headers).map(|key| key.map(|key| key.0));
        assert_eq!(key(&headers).unwrap(), None);
        headers.insert(HEADER, HeaderValue::from_static("order-1"));
        assert_eq!(key(&headers).unwrap().as_deref(), Some("order-1"));
        headers.append(HEADER, HeaderValue::from_static("order-2"));
        assert_eq!(key(&headers).unwrap_err().code(), Code::InvalidHeader);
        for wrong in [String::new(), "x".repeat(256), "ä".to_owned()] {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, HeaderValue::from_bytes(wrong.as_bytes()).unwrap());
            assert!(key(&headers).is_err(), "{wrong}");
        }
    }
}
