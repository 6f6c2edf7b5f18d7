//! What actions reach, over the catalog: kv, secrets, and the grants of a revision.

use std::sync::Arc;

use async_trait::async_trait;
use attune_core::{Millis, Value};
use attune_driver::port::{Catalog, CatalogError, Clock as _, KvWrite as Conditions, StoreError};
use attune_driver::system::SystemClock;
use attune_host_api::{Backend, BackendError, Entry, Granted, KvPage, KvWrite};

/// Keys that are read at once while those with a prefix are looked for.
const PAGE_KEYS: usize = 1000;

/// Pages that one list looks through: a prefix that nothing has must not read a whole store.
const MAX_PAGES: usize = 100;

/// A [`Backend`] over a [`Catalog`].
#[derive(Clone)]
pub struct CatalogBackend<C: ?Sized>(Arc<C>);

impl<C: Catalog + ?Sized> CatalogBackend<C> {
    /// Makes a backend.
    pub fn new(catalog: Arc<C>) -> Self {
        Self(catalog)
    }
}

impl<C: ?Sized> std::fmt::Debug for CatalogBackend<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CatalogBackend")
    }
}

fn failed(error: StoreError) -> BackendError {
    tracing::error!(%error, "the store failed under a host call");
    BackendError::Failed("the engine's store failed".into())
}

fn refused(error: CatalogError) -> BackendError {
    match error {
        CatalogError::Changed(_) | CatalogError::Exists(_) => BackendError::Conflict,
        CatalogError::Store(error) => failed(error),
        CatalogError::Limit(limit) => BackendError::TooLarge(limit.to_string()),
        CatalogError::NotFound(_) | CatalogError::InUse { .. } => {
            BackendError::Failed(error.to_string())
        }
    }
}

#[async_trait]
impl<C: Catalog + ?Sized> Backend for CatalogBackend<C> {
    async fn granted(&self, reference: &str, revision: u32) -> Result<Granted, BackendError> {
        let record = self.0.action(reference, Some(revision)).await;
        let record = record.map_err(failed)?;
        // A revision that was removed or never approved has nothing.
        let approved = record.filter(|record| record.approved);
        let granted = approved.map(|record| Granted {
            grants: record.grants,
            manifest: record.manifest,
        });
        Ok(granted.unwrap_or_default())
    }

    async fn kv_get(&self, pack: &str, key: &str) -> Result<Option<Entry>, BackendError> {
        let entry = self.0.kv(pack, key).await.map_err(failed)?;
        Ok(entry.map(|entry| Entry {
            value: entry.value,
            revision: entry.version,
        }))
    }

    async fn kv_set(
        &self,
        pack: &str,
        key: &str,
        value: Value,
        write: KvWrite,
    ) -> Result<u64, BackendError> {
        let now = SystemClock::default().now();
        let write = Conditions {
            expected: write.expected,
            expires: write.ttl_ms.map(|ttl| now.after(Millis(ttl))),
        };
        let put = self.0.put_kv(pack, key, value, write).await;
        put.map(|entry| entry.version).map_err(refused)
    }

    async fn kv_delete(&self, pack: &str, key: &str) -> Result<bool, BackendError> {
        self.0.remove_kv(pack, key).await.map_err(failed)
    }

    async fn kv_list(&self, pack: &str, page: KvPage<'_>) -> Result<Vec<String>, BackendError> {
        let mut found = Vec::new();
        let mut after: Option<Arc<str>> = page.after.map(Into::into);
        for _ in 0..MAX_PAGES {
            let keys = self.0.kv_keys(pack, after.as_deref(), PAGE_KEYS).await;
            let keys = keys.map_err(failed)?;
            let more = keys.len() == PAGE_KEYS;
            after = keys.last().cloned();
            let past = |key: &Arc<str>| !key.starts_with(page.prefix) && **key > *page.prefix;
            let done = keys.iter().any(past);
            found.extend(
                keys.iter()
                    .filter(|key| key.starts_with(page.prefix))
                    .map(ToString::to_string),
            );
            if done || !more || found.len() >= page.limit {
                break;
            }
        }
        found.truncate(page.limit);
        Ok(found)
    }

    async fn secret(&self, pack: &str, name: &str) -> Result<Option<String>, BackendError> {
        let secret = self.0.secret(pack, name).await.map_err(failed)?;
        Ok(secret.map(|value| match value.as_str() {
            Some(text) => text.to_owned(),
            None => value.to_revealed_json(),
        }))
    }
}
