//! `kv` on the engine's real store: what was written is there after a restart.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use attune_core::Value;
use attune_host_api::{Backend, BackendError, Entry, Granted, KvPage, KvWrite};
use attune_runtime::{CatalogBackend, Settings};
use attune_store::Store;

use crate::bench::{Bench, attempt, result};

/// The real store, with the grants of these tests.
struct Durable(CatalogBackend<Store>);

#[async_trait]
impl Backend for Durable {
    async fn granted(&self, _: &str, _: u32) -> Result<Granted, BackendError> {
        Ok(Granted {
            grants: Value::from_json(br#"{"kv":"write"}"#).unwrap(),
            manifest: Value::Null,
        })
    }

    async fn kv_get(&self, pack: &str, key: &str) -> Result<Option<Entry>, BackendError> {
        self.0.kv_get(pack, key).await
    }

    async fn kv_set(
        &self,
        pack: &str,
        key: &str,
        value: Value,
        write: KvWrite,
    ) -> Result<u64, BackendError> {
        self.0.kv_set(pack, key, value, write).await
    }

    async fn kv_delete(&self, pack: &str, key: &str) -> Result<bool, BackendError> {
        self.0.kv_delete(pack, key).await
    }

    async fn kv_list(&self, pack: &str, page: KvPage<'_>) -> Result<Vec<String>, BackendError> {
        self.0.kv_list(pack, page).await
    }

    async fn secret(&self, pack: &str, name: &str) -> Result<Option<String>, BackendError> {
        self.0.secret(pack, name).await
    }
}

fn open(path: &Path) -> (Store, Bench) {
    let store = Store::open(path, attune_store::Options::default()).unwrap();
    let backend = Durable(CatalogBackend::new(Arc::new(store.clone())));
    (store, Bench::within(Settings::default(), backend))
}

async fn call(bench: &Bench, input: &str) -> String {
    let guest = bench.guest("store", "null").await;
    result(&bench.run(attempt(&guest, input)).await)
}

#[tokio::test]
async fn what_was_written_survives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let (store, bench) = open(directory.path());
    for key in ["a.1", "a.2", "b"] {
        let input = format!(r#"{{"call":"set","key":"{key}","value":{{"n":1}}}}"#);
        assert_eq!(call(&bench, &input).await, "true");
    }
    drop(bench);
    tokio::task::spawn_blocking(move || store.close())
        .await
        .unwrap();
    let (_store, bench) = open(directory.path());
    assert_eq!(
        call(&bench, r#"{"call":"get","key":"a.2"}"#).await,
        r#"{"n":1}"#
    );
    let list = r#"{"call":"list","prefix":"a.","limit":10}"#;
    assert_eq!(call(&bench, list).await, r#"["a.1","a.2"]"#);
}

#[tokio::test]
async fn entry_goes_after_its_time() {
    let directory = tempfile::tempdir().unwrap();
    let (_store, bench) = open(directory.path());
    let set = r#"{"call":"set","key":"k","value":1,"ttl_ms":1}"#;
    assert_eq!(call(&bench, set).await, "true");
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(call(&bench, r#"{"call":"get","key":"k"}"#).await, "null");
    let list = r#"{"call":"list","prefix":"","limit":10}"#;
    assert_eq!(call(&bench, list).await, "[]");
    let create = r#"{"call":"create","key":"k","value":2}"#;
    assert_eq!(
        call(&bench, create).await,
        "true",
        "the place is free again"
    );
}

#[tokio::test]
async fn counting_at_the_same_time_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (_store, bench) = open(directory.path());
    let counter = bench.guest("counter", "null").await;
    let count = || bench.run(attempt(&counter, r#"{"key":"runs"}"#));
    let (a, b, c, d) = tokio::join!(count(), count(), count(), count());
    let mut counts = [a, b, c, d].map(|finished| result(&finished));
    counts.sort();
    assert_eq!(counts, ["1", "2", "3", "4"]);
}
