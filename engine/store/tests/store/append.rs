//! Appends: order, durability, conflicts, grouping.

use attune_core::event::TimerId;
use attune_core::run::RunStatus;
use attune_core::{Digest, RunId, Timestamp};
use attune_driver::port::{
    AppendError, Due, Epoch, Idempotency, Position, Store as _, StoreError, TimerKind, Views,
};

use crate::sample::{birth, end, numbered, open, step};

#[tokio::test]
async fn durable_appends_are_read_back() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.append(birth(7)).unwrap();
    store
        .append(step(7, 1, vec![numbered(1), numbered(2)]))
        .unwrap();
    let position = store.append(step(7, 3, vec![numbered(3)])).unwrap();
    store.durable(position).await.unwrap();
    assert!(store.synced() >= position);
    let loaded = store.load(RunId(7)).await.unwrap().unwrap();
    assert!(loaded.snapshot.is_none());
    assert_eq!(loaded.events.len(), 4);
    assert_eq!(loaded.events[3], numbered(3));
    assert_eq!(loaded.definition, Digest::of(b"demo.hello"));
    assert!(store.load(RunId(8)).await.unwrap().is_none());
}

#[tokio::test]
async fn all_is_there_after_a_close() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.append(birth(7)).unwrap();
    // Nobody waits for this one; closing commits it.
    let position = store.append(end(7, 1, RunStatus::Completed)).unwrap();
    store.close();
    assert!(matches!(
        store.append(birth(8)),
        Err(AppendError::Store(StoreError::Closed))
    ));
    store.durable(position).await.unwrap();
    drop(store);
    let store = open(directory.path());
    let loaded = store.load(RunId(7)).await.unwrap().unwrap();
    assert_eq!(loaded.snapshot.map(|(seen, _)| seen), Some(2));
    assert!(loaded.events.is_empty(), "the machine has seen all");
    assert_eq!(store.events(RunId(7), 0, 9).await.unwrap().len(), 2);
    assert_eq!(store.live_count().await.unwrap(), 0);
}

#[tokio::test]
async fn only_the_expected_number_is_appended() {
    let directory = tempfile::tempdir().unwrap();
    let conflicts = |store: &attune_store::Store, run, expected| {
        matches!(
            store.append(step(run, expected, vec![numbered(expected)])),
            Err(AppendError::Conflict { run: RunId(of) }) if of == run
        )
    };
    let store = open(directory.path());
    assert!(conflicts(&store, 7, 1), "there is no such run yet");
    store.append(birth(7)).unwrap();
    assert!(matches!(
        store.append(birth(7)),
        Err(AppendError::Conflict { .. })
    ));
    assert!(conflicts(&store, 7, 2));
    store.append(step(7, 1, vec![numbered(1)])).unwrap();
    drop(store);
    let store = open(directory.path());
    for wrong in [0, 1, 3, u64::MAX / 2] {
        assert!(conflicts(&store, 7, wrong), "{wrong} after a restart");
    }
    assert!(conflicts(&store, 6, 1), "an older run that never was");
    store.append(step(7, 2, vec![numbered(2)])).unwrap();
}

#[tokio::test]
async fn another_owner_is_fenced() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut append = birth(7);
    append.epoch = Epoch(2);
    assert!(matches!(store.append(append), Err(AppendError::Fenced(_))));
    let shards = store.shards().await;
    assert_eq!(shards.len(), 64);
    assert!(shards.iter().all(|(_, epoch)| *epoch == Epoch(1)));
}

#[tokio::test]
async fn appends_share_commits() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let before = store.commits();
    let mut last = Position(0);
    for run in 1..=100 {
        store.append(birth(run)).unwrap();
        for number in 1..=10 {
            last = store
                .append(step(run, number, vec![numbered(number)]))
                .unwrap();
        }
    }
    store.durable(last).await.unwrap();
    let commits = store.commits() - before;
    assert!(commits < 100, "{commits} commits for 1100 appends");
    assert_eq!(store.events(RunId(100), 0, 99).await.unwrap().len(), 11);
}

#[tokio::test]
async fn positions_that_were_never_given_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.durable(Position(0)).await.unwrap();
    store.durable(Position(99)).await.unwrap_err();
}

#[tokio::test]
async fn a_full_tail_answers_busy() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let large = |run| {
        let mut append = birth(run);
        append.events = vec![crate::sample::started(
            run,
            attune_core::Value::text("x".repeat(3 << 20)),
        )];
        append
    };
    let mut refused = false;
    for run in 1..=200 {
        match store.append(large(run)) {
            Ok(_) => {}
            Err(AppendError::Busy) => {
                refused = true;
                break;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused, "600 MiB went into the tail");
    // It recovers as soon as the disk has kept up.
    let position = loop {
        match store.append(birth(1_000)) {
            Ok(position) => break position,
            Err(AppendError::Busy) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    };
    store.durable(position).await.unwrap();
}

#[tokio::test]
async fn full_disk_refuses_new_runs_only() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).append(birth(1)).unwrap();
    let options = attune_store::Options {
        min_free_bytes: u64::MAX,
        ..Default::default()
    };
    let store = attune_store::Store::open(directory.path(), options).unwrap();
    assert!(matches!(
        store.append(birth(2)),
        Err(AppendError::Store(StoreError::DiskFull))
    ));
    store.append(step(1, 1, vec![numbered(1)])).unwrap();
}

#[tokio::test]
async fn keys_find_their_run_at_once_and_until_they_expire() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let key = Idempotency {
        key: Digest([1; 32]),
        body: Digest([2; 32]),
        expires: Timestamp(100),
    };
    let keyed = |run| {
        let mut append = birth(run);
        append.idempotency = Some(key);
        append
    };
    store.append(keyed(7)).unwrap();
    assert!(matches!(
        store.append(keyed(8)),
        Err(AppendError::Conflict { .. })
    ));
    let found = Some((RunId(7), key.body));
    assert_eq!(
        store.idempotent(key.key, Timestamp(50)).await.unwrap(),
        found
    );
    assert!(
        store.summary(RunId(7)).await.unwrap().is_some(),
        "it was waited for"
    );
    assert_eq!(
        store.idempotent(key.key, Timestamp(50)).await.unwrap(),
        found
    );
    assert_eq!(
        store.idempotent(key.key, Timestamp(101)).await.unwrap(),
        None
    );
    assert_eq!(
        store
            .idempotent(Digest([3; 32]), Timestamp(0))
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn timers_stand_until_they_are_gone() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let shard = RunId(7).shard();
    let timer = |number, due| (TimerId(number), Timestamp(due));
    let mut append = birth(7);
    append.rows.timers_set = vec![timer(1, 30), timer(2, 20), timer(3, 10), timer(4, 15)];
    append.rows.timers_gone = vec![timer(4, 15)];
    let position = store.append(append).unwrap();
    store.durable(position).await.unwrap();
    let due = |number, due| Due {
        run: RunId(7),
        kind: TimerKind::Machine(TimerId(number)),
        due: Timestamp(due),
    };
    let first = store.due(shard, Timestamp(20), 9).await.unwrap();
    assert_eq!(first, (vec![due(3, 10), due(2, 20)], Some(Timestamp(30))));
    let one = store.due(shard, Timestamp(99), 1).await.unwrap();
    assert_eq!(one, (vec![due(3, 10)], Some(Timestamp(20))));
    let mut gone = step(7, 1, Vec::new());
    gone.rows.timers_gone = vec![timer(2, 20), timer(3, 10)];
    let position = store.append(gone).unwrap();
    store.durable(position).await.unwrap();
    let rest = store.due(shard, Timestamp(99), 9).await.unwrap();
    assert_eq!(rest, (vec![due(1, 30)], None));
    let other = store.due(RunId(8).shard(), Timestamp(99), 9).await.unwrap();
    assert_eq!(other, (vec![], None));
}

#[tokio::test]
async fn runs_that_only_wait_are_counted_and_not_listed() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let shard = RunId(64).shard();
    for run in [64, 128, 192, 1] {
        store.append(birth(run)).unwrap();
    }
    let mut waits = step(128, 1, vec![numbered(1)]);
    waits.rows.runnable = false;
    store.append(waits).unwrap();
    let position = store.append(end(192, 1, RunStatus::Failed)).unwrap();
    store.durable(position).await.unwrap();
    assert_eq!(store.live(shard, None, 9).await.unwrap(), [RunId(64)]);
    assert_eq!(store.live_count().await.unwrap(), 3);
    drop(store);
    // After a restart memory knows nothing of their rows.
    let store = open(directory.path());
    store.append(step(128, 2, vec![numbered(2)])).unwrap();
    let mut waits = step(64, 1, vec![numbered(1)]);
    waits.rows.runnable = false;
    let position = store.append(waits).unwrap();
    store.durable(position).await.unwrap();
    assert_eq!(store.live(shard, None, 9).await.unwrap(), [RunId(128)]);
    assert_eq!(store.live(shard, Some(RunId(128)), 9).await.unwrap(), []);
    assert_eq!(store.live_count().await.unwrap(), 3);
}

#[tokio::test]
async fn ids_are_never_given_twice() {
    let directory = tempfile::tempdir().unwrap();
    let mut next = 1;
    for _start in 0..3 {
        let store = open(directory.path());
        for count in [1, 3, 5_000, 2] {
            let first = store.reserve_ids(count).await.unwrap();
            assert!(first >= next, "{first} was given before");
            next = first + count;
        }
    }
    let store = open(directory.path());
    let before = store.commits();
    for _one in 0..1_000 {
        store.reserve_ids(1).await.unwrap();
    }
    assert!(store.commits() - before <= 1, "ids come in blocks");
}
