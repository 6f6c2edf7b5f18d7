//! Typed values: JSON, cheap to clone, with secrets marked where they are.
//!
//! A [`Value::Secret`] wraps whatever came from a secret. It never leaves the process except
//! through [`Value::reveal`] (an action's input) and the store's encrypted records; every other
//! way out shows [`SECRET_MARKER`].

mod json;
mod scan;

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

pub use json::{FromJsonError, MAX_JSON_DEPTH};
pub use scan::{MIN_SCANNED_BYTES, SecretTexts};

/// What is shown in place of a secret.
pub const SECRET_MARKER: &str = "[secret]";

/// An object: keys keep their order.
pub type Map = IndexMap<Arc<str>, Value>;

/// A JSON value whose strings, lists and maps are shared, not copied.
///
/// The derived `Serialize` is the store's faithful form, secrets included; for people and APIs
/// use [`Value::to_public_json`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits 64 bits, signed.
    Int(i64),
    /// An integer above `i64::MAX` that fits 64 bits, unsigned.
    BigInt(u64),
    /// Any other number; always finite.
    Float(f64),
    /// Text.
    Text(Arc<str>),
    /// An array.
    List(Arc<Vec<Self>>),
    /// An object.
    Map(Arc<Map>),
    /// A value that came from a secret; never nested directly in another `Secret`.
    Secret(Arc<Self>),
}

impl Value {
    /// Makes a text value.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// Makes a list value.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(Arc::new(items))
    }

    /// Makes an object value.
    pub fn map<K: Into<Arc<str>>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(Arc::new(
            entries.into_iter().map(|(k, v)| (k.into(), v)).collect(),
        ))
    }

    /// Marks a value as secret. Null stays as it is: there is nothing to hide.
    pub fn secret(self) -> Self {
        if matches!(self, Self::Null | Self::Secret(_)) {
            self
        } else {
            Self::Secret(Arc::new(self))
        }
    }

    /// Returns the value itself, a secret's content if it is one.
    pub fn exposed(&self) -> &Self {
        if let Self::Secret(inner) = self {
            inner
        } else {
            self
        }
    }

    /// Tells whether the value or anything in it is secret.
    pub fn has_secret(&self) -> bool {
        match self {
            Self::Secret(_) => true,
            Self::List(items) => items.iter().any(Self::has_secret),
            Self::Map(map) => map.values().any(Self::has_secret),
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::BigInt(_)
            | Self::Float(_)
            | Self::Text(_) => false,
        }
    }

    /// Returns the member `key` of an object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// Returns the text, secret or not.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self.exposed() {
            Some(text)
        } else {
            None
        }
    }

    /// Returns the boolean, secret or not.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self.exposed() {
            Some(*value)
        } else {
            None
        }
    }

    /// Returns the integer if it is one and fits.
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::Int(value) = self.exposed() {
            Some(*value)
        } else {
            None
        }
    }

    /// Returns the number as a float, if it is a number.
    pub fn as_f64(&self) -> Option<f64> {
        match self.exposed() {
            Self::Int(value) => Some(*value as f64),
            Self::BigInt(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::Null
            | Self::Bool(_)
            | Self::Text(_)
            | Self::List(_)
            | Self::Map(_)
            | Self::Secret(_) => None,
        }
    }

    /// Returns the list's items, secret or not.
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self.exposed() {
            Some(items)
        } else {
            None
        }
    }

    /// Returns the object's members, secret or not.
    pub fn as_map(&self) -> Option<&Map> {
        if let Self::Map(map) = self.exposed() {
            Some(map)
        } else {
            None
        }
    }

    /// Tells whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Names the JSON type, as messages show it.
    pub fn type_name(&self) -> &'static str {
        match self.exposed() {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Int(_) | Self::BigInt(_) => "integer",
            Self::Float(_) => "number",
            Self::Text(_) => "string",
            Self::List(_) => "array",
            Self::Map(_) | Self::Secret(_) => "object",
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or(Self::BigInt(value), Self::Int)
    }
}

impl From<f64> for Value {
    /// Converts a float; NaN and infinities, which JSON lacks, become null.
    fn from(value: f64) -> Self {
        if value.is_finite() {
            Self::Float(value)
        } else {
            Self::Null
        }
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::text(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::text(value)
    }
}
