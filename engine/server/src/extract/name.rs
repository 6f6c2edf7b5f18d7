//! Names of packs, actions and workflows, refs and keys: checked before anything is looked up.

use attune_core::pack_of;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Characters of a name.
const NAME_CHARS: usize = 63;
/// Characters of a kv key.
const KEY_CHARS: usize = 256;

/// Tells whether `text` is `^[a-z][a-z0-9_-]{0,62}$`.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= NAME_CHARS
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
}

/// The name of a pack, or of a thing in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(pub(crate) Arc<str>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if is_name(&text) {
            Ok(Self(text.into()))
        } else {
            Err(D::Error::custom(format!(
                "`{text}` is no name: it must match ^[a-z][a-z0-9_-]{{0,62}}$"
            )))
        }
    }
}

impl PartialSchema for Name {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[a-z][a-z0-9_-]{0,62}$"))
            .into()
    }
}

impl ToSchema for Name {}

/// `pack.name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ref(pub(crate) Arc<str>);

impl Ref {
    /// Joins a pack's and a thing's name.
    pub(crate) fn join(pack: &Name, name: &Name) -> Self {
        Self(format!("{}.{}", pack.0, name.0).into())
    }

    /// Returns the pack.
    pub(crate) fn pack(&self) -> &str {
        pack_of(&self.0)
    }
}

impl<'de> Deserialize<'de> for Ref {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let valid = text
            .split_once('.')
            .is_some_and(|(pack, name)| is_name(pack) && is_name(name));
        if valid {
            Ok(Self(text.into()))
        } else {
            Err(D::Error::custom(format!(
                "`{text}` is no ref: it must be `pack.name`, each ^[a-z][a-z0-9_-]{{0,62}}$"
            )))
        }
    }
}

/// A key of a pack's kv.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) Arc<str>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let valid = (1..=KEY_CHARS).contains(&text.len())
            && !matches!(text.as_str(), "." | "..")
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-'));
        if valid {
            Ok(Self(text.into()))
        } else {
            Err(D::Error::custom(
                "the key must match ^[A-Za-z0-9._:-]{1,256}$ and be neither `.` nor `..`",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parses<T: for<'de> Deserialize<'de>>(text: &str) -> bool {
        serde_json::from_value::<T>(text.into()).is_ok()
    }

    #[test]
    fn names_refs_and_keys_follow_their_patterns() {
        assert!(parses::<Name>("a-b_9"));
        for wrong in ["", "A", "9a", "a.b", "ä", &"a".repeat(64)] {
            assert!(!parses::<Name>(wrong), "{wrong}");
        }
        assert!(parses::<Ref>("shop.place_order"));
        for wrong in ["shop", "shop.", ".x", "a.b.c", "a.B", "a.b@1"] {
            assert!(!parses::<Ref>(wrong), "{wrong}");
        }
        assert!(parses::<Key>("a:b.C-1_"));
        for wrong in ["", ".", "..", "a/b", "a b", &"k".repeat(257)] {
            assert!(!parses::<Key>(wrong), "{wrong}");
        }
    }
}
