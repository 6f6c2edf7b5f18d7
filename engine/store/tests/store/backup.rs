//! Backups are whole, taken while the store works, and refused when damaged.

use std::path::Path;

use attune_core::{RunId, Value};
use attune_driver::port::{Catalog, KvWrite, Store as _, Views};
use attune_store::{BackupError, OpenError, restore};

use crate::machine::{Machine, WORKFLOW};
use crate::sample::{birth, numbered, open, step};

async fn fill(directory: &Path) -> attune_store::Store {
    let store = open(directory);
    let mut run = Machine::start(&store, 1, WORKFLOW).await;
    run.wake();
    run.answer();
    Machine::start(&store, 2, WORKFLOW).await.durable().await;
    let secret = Value::text("hush");
    store.put_secret("demo", "key", secret).await.unwrap();
    store
        .put_kv("demo", "n", Value::Int(7), KvWrite::default())
        .await
        .unwrap();
    store.reserve_ids(3).await.unwrap();
    store
}

#[tokio::test]
async fn a_restored_store_has_all_and_gives_no_id_twice() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = fill(from.path()).await;
    let file = to.path().join("backup");
    let size = store.backup(std::fs::File::create(&file).unwrap()).unwrap();
    assert_eq!(size, std::fs::metadata(&file).unwrap().len());
    // What comes later is not in it.
    store.append(birth(9)).unwrap();
    let given = store.reserve_ids(10_000).await.unwrap() + 10_000;
    drop(store);

    let target = to.path().join("data");
    restore(&file, &target).unwrap();
    let refused = attune_store::Store::open(&target, Default::default());
    assert!(matches!(refused, Err(OpenError::NoKey(_))));
    std::fs::copy(from.path().join("secret.key"), target.join("secret.key")).unwrap();
    let store = open(&target);
    assert_eq!(store.check().unwrap().problems, []);
    assert_eq!(
        store
            .runs(&Default::default(), None, 9)
            .await
            .unwrap()
            .len(),
        2
    );
    let secret = store.secret("demo", "key").await.unwrap();
    assert_eq!(secret, Some(Value::text("hush")));
    assert_eq!(
        store.kv("demo", "n").await.unwrap().unwrap().value,
        Value::Int(7)
    );
    assert!(store.reserve_ids(1).await.unwrap() >= given);
    let loaded = store.load(RunId(1)).await.unwrap().unwrap();
    assert!(loaded.snapshot.is_some());
    assert!(
        matches!(restore(&file, &target), Err(BackupError::Store(_))),
        "in use"
    );
    drop(store);
    assert!(matches!(
        restore(&file, &target),
        Err(BackupError::Exists(_))
    ));
}

/// Appends to the store while the backup is being written.
struct Meddler<'a> {
    store: &'a attune_store::Store,
    next: u64,
    backup: Vec<u8>,
}

impl std::io::Write for Meddler<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.store
            .append(step(7, self.next, vec![numbered(self.next)]))
            .unwrap();
        self.next += 1;
        self.backup.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_backup_is_of_one_moment() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(from.path());
    store.append(birth(7)).unwrap();
    let events = (1..60_000).map(numbered).collect();
    let position = store.append(step(7, 1, events)).unwrap();
    store.durable(position).await.unwrap();
    let mut meddler = Meddler {
        store: &store,
        next: 60_000,
        backup: Vec::new(),
    };
    store.backup(&mut meddler).unwrap();
    assert!(meddler.next > 20_001, "it came in several writes");
    let file = to.path().join("backup");
    std::fs::write(&file, meddler.backup).unwrap();
    let target = to.path().join("data");
    restore(&file, &target).unwrap();
    std::fs::copy(from.path().join("secret.key"), target.join("secret.key")).unwrap();
    let events = open(&target).events(RunId(7), 0, 99_999).await.unwrap();
    assert_eq!(events.len(), 60_000);
}

#[tokio::test]
async fn damaged_backups_leave_nothing() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut backup = Vec::new();
    fill(from.path()).await.backup(&mut backup).unwrap();
    let file = to.path().join("backup");
    let target = to.path().join("data");
    let check = |bytes: &[u8], what: &str| {
        std::fs::write(&file, bytes).unwrap();
        let refused = restore(&file, &target);
        assert!(
            matches!(refused, Err(BackupError::Damaged(_))),
            "{what}: {refused:?}"
        );
        assert!(!target.join("attune.redb").exists());
    };
    check(&[], "empty");
    check(
        b"not a backup, but long enough to be looked at all the same",
        "foreign",
    );
    check(&backup[..backup.len() - 1], "cut");
    for place in (0..backup.len()).step_by(backup.len() / 50) {
        let mut flipped = backup.clone();
        flipped[place] ^= 4;
        check(&flipped, "flipped");
    }
}

#[tokio::test]
async fn compacting_gives_pages_back() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for large in 0..40_u64 {
        let mut bytes = vec![0; 1 << 20];
        bytes[..8].copy_from_slice(&large.to_le_bytes());
        store.put_content(bytes.into()).await.unwrap();
    }
    let later = attune_core::Timestamp(u64::MAX >> 1);
    let removed = store
        .remove_old(later, attune_core::Millis(0))
        .await
        .unwrap();
    assert_eq!(removed.contents, 40);
    drop(store);
    let (before, after) = attune_store::compact(directory.path(), Default::default()).unwrap();
    assert!(after < before, "{before} {after}");
    open(directory.path());
}
