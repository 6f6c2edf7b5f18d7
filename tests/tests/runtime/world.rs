//! What actions reach in these tests: a kv store and secrets in memory, and the grants of the
//! test at hand.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use attune_core::Value;
use attune_host_api::{Backend, BackendError, Entry, Granted, KvPage, KvWrite};

/// The store of one pack, in memory.
#[derive(Default)]
pub(crate) struct World {
    granted: Granted,
    entries: Mutex<BTreeMap<String, Entry>>,
}

impl World {
    /// Makes a world in which every action has the grants and limits of `manifest`.
    pub(crate) fn new(manifest: &str) -> Self {
        let manifest = Value::from_json(manifest.as_bytes()).unwrap();
        Self {
            granted: Granted {
                grants: manifest.get("grants").cloned().unwrap_or_default(),
                manifest,
            },
            entries: Mutex::default(),
        }
    }

    /// Sets a key.
    pub(crate) fn put(&self, key: &str, value: Value) {
        let entry = Entry { value, revision: 1 };
        self.entries.lock().unwrap().insert(key.to_owned(), entry);
    }
}

#[async_trait]
impl Backend for World {
    async fn granted(&self, _: &str, _: u32) -> Result<Granted, BackendError> {
        Ok(self.granted.clone())
    }

    async fn kv_get(&self, _: &str, key: &str) -> Result<Option<Entry>, BackendError> {
        Ok(self.entries.lock().unwrap().get(key).cloned())
    }

    async fn kv_set(
        &self,
        _: &str,
        key: &str,
        value: Value,
        write: KvWrite,
    ) -> Result<u64, BackendError> {
        let mut entries = self.entries.lock().unwrap();
        let now = entries.get(key).map_or(0, |entry| entry.revision);
        if write.expected.is_some_and(|expected| expected != now) {
            return Err(BackendError::Conflict);
        }
        let revision = now + 1;
        entries.insert(key.to_owned(), Entry { value, revision });
        Ok(revision)
    }

    async fn kv_delete(&self, _: &str, key: &str) -> Result<bool, BackendError> {
        Ok(self.entries.lock().unwrap().remove(key).is_some())
    }

    async fn kv_list(&self, _: &str, page: KvPage<'_>) -> Result<Vec<String>, BackendError> {
        let entries = self.entries.lock().unwrap();
        let wanted = |key: &&String| {
            key.starts_with(page.prefix) && page.after.is_none_or(|after| key.as_str() > after)
        };
        let keys = entries.keys().filter(wanted).take(page.limit);
        Ok(keys.cloned().collect())
    }

    async fn secret(&self, _: &str, name: &str) -> Result<Option<String>, BackendError> {
        Ok((name == "pay").then(|| "hunter2".to_owned()))
    }
}
