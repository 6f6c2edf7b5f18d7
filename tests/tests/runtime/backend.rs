//! A backend in memory: the kv store of one pack, and the grants of every action.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use attune_core::Value;
use attune_host_api::{Backend, BackendError, Entry, Granted, KvPage, KvWrite};

/// The state of it.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    grants: Mutex<Value>,
    kv: Mutex<BTreeMap<String, Entry>>,
}

impl Memory {
    /// Grants every action the same.
    pub(crate) fn grant(&self, grants: &Value) {
        *self.grants.lock().unwrap() = grants.clone();
    }

    /// Sets a key, to JSON text.
    pub(crate) fn put(&self, key: &str, json: &str) {
        let value = Value::from_json(json.as_bytes()).unwrap();
        let entry = Entry { value, revision: 1 };
        self.kv.lock().unwrap().insert(key.to_owned(), entry);
    }
}

#[async_trait]
impl Backend for Memory {
    async fn granted(&self, _: &str, _: u32) -> Result<Granted, BackendError> {
        let grants = self.grants.lock().unwrap().clone();
        Ok(Granted {
            grants,
            manifest: Value::Null,
        })
    }

    async fn kv_get(&self, _: &str, key: &str) -> Result<Option<Entry>, BackendError> {
        Ok(self.kv.lock().unwrap().get(key).cloned())
    }

    async fn kv_set(
        &self,
        _: &str,
        key: &str,
        value: Value,
        write: KvWrite,
    ) -> Result<u64, BackendError> {
        let mut kv = self.kv.lock().unwrap();
        let before = kv.get(key).map_or(0, |entry| entry.revision);
        if write.expected.is_some_and(|expected| expected != before) {
            return Err(BackendError::Conflict);
        }
        let revision = before + 1;
        kv.insert(key.to_owned(), Entry { value, revision });
        Ok(revision)
    }

    async fn kv_delete(&self, _: &str, key: &str) -> Result<bool, BackendError> {
        Ok(self.kv.lock().unwrap().remove(key).is_some())
    }

    async fn kv_list(&self, _: &str, page: KvPage<'_>) -> Result<Vec<String>, BackendError> {
        let kv = self.kv.lock().unwrap();
        let wanted = |key: &&String| {
            key.starts_with(page.prefix) && page.after.is_none_or(|after| key.as_str() > after)
        };
        Ok(kv.keys().filter(wanted).take(page.limit).cloned().collect())
    }

    async fn secret(&self, _: &str, _: &str) -> Result<Option<String>, BackendError> {
        Ok(None)
    }
}
