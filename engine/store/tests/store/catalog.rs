//! Packs, actions, workflows, tokens, kv and secrets.

use attune_core::pin::{AttemptLimits, Invocation};
use attune_core::{Digest, Timestamp, Value};
use attune_driver::port::{
    ActionRecord, Artifacts, Catalog, CatalogError, KvWrite, Put, Role, Store as _, TokenRecord,
    WorkflowRecord,
};
use attune_store::Store;
use bytes::Bytes;

use crate::sample::open;

fn workflow(reference: &str, source: &str) -> WorkflowRecord {
    WorkflowRecord {
        reference: reference.into(),
        revision: 0,
        digest: Digest::of(source.as_bytes()),
        version: None,
        label: None,
        description: None,
        tags: Vec::new(),
        enabled: true,
        uses: vec!["demo.greet@1".into(), "core.echo".into()],
        created: Timestamp(0),
        updated: Timestamp(source.len() as u64),
    }
}

fn action(reference: &str, component: &str, approved: bool) -> ActionRecord {
    ActionRecord {
        reference: reference.into(),
        revision: 0,
        digest: Digest::of(component.as_bytes()),
        content: Digest::of(component.as_bytes()),
        invocation: Invocation::Handler,
        pure: true,
        cacheable: true,
        limits: AttemptLimits::default(),
        parameters: Value::Null,
        output: Value::Null,
        summary: None,
        description: None,
        exports: Vec::new(),
        imports: Vec::new(),
        manifest: Value::Null,
        grants: Value::Null,
        approved,
        size_bytes: component.len() as u64,
        builtin: false,
        created: Timestamp(0),
        updated: Timestamp(component.len() as u64),
    }
}

pub(crate) async fn put(
    store: &Store,
    reference: &str,
    source: &'static str,
) -> Put<WorkflowRecord> {
    let record = workflow(reference, source);
    let put = store.put_workflow(record, Bytes::from(source), false, None);
    put.await.unwrap()
}

pub(crate) async fn put_component(store: &Store, component: &'static str, approved: bool) -> u32 {
    let record = action("demo.greet", component, approved);
    match store
        .put_action(record, Bytes::from(component))
        .await
        .unwrap()
    {
        Put::Created(record) | Put::Updated(record) | Put::Unchanged(record) => record.revision,
    }
}

#[tokio::test]
async fn workflows_have_numbered_revisions() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let Put::Created(first) = put(&store, "demo.a", "one").await else {
        panic!("it is new");
    };
    assert_eq!((first.revision, first.created), (1, Timestamp(3)));
    let Put::Updated(second) = put(&store, "demo.a", "second").await else {
        panic!("it is another one");
    };
    assert_eq!((second.revision, second.created), (2, Timestamp(3)));
    let same = put(&store, "demo.a", "second").await;
    assert_eq!(same, Put::Unchanged(second.clone()));
    assert_eq!(
        store.workflow("demo.a", None).await.unwrap(),
        Some(second.clone())
    );
    assert_eq!(
        store.workflow("demo.a", Some(1)).await.unwrap(),
        Some(first.clone())
    );
    assert_eq!(store.workflow("demo.a", Some(3)).await.unwrap(), None);
    assert_eq!(
        store.workflow_versions("demo.a").await.unwrap(),
        [second.clone(), first]
    );
    let source = store.content(second.digest).await.unwrap();
    assert_eq!(source.as_deref(), Some(&b"second"[..]));
    assert_eq!(store.blob(second.digest).await.unwrap(), source);
    assert_eq!(
        store.pack("demo").await.unwrap().unwrap().created,
        Timestamp(3)
    );
    drop(store);
    let store = open(directory.path());
    assert_eq!(store.workflow("demo.a", None).await.unwrap(), Some(second));
}

#[tokio::test]
async fn conditions_of_a_put_hold() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let put_if = async |source: &'static str, only_new, if_match: Option<&str>| {
        let if_match = if_match.map(|source| Digest::of(source.as_bytes()));
        let record = workflow("demo.a", source);
        let put = store.put_workflow(record, Bytes::from(source), only_new, if_match);
        put.await
    };
    assert!(matches!(
        put_if("1", false, Some("0")).await,
        Err(CatalogError::Changed(_))
    ));
    assert!(matches!(put_if("1", true, None).await, Ok(Put::Created(_))));
    assert!(matches!(
        put_if("1", true, None).await,
        Err(CatalogError::Exists(_))
    ));
    assert!(matches!(
        put_if("2", false, Some("0")).await,
        Err(CatalogError::Changed(_))
    ));
    assert!(matches!(
        put_if("2", false, Some("1")).await,
        Ok(Put::Updated(_))
    ));
}

#[tokio::test]
async fn lists_have_the_newest_revisions_by_ref() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for (reference, source) in [
        ("demo.c", "1"),
        ("demo.a", "2"),
        ("demo.b", "3"),
        ("demo.a", "4"),
    ] {
        put(&store, reference, source).await;
    }
    store.remove_workflow("demo.b").await.unwrap();
    let listed = async |after, limit| {
        let records = store.workflows(after, limit).await.unwrap();
        let names = records
            .iter()
            .map(|r| format!("{}@{}", r.reference, r.revision));
        names.collect::<Vec<_>>()
    };
    assert_eq!(listed(None, 9).await, ["demo.a@2", "demo.c@1"]);
    assert_eq!(listed(Some("demo.a"), 9).await, ["demo.c@1"]);
    assert_eq!(listed(None, 1).await, ["demo.a@2"]);
    assert!(store.actions(None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn numbers_are_not_used_again_after_a_removal() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    put(&store, "demo.a", "1").await;
    put(&store, "demo.a", "2").await;
    store.remove_workflow("demo.a").await.unwrap();
    assert!(matches!(
        store.remove_workflow("demo.a").await,
        Err(CatalogError::NotFound(_))
    ));
    assert_eq!(store.workflow("demo.a", None).await.unwrap(), None);
    assert_eq!(store.workflow("demo.a", Some(1)).await.unwrap(), None);
    assert!(matches!(put(&store, "demo.a", "2").await, Put::Created(r) if r.revision == 3));
}

#[tokio::test]
async fn disabling_holds_for_every_revision() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    put(&store, "demo.a", "1").await;
    put(&store, "demo.a", "2").await;
    assert!(
        !store
            .enable_workflow("demo.a", false)
            .await
            .unwrap()
            .enabled
    );
    for revision in [None, Some(1), Some(2)] {
        let record = store.workflow("demo.a", revision).await.unwrap().unwrap();
        assert!(!record.enabled, "{revision:?}");
    }
    assert!(store.enable_workflow("demo.a", true).await.unwrap().enabled);
    assert!(matches!(
        store.enable_workflow("demo.x", true).await,
        Err(CatalogError::NotFound(_))
    ));
}

#[tokio::test]
async fn the_newest_approved_action_is_used() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    assert_eq!(put_component(&store, "one", true).await, 1);
    assert_eq!(put_component(&store, "two", false).await, 2);
    assert_eq!(put_component(&store, "two", true).await, 2, "nothing new");
    let used = async |revision| {
        let record = store.action("demo.greet", revision).await.unwrap();
        record.map(|record| record.revision)
    };
    assert_eq!(used(None).await, Some(1));
    assert_eq!(used(Some(2)).await, Some(2));
    assert_eq!(store.actions(None, 9).await.unwrap()[0].revision, 2);
    assert!(
        store
            .approve_action("demo.greet", 2)
            .await
            .unwrap()
            .approved
    );
    assert_eq!(used(None).await, Some(2));
    assert_eq!(store.action_versions("demo.greet").await.unwrap().len(), 2);
    assert!(matches!(
        store.approve_action("demo.greet", 9).await,
        Err(CatalogError::NotFound(_))
    ));
}

#[tokio::test]
async fn actions_in_use_are_kept_unless_forced() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    put_component(&store, "one", true).await;
    put(&store, "demo.a", "1").await;
    put(&store, "demo.b", "2").await;
    store.remove_workflow("demo.b").await.unwrap();
    let refused = store.remove_action("demo.greet", false).await.unwrap_err();
    assert_eq!(refused.to_string(), "`demo.greet` is used by demo.a");
    store.remove_action("demo.greet", true).await.unwrap();
    assert_eq!(store.action("demo.greet", None).await.unwrap(), None);
    let blob = store.content(Digest::of(b"one")).await.unwrap();
    assert!(blob.is_some(), "runs may be pinned to it");
}

#[tokio::test]
async fn tokens_are_found_by_hash_and_removed_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let token = |name: &str, hash| TokenRecord {
        hash: Digest([hash; 32]),
        name: name.into(),
        role: Role::Run,
        packs: Vec::new(),
        expires: None,
        created: Timestamp(1),
    };
    store.put_token(token("b", 1)).await.unwrap();
    store.put_token(token("a", 2)).await.unwrap();
    store.put_token(token("b", 3)).await.unwrap();
    assert_eq!(
        store.tokens().await.unwrap(),
        [token("a", 2), token("b", 3)]
    );
    assert_eq!(store.token(Digest([1; 32])).await.unwrap(), None);
    assert_eq!(
        store.token(Digest([3; 32])).await.unwrap(),
        Some(token("b", 3))
    );
    assert!(store.remove_token("a").await.unwrap());
    assert!(!store.remove_token("a").await.unwrap());
}

/// A write with a condition.
fn when(expected: Option<u64>) -> KvWrite {
    KvWrite {
        expected,
        expires: None,
    }
}

#[tokio::test]
async fn kv_is_compared_and_set() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let put = async |key, value: i64, expected| {
        let entry = store
            .put_kv("demo", key, Value::Int(value), when(expected))
            .await;
        entry.map(|entry| entry.version)
    };
    assert_eq!(put("a", 1, Some(0)).await.unwrap(), 1);
    assert!(matches!(
        put("a", 2, Some(0)).await,
        Err(CatalogError::Changed(_))
    ));
    assert!(matches!(
        put("b", 2, Some(1)).await,
        Err(CatalogError::Changed(_))
    ));
    assert_eq!(put("a", 2, Some(1)).await.unwrap(), 2);
    assert_eq!(put("a", 3, None).await.unwrap(), 3);
    assert_eq!(put("b", 4, None).await.unwrap(), 1);
    store
        .put_kv("other", "c", Value::Null, KvWrite::default())
        .await
        .unwrap();
    let entry = store.kv("demo", "a").await.unwrap().unwrap();
    assert_eq!((entry.value, entry.version), (Value::Int(3), 3));
    let keys = store.kv_keys("demo", None, 9).await.unwrap();
    assert_eq!(keys, ["a".into(), "b".into()]);
    assert_eq!(
        store.kv_keys("demo", Some("a"), 9).await.unwrap(),
        ["b".into()]
    );
    assert!(store.remove_kv("demo", "a").await.unwrap());
    assert!(!store.remove_kv("demo", "a").await.unwrap());
    assert_eq!(store.kv("demo", "a").await.unwrap(), None);
    // Who remembers the former entry must not take the new one for it.
    assert_eq!(put("a", 5, Some(0)).await.unwrap(), 4);
    assert!(matches!(
        put("a", 6, Some(3)).await,
        Err(CatalogError::Changed(_))
    ));
    assert_eq!(put("b", 6, Some(1)).await.unwrap(), 2, "rises by one");
    let large = Value::text("x".repeat(64 << 10));
    let refused = store
        .put_kv("demo", "d", large, KvWrite::default())
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a kv value has at most 65536 bytes as JSON"
    );
}

/// Adds one to an entry, `times` times, whatever others do to it.
async fn count_up(store: Store, times: usize) {
    let mut won = 0;
    while won < times {
        let entry = store.kv("demo", "n").await.unwrap();
        let version = entry.as_ref().map_or(0, |entry| entry.version);
        let count = entry.map_or(0, |entry| entry.value.as_i64().unwrap());
        let value = Value::Int(count + 1);
        match store.put_kv("demo", "n", value, when(Some(version))).await {
            Ok(_) => won += 1,
            Err(CatalogError::Changed(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn many_kv_writers_count_right() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut writers = tokio::task::JoinSet::new();
    for _writer in 0..20 {
        writers.spawn(count_up(store.clone(), 5));
    }
    while let Some(result) = writers.join_next().await {
        result.unwrap();
    }
    let entry = store.kv("demo", "n").await.unwrap().unwrap();
    assert_eq!(entry.value, Value::Int(100));
}

#[tokio::test]
async fn a_change_that_fails_spoils_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store
        .put_kv("demo", "bad", Value::Int(1), KvWrite::default())
        .await
        .unwrap();
    drop(store);
    let table = redb::TableDefinition::<(&str, &str), &[u8]>::new("kv");
    let database = redb::Database::open(directory.path().join("attune.redb")).unwrap();
    let tx = database.begin_write().unwrap();
    tx.open_table(table)
        .unwrap()
        .insert(("demo", "bad"), &b"\x63"[..])
        .unwrap();
    tx.commit().unwrap();
    drop(database);
    let store = open(directory.path());
    let position = store.append(crate::sample::birth(1)).unwrap();
    let (good, bad, other) = tokio::join!(
        store.put_kv("demo", "good", Value::Int(1), KvWrite::default()),
        store.put_kv("demo", "bad", Value::Int(2), KvWrite::default()),
        store.put_kv("demo", "other", Value::Int(3), KvWrite::default()),
    );
    let text = bad.unwrap_err().to_string();
    assert!(text.contains("kv entry `kv/demo/bad`"), "{text}");
    assert_eq!((good.unwrap().version, other.unwrap().version), (1, 1));
    store.durable(position).await.unwrap();
    assert!(store.kv("demo", "other").await.unwrap().is_some());
}

#[tokio::test]
async fn secrets_are_sealed_and_listed_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let secret = || Value::text("hush-hush-hush");
    assert!(store.put_secret("demo", "b", secret()).await.unwrap());
    assert!(!store.put_secret("demo", "b", secret()).await.unwrap());
    assert!(store.put_secret("demo", "a", secret()).await.unwrap());
    assert_eq!(
        store.secrets("demo").await.unwrap(),
        ["a".into(), "b".into()]
    );
    assert_eq!(store.secret("demo", "b").await.unwrap(), Some(secret()));
    assert_eq!(store.secret("other", "b").await.unwrap(), None);
    assert!(store.remove_secret("demo", "a").await.unwrap());
    store
        .put_kv("demo", "k", secret().secret(), KvWrite::default())
        .await
        .unwrap();
    assert_eq!(
        store.kv("demo", "k").await.unwrap().unwrap().value,
        secret().secret()
    );
    drop(store);
    let bytes = std::fs::read(directory.path().join("attune.redb")).unwrap();
    assert!(!bytes.windows(14).any(|window| window == b"hush-hush-hush"));
}

#[tokio::test]
async fn the_generation_rises_with_what_may_be_kept() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut last = store.generation();
    let mut rose = |store: &Store| {
        let now = store.generation();
        let rose = now > last;
        last = now;
        rose
    };
    put(&store, "demo.a", "1").await;
    assert!(rose(&store));
    put_component(&store, "one", true).await;
    assert!(rose(&store));
    store.put_config("demo", Value::Int(1)).await.unwrap();
    assert!(rose(&store));
    store
        .put_kv("demo", "k", Value::Int(1), KvWrite::default())
        .await
        .unwrap();
    assert!(!rose(&store), "kv is never kept");
    assert_eq!(
        store.pack("demo").await.unwrap().unwrap().config,
        Value::Int(1)
    );
    assert_eq!(store.packs().await.unwrap().len(), 1);
}
