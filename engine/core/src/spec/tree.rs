//! A file as a tree of values that know their place.
//!
//! Lists, maps and texts are shared, so that an alias costs nothing; `size` counts what a tree
//! would be without sharing, and the reader bounds it.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::value::Value;

/// A place in a text: line and column from 1, in characters; 0 where there is no text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
}

/// From `start` up to but without `end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: Position,
    pub(crate) end: Position,
}

impl Span {
    /// Returns the empty span at `position`.
    pub(crate) fn at(position: Position) -> Self {
        Self {
            start: position,
            end: position,
        }
    }
}

/// One value of the file.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) data: Data,
    pub(crate) span: Span,
}

/// What a [`Node`] holds.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    Null,
    Bool(bool),
    Int(i64),
    BigInt(u64),
    Float(f64),
    Text(Arc<str>),
    List(Arc<Vec<Node>>),
    Map(Arc<Members>),
}

/// The members of a map in the file's order.
pub(crate) type Members = IndexMap<Arc<str>, Member>;

/// One member of a map.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) key: Span,
    pub(crate) node: Node,
}

/// Maps up to this size are searched from the first member on: comparing a few lengths takes less
/// time than hashing a key, and nearly all maps of a file are small.
const SMALL: usize = 16;

/// Returns a member by its key.
pub(crate) fn find_member<'m>(
    members: &'m Members,
    key: &str,
) -> Option<(&'m Arc<str>, &'m Member)> {
    if members.len() <= SMALL {
        return members.iter().find(|(name, _)| ***name == *key);
    }
    members.get_key_value(key)
}

impl Node {
    /// Makes a tree of a value that did not come from a text; every place is `base`.
    pub(crate) fn from_value(value: &Value, base: Position) -> Self {
        let span = Span::at(base);
        let data = match value.exposed() {
            Value::Null | Value::Secret(_) => Data::Null,
            Value::Bool(value) => Data::Bool(*value),
            Value::Int(value) => Data::Int(*value),
            Value::BigInt(value) => Data::BigInt(*value),
            Value::Float(value) => Data::Float(*value),
            Value::Text(text) => Data::Text(text.clone()),
            Value::List(items) => Data::List(Arc::new(
                items.iter().map(|v| Self::from_value(v, base)).collect(),
            )),
            Value::Map(map) => Data::Map(Arc::new(
                map.iter()
                    .map(|(key, value)| {
                        let node = Self::from_value(value, base);
                        (key.clone(), Member { key: span, node })
                    })
                    .collect(),
            )),
        };
        Self { data, span }
    }

    /// Returns the plain value.
    pub(crate) fn to_value(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Int(value) => Value::Int(*value),
            Data::BigInt(value) => Value::BigInt(*value),
            Data::Float(value) => Value::Float(*value),
            Data::Text(text) => Value::Text(text.clone()),
            Data::List(items) => Value::list(items.iter().map(Self::to_value).collect()),
            Data::Map(members) => Value::map(
                members
                    .iter()
                    .map(|(key, member)| (key.clone(), member.node.to_value())),
            ),
        }
    }

    /// Returns the text, if it is one.
    pub(crate) fn as_text(&self) -> Option<&Arc<str>> {
        if let Data::Text(text) = &self.data {
            Some(text)
        } else {
            None
        }
    }

    /// Returns the items, if it is a list.
    pub(crate) fn as_list(&self) -> Option<&[Self]> {
        if let Data::List(items) = &self.data {
            Some(items)
        } else {
            None
        }
    }

    /// Returns a member of a map by its key.
    pub(crate) fn member(&self, key: &str) -> Option<(&Arc<str>, &Member)> {
        find_member(self.as_map()?, key)
    }

    /// Returns the members, if it is a map.
    pub(crate) fn as_map(&self) -> Option<&Members> {
        if let Data::Map(members) = &self.data {
            Some(members)
        } else {
            None
        }
    }

    /// Tells whether it is null: the same as not given.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// Names what it is, with an article, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.data {
            Data::Null => "nothing",
            Data::Bool(_) => "a boolean",
            Data::Int(_) | Data::BigInt(_) | Data::Float(_) => "a number",
            Data::Text(_) => "text",
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
        }
    }
}
