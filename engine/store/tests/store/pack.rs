//! Packs as a whole: entries that go by themselves, and packs that are removed with all they have.

use attune_core::{Millis, Timestamp, Value};
use attune_driver::port::{Catalog, CatalogError, KvWrite};
use attune_store::Store;

use crate::catalog::{put, put_component};
use crate::sample::open;

/// Far from now, in either direction.
const PAST: Timestamp = Timestamp(1);
const FUTURE: Timestamp = Timestamp(4_000_000_000_000);

async fn put_kv(store: &Store, key: &str, value: i64, expires: Option<Timestamp>) -> u64 {
    let write = KvWrite {
        expected: None,
        expires,
    };
    let entry = store.put_kv("demo", key, Value::Int(value), write).await;
    entry.unwrap().version
}

async fn keys(store: &Store) -> Vec<String> {
    let keys = store.kv_keys("demo", None, 9).await.unwrap();
    keys.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn entries_go_when_their_time_is_over() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    put_kv(&store, "gone", 1, Some(PAST)).await;
    put_kv(&store, "later", 1, Some(FUTURE)).await;
    put_kv(&store, "stays", 1, None).await;
    // Written again without an end: the earlier one no longer counts.
    put_kv(&store, "kept", 1, Some(PAST)).await;
    put_kv(&store, "kept", 2, None).await;
    assert_eq!(store.kv("demo", "gone").await.unwrap(), None);
    assert_eq!(keys(&store).await, ["kept", "later", "stays"]);
    let absent = KvWrite {
        expected: Some(0),
        expires: Some(PAST),
    };
    let again = store.put_kv("demo", "gone", Value::Int(2), absent).await;
    let again = again.expect("an expired entry is no entry");
    assert_eq!(again.version, 2);
    let swept = store.remove_old(PAST, Millis(0)).await.unwrap();
    assert_eq!(swept.kv, 1);
    let anew = put_kv(&store, "gone", 3, Some(PAST)).await;
    assert_eq!(anew, 3, "versions rise over the end of an entry");
    let swept = store.remove_old(PAST, Millis(0)).await.unwrap();
    assert_eq!(swept.kv, 1);
    let swept = store.remove_old(PAST, Millis(0)).await.unwrap();
    assert_eq!(swept.kv, 0);
    assert_eq!(keys(&store).await, ["kept", "later", "stays"]);
    let swept = store.remove_old(FUTURE, Millis(0)).await.unwrap();
    assert_eq!(swept.kv, 1);
    assert_eq!(keys(&store).await, ["kept", "stays"]);
}

#[tokio::test]
async fn a_pack_is_removed_with_all_it_has_unless_others_use_it() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    put_component(&store, "component", true).await;
    let reference = store.actions(None, 9).await.unwrap()[0].reference.clone();
    let pack = reference.split('.').next().unwrap().to_owned();
    put(&store, "other.w", "uses it").await;
    let mut user = store.workflow("other.w", None).await.unwrap().unwrap();
    user.uses = vec![format!("{reference}@1").into()];
    user.digest = attune_core::Digest::of(b"another");
    store
        .put_workflow(user, "another".into(), false, None)
        .await
        .unwrap();
    let write = KvWrite::default();
    store
        .put_kv(&pack, "k", Value::Int(1), write)
        .await
        .unwrap();
    store
        .put_secret(&pack, "s", Value::from("x"))
        .await
        .unwrap();
    let refused = store.remove_pack(&pack, false).await.unwrap_err();
    assert!(
        matches!(&refused, CatalogError::InUse { users, .. } if users == &["other.w"]),
        "{refused}"
    );
    assert!(store.pack(&pack).await.unwrap().is_some());
    store.remove_pack(&pack, true).await.unwrap();
    assert!(store.pack(&pack).await.unwrap().is_none());
    assert_eq!(store.action(&reference, None).await.unwrap(), None);
    assert_eq!(store.kv(&pack, "k").await.unwrap(), None);
    assert!(store.secrets(&pack).await.unwrap().is_empty());
    assert!(store.workflow("other.w", None).await.unwrap().is_some());
    let anew = store.put_kv(&pack, "k", Value::Int(1), write).await;
    assert_eq!(anew.unwrap().version, 2, "versions outlive the pack");
    store.remove_kv(&pack, "k").await.unwrap();
    let unknown = store.remove_pack(&pack, true).await.unwrap_err();
    assert!(matches!(unknown, CatalogError::NotFound(_)), "{unknown}");
}
