//! Packs, their configuration and kv.

use std::sync::Arc;

use attune_driver::port::{KvEntry, PackRecord};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::time::Time;
use crate::extract::AnyJson;

/// A pack.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Pack)]
pub(crate) struct PackView {
    /// Its name.
    #[schema(example = "demo")]
    pub(crate) name: Arc<str>,
    /// When it was created.
    created: Time,
    /// When it last changed.
    updated: Time,
}

impl From<&PackRecord> for PackView {
    fn from(record: &PackRecord) -> Self {
        Self {
            name: record.name.clone(),
            created: record.created.into(),
            updated: record.updated.into(),
        }
    }
}

/// A key of a pack's kv.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Key)]
pub(crate) struct KeyView {
    /// The key.
    pub(crate) key: Arc<str>,
}

/// An entry of a pack's kv.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = KvEntry)]
pub(crate) struct KvView {
    /// The key.
    key: Arc<str>,
    /// The value.
    value: AnyJson,
    /// Rises with each write.
    version: u64,
    /// When it goes.
    expires: Option<Time>,
}

impl KvView {
    /// Makes the view of an entry.
    pub(crate) fn new(key: Arc<str>, entry: KvEntry) -> Self {
        Self {
            key,
            value: entry.value.into(),
            version: entry.version,
            expires: entry.expires.map(Time),
        }
    }
}

/// Writes an entry of a pack's kv.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PutKv)]
pub(crate) struct PutKvBody {
    /// The value.
    pub(crate) value: AnyJson,
    /// Only if its version is this; 0: only if there is none.
    #[serde(default, deserialize_with = "version")]
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub(crate) expected_version: Option<u64>,
    /// Goes by itself after this time.
    #[schema(
        example = "30m",
        pattern = "^[1-9][0-9]{0,2}(ms|s|m|h)$|^[1-9][0-9]?d$"
    )]
    pub(crate) expires_in: Option<String>,
}

/// Reads a version: a whole number, also one that is written as `3.0`.
fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let Some(number) = Option::<serde_json::Number>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let whole = number.as_u64().or_else(|| {
        let float = number.as_f64()?;
        (float.fract() == 0.0 && float >= 0.0).then_some(float as u64)
    });
    whole
        .filter(|version| *version <= attune_core::RunId::MAX.0)
        .map(Some)
        .ok_or_else(|| D::Error::custom("must be a whole number from 0 to 2^53-1"))
}

/// The name of a secret; its value is never given out.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Secret)]
pub(crate) struct SecretView {
    /// The name.
    pub(crate) name: Arc<str>,
}

/// Writes a secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PutSecret)]
pub(crate) struct PutSecretBody {
    /// The value: any JSON, mostly text.
    pub(crate) value: AnyJson,
}
