//! Old things go, in batches; what is needed stays.

use attune_core::projection::RunSummary;
use attune_core::run::RunStatus;
use attune_core::{Digest, Millis, RunId, TaskId, Timestamp};
use attune_driver::port::{AppendError, Catalog, Idempotency, LogLevel, Store as _, Views};
use attune_store::{Removed, Store};

use crate::catalog::{put, put_component};
use crate::machine::{Machine, WORKFLOW};
use crate::sample::{birth, birth_of, end, line, numbered, open, step, summary};

const NOW: Timestamp = Timestamp(10_000);
const KEEP: Millis = Millis(1_000);

async fn remove_all(store: &Store, now: Timestamp) -> Vec<Removed> {
    let mut batches = Vec::new();
    loop {
        let removed = store.remove_old(now, KEEP).await.unwrap();
        if !removed.is_anything() {
            return batches;
        }
        batches.push(removed);
    }
}

#[tokio::test]
async fn ended_runs_go_with_all_that_belongs_to_them() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for run in 1..=450 {
        let mut append = birth(run);
        append.logs = vec![(TaskId(1), 1, vec![line("hello", LogLevel::Info)])];
        store.append(append).unwrap();
        store.append(end(run, 1, RunStatus::Completed)).unwrap();
    }
    // One that still works, and one that ended a moment ago.
    store.append(birth(451)).unwrap();
    let late = RunSummary {
        updated: Timestamp(NOW.0 - 1),
        ..summary(452, RunStatus::Failed)
    };
    let position = store.append(birth_of(late)).unwrap();
    store.durable(position).await.unwrap();
    let batches = remove_all(&store, NOW).await;
    let runs: Vec<usize> = batches.iter().map(|batch| batch.runs).collect();
    assert_eq!(runs, [200, 200, 50]);
    let left = store.runs(&Default::default(), None, 999).await.unwrap();
    let left: Vec<u64> = left.iter().map(|run| run.id.0).collect();
    assert_eq!(left, [452, 451]);
    assert!(store.load(RunId(3)).await.unwrap().is_none());
    assert!(store.events(RunId(3), 0, 9).await.unwrap().is_empty());
    assert!(
        store
            .logs(RunId(3), &Default::default(), None, 9)
            .await
            .unwrap()
            .is_empty()
    );
    let report = store.check().unwrap();
    let about_rows = |text: &str| text.starts_with("table");
    assert!(
        !report
            .problems
            .iter()
            .any(|problem| about_rows(&problem.text)),
        "{report:?}"
    );
}

#[tokio::test]
async fn removed_runs_take_no_events() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.append(birth(1)).unwrap();
    let position = store.append(end(1, 1, RunStatus::Completed)).unwrap();
    store.durable(position).await.unwrap();
    assert_eq!(store.remove_old(NOW, KEEP).await.unwrap().runs, 1);
    let late = store.append(step(1, 2, vec![numbered(2)]));
    assert!(matches!(late, Err(AppendError::Conflict { .. })));
}

#[tokio::test]
async fn a_run_that_is_run_again_meanwhile_stays() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.append(birth(1)).unwrap();
    let position = store.append(end(1, 1, RunStatus::Failed)).unwrap();
    store.durable(position).await.unwrap();
    let mut again = step(1, 2, vec![numbered(2)]);
    again.rows.summary = Some(Box::new(summary(1, RunStatus::Running)));
    again.rows.status_before = Some(RunStatus::Failed);
    let (removed, appended) =
        tokio::join!(store.remove_old(NOW, KEEP), async { store.append(again) });
    let removed = removed.unwrap().runs;
    let left = store.events(RunId(1), 0, 9).await.unwrap().len();
    match appended {
        Ok(position) => {
            store.durable(position).await.unwrap();
            assert_eq!((removed, left), (0, 3));
        }
        Err(AppendError::Conflict { .. }) => assert_eq!((removed, left), (1, 0)),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn expired_keys_are_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for run in 1..=3 {
        let mut append = birth(run);
        append.idempotency = Some(Idempotency {
            key: Digest([run as u8; 32]),
            body: Digest([0; 32]),
            expires: Timestamp(run * 100),
        });
        let position = store.append(append).unwrap();
        store.durable(position).await.unwrap();
    }
    let removed = store.remove_old(Timestamp(250), KEEP).await.unwrap();
    assert_eq!(removed.keys, 2);
    for (run, known) in [(1, false), (2, false), (3, true)] {
        let found = store.idempotent(Digest([run; 32]), Timestamp(0)).await;
        assert_eq!(found.unwrap().is_some(), known, "{run}");
    }
}

#[tokio::test]
async fn contents_stay_while_a_run_is_pinned_to_them() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let run = Machine::start(&store, 1, WORKFLOW).await;
    run.durable().await;
    store
        .put_content("nobody's"[..].as_bytes().to_vec().into())
        .await
        .unwrap();
    let there = async |text: &str| {
        let content = store.content(Digest::of(text.as_bytes())).await;
        content.unwrap().is_some()
    };
    assert!(remove_all(&store, NOW).await.is_empty(), "they are new");
    let later = Timestamp(u64::MAX >> 1);
    assert_eq!(store.remove_old(later, KEEP).await.unwrap().contents, 1);
    assert!(there(WORKFLOW).await && !there("nobody's").await);
    // The reference survives a restart and goes with the run.
    drop(run);
    let mut run = Machine::start(&store, 2, WORKFLOW).await;
    run.wake();
    run.answer();
    run.durable().await;
    assert_eq!(store.remove_old(later, KEEP).await.unwrap().runs, 1);
    assert!(there(WORKFLOW).await, "run 1 still sleeps");
}

#[tokio::test]
async fn the_newest_unused_revisions_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let text = |number: usize| -> &'static str { format!("revision {number}").leak() };
    for number in 1..=30 {
        put(&store, "demo.a", text(number)).await;
        put_component(&store, text(100 + number), number <= 2).await;
    }
    let mut removed = 0;
    for batch in remove_all(&store, NOW).await {
        removed += batch.contents;
    }
    let workflows = store.workflow_versions("demo.a").await.unwrap();
    let numbers: Vec<u32> = workflows.iter().map(|record| record.revision).collect();
    assert_eq!(numbers, (10..=30).rev().collect::<Vec<_>>());
    let actions = store.action_versions("demo.greet").await.unwrap();
    let mut numbers: Vec<u32> = actions.iter().map(|record| record.revision).collect();
    assert_eq!(numbers.pop(), Some(2), "the newest one that may be used");
    assert_eq!(numbers, (10..=30).rev().collect::<Vec<_>>());
    assert_eq!(removed, 9 + 8);
    assert_eq!(store.check().unwrap().problems, []);
}
