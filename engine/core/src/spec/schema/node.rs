//! Our values as the validator sees them: it walks them where they are, nothing is converted.

use std::borrow::Cow;

use indexmap::map;
use jsonschema::JsonType;
use jsonschema::json::{Array, Json, JsonNumber, Node, NodeIdentity, Object};
use serde_json::Number;

use crate::value::{Map, Value};

/// The representation; secrets are looked into, as their content must fit too.
pub(super) struct Values;

/// Returns the part of `root` that a JSON pointer names.
pub(super) fn at<'v>(root: &'v Value, pointer: &str) -> Option<&'v Value> {
    pointer.split('/').skip(1).try_fold(root, |value, token| {
        let token = token.replace("~1", "/").replace("~0", "~");
        match value.as_list() {
            Some(items) => items.get(token.parse::<usize>().ok()?),
            None => value.get(&token),
        }
    })
}

impl Json for Values {
    type Node<'a> = &'a Value;
    type PreparedKey = String;
    type StringBuffer = Value;

    const ACYCLIC: bool = true;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>(buffer: &mut Value, string: &str, f: impl FnOnce(&Value) -> T) -> T {
        *buffer = Value::text(string);
        f(buffer)
    }
}

impl<'a> Node<'a, Values> for &'a Value {
    type Object = &'a Map;
    type Array = &'a [Value];
    type Number = Numeric;

    fn as_object(&self) -> Option<&'a Map> {
        Value::as_map(self)
    }

    fn as_array(&self) -> Option<&'a [Value]> {
        Value::as_list(self)
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        Value::as_str(self).map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<Numeric> {
        match self.exposed() {
            Value::Int(value) => Some(Numeric::Int(*value)),
            Value::BigInt(value) => Some(Numeric::BigInt(*value)),
            Value::Float(value) => Some(Numeric::Float(*value)),
            Value::Null
            | Value::Bool(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Map(_)
            | Value::Secret(_) => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        Value::as_bool(self)
    }

    fn is_null(&self) -> bool {
        matches!(self.exposed(), Value::Null)
    }

    fn json_type(&self) -> JsonType {
        match self.exposed() {
            Value::Null | Value::Secret(_) => JsonType::Null,
            Value::Bool(_) => JsonType::Boolean,
            Value::Int(_) | Value::BigInt(_) | Value::Float(_) => JsonType::Number,
            Value::Text(_) => JsonType::String,
            Value::List(_) => JsonType::Array,
            Value::Map(_) => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &serde_json::Value) -> bool {
        equal(self, expected)
    }

    /// Only what is wrong is converted, for an error that shows nothing of it.
    fn to_value(&self) -> Cow<'a, serde_json::Value> {
        Cow::Owned(serde_json::to_value(self.reveal()).expect("a value always serializes"))
    }

    fn identity(&self) -> Option<NodeIdentity> {
        let address = std::ptr::from_ref::<Value>(self.exposed()) as usize;
        Some(NodeIdentity::new(address))
    }
}

fn equal(value: &Value, expected: &serde_json::Value) -> bool {
    use serde_json::Value as Serde;
    match (value.exposed(), expected) {
        (Value::Null, Serde::Null) => true,
        (Value::Bool(a), Serde::Bool(b)) => a == b,
        (Value::Text(a), Serde::String(b)) => **a == **b,
        (Value::Int(a), Serde::Number(b)) if b.is_i64() => Some(*a) == b.as_i64(),
        (Value::Int(_) | Value::BigInt(_) | Value::Float(_), Serde::Number(b)) => {
            value.as_f64() == b.as_f64()
        }
        (Value::List(a), Serde::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Map(a), Serde::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(&**key).is_some_and(|b| equal(a, b)))
        }
        _ => false,
    }
}

impl<'a> Object<'a, Values> for &'a Map {
    type Node = &'a Value;
    type MemberName = &'a str;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        Map::len(self)
    }

    fn get(&self, key: &String) -> Option<&'a Value> {
        Map::get(self, key.as_str())
    }

    fn members(&self) -> Members<'a> {
        Members(Map::iter(self))
    }
}

/// The members of an object.
pub(super) struct Members<'a>(map::Iter<'a, std::sync::Arc<str>, Value>);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (&**name, value))
    }
}

impl<'a> Array<'a, Values> for &'a [Value] {
    type Node = &'a Value;
    type ElementsIter = std::slice::Iter<'a, Value>;

    fn len(&self) -> usize {
        <[Value]>::len(self)
    }

    fn elements(&self) -> std::slice::Iter<'a, Value> {
        self.iter()
    }
}

/// One of our numbers.
pub(super) enum Numeric {
    Int(i64),
    BigInt(u64),
    Float(f64),
}

impl JsonNumber for Numeric {
    fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Int(value) => u64::try_from(*value).ok(),
            Self::BigInt(value) => Some(*value),
            Self::Float(_) => None,
        }
    }

    fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::BigInt(_) | Self::Float(_) => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::BigInt(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
        }
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_number().to_string())
    }

    fn to_number(&self) -> Cow<'_, Number> {
        Cow::Owned(match self {
            Self::Int(value) => Number::from(*value),
            Self::BigInt(value) => Number::from(*value),
            Self::Float(value) => Number::from_f64(*value).unwrap_or_else(|| Number::from(0)),
        })
    }

    fn is_integer(&self) -> bool {
        match self {
            Self::Int(_) | Self::BigInt(_) => true,
            Self::Float(value) => value.fract() == 0.0,
        }
    }
}
