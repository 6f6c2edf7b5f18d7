//! `attune:action/kv`: the pack's durable store. Reading needs `kv: read`, writing `kv: write`.
//!
//! A write is on disk when the call returns.

use attune_core::Value;

use crate::backend::{BackendError, KvPage, KvWrite};
use crate::bindings::attune::action::kv::{Entry, Error, Host};
use crate::grants::KvGrant;
use crate::state::HostState;

/// The longest key.
const MAX_KEY_BYTES: usize = 256;

/// The largest value: the store takes no larger one.
const MAX_VALUE_BYTES: usize = 64 << 10;

/// The most keys that one call lists.
const MAX_LIST: u32 = 1000;

impl Host for HostState {
    async fn get(&mut self, key: String) -> Result<Entry, Error> {
        self.allow_kv(KvGrant::Read)?;
        check_key(&key)?;
        let found = self.backend.kv_get(&self.subject.pack, &key).await?;
        let entry = found.ok_or(Error::NotFound)?;
        Ok(Entry {
            value: entry.value.to_revealed_json(),
            revision: entry.revision,
        })
    }

    async fn set(&mut self, key: String, value: String, ttl_ms: Option<u64>) -> Result<u64, Error> {
        let write = KvWrite {
            expected: None,
            ttl_ms,
        };
        self.write(&key, &value, write).await
    }

    async fn compare_and_set(
        &mut self,
        key: String,
        expected: Option<u64>,
        value: String,
        ttl_ms: Option<u64>,
    ) -> Result<u64, Error> {
        let write = KvWrite {
            expected: Some(expected.unwrap_or(0)),
            ttl_ms,
        };
        self.write(&key, &value, write).await
    }

    async fn delete(&mut self, key: String) -> Result<bool, Error> {
        self.allow_kv(KvGrant::Write)?;
        check_key(&key)?;
        Ok(self.backend.kv_delete(&self.subject.pack, &key).await?)
    }

    async fn list_keys(
        &mut self,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<String>, Error> {
        self.allow_kv(KvGrant::Read)?;
        let page = KvPage {
            prefix: &prefix,
            after: after.as_deref(),
            limit: limit.min(MAX_LIST) as usize,
        };
        Ok(self.backend.kv_list(&self.subject.pack, page).await?)
    }
}

impl HostState {
    async fn write(&self, key: &str, value: &str, write: KvWrite) -> Result<u64, Error> {
        self.allow_kv(KvGrant::Write)?;
        check_key(key)?;
        if value.len() > MAX_VALUE_BYTES {
            return Err(Error::TooLarge(format!(
                "a value may have at most {MAX_VALUE_BYTES} bytes, this one has {}",
                value.len()
            )));
        }
        let value = Value::from_json(value.as_bytes()).map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            Error::InvalidValue(cause.unwrap_or_else(|| error.to_string()))
        })?;
        let pack = &self.subject.pack;
        Ok(self.backend.kv_set(pack, key, value, write).await?)
    }

    fn allow_kv(&self, wanted: KvGrant) -> Result<(), Error> {
        if self.grants.kv >= wanted {
            return Ok(());
        }
        Err(Error::Denied(match wanted {
            KvGrant::Write => "writing kv needs the grant `kv: write`".to_owned(),
            KvGrant::Read | KvGrant::None => "reading kv needs the grant `kv: read`".to_owned(),
        }))
    }
}

/// Checks that `key` is of the form that the store and the API's paths take.
fn check_key(key: &str) -> Result<(), Error> {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-');
    let problem = if key.is_empty() {
        "the key is empty".to_owned()
    } else if key.len() > MAX_KEY_BYTES {
        format!("the key has more than {MAX_KEY_BYTES} bytes")
    } else if key == "." || key == ".." {
        format!("the key may not be `{key}`")
    } else if let Some(c) = key.chars().find(|c| !valid(*c)) {
        format!("the key may not contain `{}`", c.escape_default())
    } else {
        return Ok(());
    };
    Err(Error::InvalidKey(problem))
}

impl From<BackendError> for Error {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::Conflict => Self::Conflict,
            BackendError::TooLarge(text) => Self::TooLarge(text),
            BackendError::Failed(text) => Self::Other(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_checked() {
        for (key, valid) in [
            ("a", true),
            ("a.b:c_d-9", true),
            ("", false),
            (".", false),
            ("..", false),
            ("a/b", false),
            ("é", false),
            (&"a".repeat(257), false),
        ] {
            assert_eq!(check_key(key).is_ok(), valid, "{key}");
        }
    }
}
