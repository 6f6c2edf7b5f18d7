//! The configuration of the action's pack. Needs the grant `config: true`.

use serde::de::DeserializeOwned;

use crate::error::CallError;
use crate::{engine, kv};

/// Returns the value of one top-level key, or nothing if it is not set.
///
/// # Errors
/// If the grant is missing, or the value has another type.
pub fn get<T: DeserializeOwned>(key: &str) -> Result<Option<T>, CallError> {
    kv::optional(engine::config_get(key))?
        .map(|text| kv::decode(key, &text))
        .transpose()
}

/// Returns the whole configuration.
///
/// # Errors
/// If the grant is missing, or the configuration has another type.
pub fn all<T: DeserializeOwned>() -> Result<T, CallError> {
    kv::decode("the configuration", &engine::config_all()?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing;

    #[test]
    fn keys_are_typed_and_optional() {
        testing::set_config(json!({"region": "eu", "size": 3}));
        assert_eq!(get::<String>("region"), Ok(Some("eu".into())));
        assert_eq!(get::<String>("zone"), Ok(None));
        assert!(matches!(get::<String>("size"), Err(CallError::Type(_))));
        assert_eq!(all::<Value>().unwrap()["size"], 3);
    }

    #[test]
    fn a_missing_grant_is_an_error() {
        testing::deny("config");
        assert!(matches!(get::<u8>("size"), Err(CallError::Denied(_))));
    }
}
