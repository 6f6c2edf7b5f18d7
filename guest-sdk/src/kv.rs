//! A durable store of JSON values by key, one for each pack. Reading needs the grant `kv: read`,
//! writing `kv: write`. What a call wrote is on disk when it returns.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::engine;
use crate::error::CallError;

/// Counts the writes of one key; it never returns to a former value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision(u64);

/// A value and the write it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<T> {
    /// The value.
    pub value: T,
    /// The write that set it, for [`replace`].
    pub revision: Revision,
}

/// Returns the value of a key, or nothing if there is none.
///
/// # Errors
/// If the grant is missing, or the value has another type.
pub fn get<T: DeserializeOwned>(key: &str) -> Result<Option<T>, CallError> {
    Ok(entry(key)?.map(|entry| entry.value))
}

/// Returns the value of a key with its revision, or nothing if there is none.
///
/// # Errors
/// As [`get`].
pub fn entry<T: DeserializeOwned>(key: &str) -> Result<Option<Entry<T>>, CallError> {
    let Some((text, revision)) = optional(engine::kv_get(key))? else {
        return Ok(None);
    };
    Ok(Some(Entry {
        value: decode(key, &text)?,
        revision: Revision(revision),
    }))
}

/// Writes a key, whatever it held.
///
/// # Errors
/// If the grant is missing, the key is malformed, or a limit would be exceeded.
pub fn set(key: &str, value: &(impl Serialize + ?Sized)) -> Result<Revision, CallError> {
    engine::kv_set(key, &encode(value)?, None).map(Revision)
}

/// Writes a key that is gone after a time.
///
/// # Errors
/// As [`set`].
pub fn set_for(
    key: &str,
    value: &(impl Serialize + ?Sized),
    ttl: Duration,
) -> Result<Revision, CallError> {
    let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
    engine::kv_set(key, &encode(value)?, Some(ttl_ms)).map(Revision)
}

/// Writes a key only if it does not exist.
///
/// # Errors
/// [`CallError::Conflict`] if it exists; else as [`set`].
pub fn create(key: &str, value: &(impl Serialize + ?Sized)) -> Result<Revision, CallError> {
    engine::kv_compare_and_set(key, None, &encode(value)?).map(Revision)
}

/// Writes a key only if nobody has written it since `revision`.
///
/// # Errors
/// [`CallError::Conflict`] if somebody has; else as [`set`].
pub fn replace(
    key: &str,
    revision: Revision,
    value: &(impl Serialize + ?Sized),
) -> Result<Revision, CallError> {
    engine::kv_compare_and_set(key, Some(revision.0), &encode(value)?).map(Revision)
}

/// Removes a key and returns whether it existed.
///
/// # Errors
/// If the grant is missing.
pub fn delete(key: &str) -> Result<bool, CallError> {
    engine::kv_delete(key)
}

/// Returns the keys that begin with `prefix`, in order, those after `after` only, at most `limit`
/// (up to 1000) of them. Fewer than `limit` means there are no more.
///
/// # Errors
/// If the grant is missing.
pub fn list(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, CallError> {
    engine::kv_list(prefix, after, limit)
}

fn encode(value: &(impl Serialize + ?Sized)) -> Result<String, CallError> {
    serde_json::to_string(value).map_err(|error| CallError::Invalid(error.to_string()))
}

/// Reads a stored value as the type that the action wants.
pub(crate) fn decode<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, CallError> {
    serde_json::from_str(text).map_err(|error| CallError::Type(format!("`{what}`: {error}")))
}

/// Turns "there is none" into nothing.
pub(crate) fn optional<T>(result: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(CallError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn values_are_typed() {
        assert_eq!(get::<u32>("n"), Ok(None));
        set("n", &7).unwrap();
        assert_eq!(get::<u32>("n"), Ok(Some(7)));
        assert!(matches!(get::<String>("n"), Err(CallError::Type(_))));
        assert_eq!(delete("n"), Ok(true));
        assert_eq!(delete("n"), Ok(false));
    }

    #[test]
    fn writes_that_lost_the_race_conflict() {
        let first = create("n", &1).unwrap();
        assert_eq!(create("n", &2), Err(CallError::Conflict));
        let second = replace("n", first, &2).unwrap();
        assert_eq!(replace("n", first, &3), Err(CallError::Conflict));
        delete("n").unwrap();
        assert_eq!(replace("n", second, &3), Err(CallError::Conflict));
        assert_ne!(create("n", &4).unwrap(), first);
    }

    #[test]
    fn keys_are_listed_in_pages() {
        for key in ["a.1", "a.2", "a.3", "b.1"] {
            set(key, &0).unwrap();
        }
        assert_eq!(list("a.", None, 2).unwrap(), ["a.1", "a.2"]);
        assert_eq!(list("a.", Some("a.2"), 2).unwrap(), ["a.3"]);
    }

    #[test]
    fn bad_keys_and_missing_grants_are_errors() {
        assert!(matches!(set("no spaces", &1), Err(CallError::Invalid(_))));
        set_for("gone", &1, Duration::ZERO).unwrap();
        assert_eq!(get::<u8>("gone"), Ok(None));
        testing::deny("kv");
        assert!(matches!(get::<u8>("n"), Err(CallError::Denied(_))));
    }
}
