//! JSON text and `serde_json` values to and from [`Value`], without a detour through text.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{Map, SECRET_MARKER, Value};

/// How deep JSON may be nested; deeper text is refused, so that no recursion overflows a stack.
pub const MAX_JSON_DEPTH: usize = 64;

/// Why text is not an acceptable JSON value.
#[derive(Debug, thiserror::Error)]
pub enum FromJsonError {
    /// The text is not JSON.
    #[error("not valid JSON")]
    Syntax(#[source] serde_json::Error),
    /// The value is nested more than [`MAX_JSON_DEPTH`] deep.
    #[error("nested more than {MAX_JSON_DEPTH} levels deep")]
    Depth,
}

impl Value {
    /// Parses JSON text.
    ///
    /// # Errors
    /// If the text is not JSON or is nested more than [`MAX_JSON_DEPTH`] deep.
    pub fn from_json(text: &[u8]) -> Result<Self, FromJsonError> {
        let Plain(value) = serde_json::from_slice(text).map_err(FromJsonError::Syntax)?;
        if value.depth() > MAX_JSON_DEPTH {
            Err(FromJsonError::Depth)
        } else {
            Ok(value)
        }
    }

    /// Deserializes plain JSON inside another type (the derived `Deserialize` is the store's form).
    ///
    /// # Errors
    /// If the input is not JSON or is nested more than [`MAX_JSON_DEPTH`] deep.
    pub fn deserialize_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Plain(value) = de::Deserialize::deserialize(deserializer)?;
        if value.depth() > MAX_JSON_DEPTH {
            Err(de::Error::custom(FromJsonError::Depth))
        } else {
            Ok(value)
        }
    }

    /// Returns compact JSON with secrets replaced by [`SECRET_MARKER`]: for people and APIs.
    pub fn to_public_json(&self) -> String {
        serde_json::to_string(&self.public()).expect("a value always serializes")
    }

    /// Returns compact JSON with secrets in clear: an action's input, nothing else.
    pub fn to_revealed_json(&self) -> String {
        serde_json::to_string(&self.reveal()).expect("a value always serializes")
    }

    /// Returns a view that serializes as plain JSON with secrets hidden.
    pub fn public(&self) -> Public<'_> {
        Public(self)
    }

    /// Returns a view that serializes as plain JSON with secrets in clear.
    pub fn reveal(&self) -> Revealed<'_> {
        Revealed(self)
    }

    /// Converts a `serde_json` value.
    pub fn from_serde(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => number
                .as_i64()
                .map(Self::Int)
                .or_else(|| number.as_u64().map(Self::BigInt))
                .or_else(|| number.as_f64().map(Self::from))
                .unwrap_or(Self::Null),
            serde_json::Value::String(text) => Self::text(text.as_str()),
            serde_json::Value::Array(items) => {
                Self::list(items.iter().map(Self::from_serde).collect())
            }
            serde_json::Value::Object(map) => {
                Self::map(map.iter().map(|(k, v)| (k.as_str(), Self::from_serde(v))))
            }
        }
    }

    /// Converts to a `serde_json` value with secrets hidden.
    pub fn to_public_serde(&self) -> serde_json::Value {
        serde_json::to_value(self.public()).expect("a value always serializes")
    }

    /// Returns how deep the value is nested; a scalar is 1.
    pub fn depth(&self) -> usize {
        match self.exposed() {
            Self::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Map(map) => 1 + map.values().map(Self::depth).max().unwrap_or(0),
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::BigInt(_)
            | Self::Float(_)
            | Self::Text(_)
            | Self::Secret(_) => 1,
        }
    }
}

/// Serializes a value as plain JSON, secrets hidden. See [`Value::public`].
#[derive(Debug)]
pub struct Public<'a>(&'a Value);

/// Serializes a value as plain JSON, secrets in clear. See [`Value::reveal`].
pub struct Revealed<'a>(&'a Value);

impl Serialize for Public<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if matches!(self.0, Value::Secret(_)) {
            serializer.serialize_str(SECRET_MARKER)
        } else {
            plain(self.0, serializer, Public)
        }
    }
}

impl Serialize for Revealed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        plain(self.0.exposed(), serializer, Revealed)
    }
}

/// Serializes anything but a secret, wrapping each child with `wrap`.
fn plain<'a, S: Serializer, W: Serialize>(
    value: &'a Value,
    serializer: S,
    wrap: impl Fn(&'a Value) -> W,
) -> Result<S::Ok, S::Error> {
    match value {
        Value::Null | Value::Secret(_) => serializer.serialize_unit(),
        Value::Bool(value) => serializer.serialize_bool(*value),
        Value::Int(value) => serializer.serialize_i64(*value),
        Value::BigInt(value) => serializer.serialize_u64(*value),
        Value::Float(value) => serializer.serialize_f64(*value),
        Value::Text(text) => serializer.serialize_str(text),
        Value::List(items) => {
            let mut seq = serializer.serialize_seq(Some(items.len()))?;
            items
                .iter()
                .try_for_each(|item| seq.serialize_element(&wrap(item)))?;
            seq.end()
        }
        Value::Map(map) => {
            let mut out = serializer.serialize_map(Some(map.len()))?;
            map.iter()
                .try_for_each(|(key, item)| out.serialize_entry(&**key, &wrap(item)))?;
            out.end()
        }
    }
}

/// Deserializes plain JSON (not the store's form) into a [`Value`].
struct Plain(Value);

impl<'de> de::Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor).map(Self)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Plain(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::list(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Plain(value))) = access.next_entry::<Arc<str>, Plain>()? {
            map.insert(key, value);
        }
        Ok(Value::Map(Arc::new(map)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_types_and_order() {
        let text = r#"{"z":null,"a":[1,-1,18446744073709551615,1.5,true,"é"],"m":{}}"#;
        assert_eq!(
            Value::from_json(text.as_bytes()).unwrap().to_public_json(),
            text
        );
    }

    #[test]
    fn secrets_are_hidden_unless_revealed() {
        let value = Value::map([
            ("key", Value::from("s3cret").secret()),
            ("n", Value::Int(1)),
        ]);
        assert_eq!(value.to_public_json(), r#"{"key":"[secret]","n":1}"#);
        assert_eq!(value.to_revealed_json(), r#"{"key":"s3cret","n":1}"#);
    }

    #[test]
    fn deep_json_is_refused() {
        let text = format!("{}{}", "[".repeat(65), "]".repeat(65));
        assert!(matches!(
            Value::from_json(text.as_bytes()),
            Err(FromJsonError::Depth)
        ));
        let huge = "[".repeat(100_000);
        assert!(matches!(
            Value::from_json(huge.as_bytes()),
            Err(FromJsonError::Syntax(_))
        ));
    }
}
