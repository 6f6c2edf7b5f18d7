//! Many who append and read at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use attune_core::RunId;
use attune_core::run::RunStatus;
use attune_driver::port::{RunFilter, Store as _, Views};

use crate::sample::{birth, end, numbered, open, step};

const APPENDERS: u64 = 32;
const RUNS_EACH: u64 = 20;
const EVENTS_EACH: u64 = 10;

async fn append_runs(store: attune_store::Store, appender: u64) {
    for turn in 0..RUNS_EACH {
        let run = 1 + turn * APPENDERS + appender;
        store.append(birth(run)).unwrap();
        for number in 1..EVENTS_EACH {
            let position = store
                .append(step(run, number, vec![numbered(number)]))
                .unwrap();
            if number % 4 == 0 {
                store.durable(position).await.unwrap();
                let events = store.events(RunId(run), 0, 99).await.unwrap();
                assert_eq!(
                    events.len() as u64,
                    number + 1,
                    "what is acknowledged is readable"
                );
            }
        }
        let position = store
            .append(end(run, EVENTS_EACH, RunStatus::Completed))
            .unwrap();
        store.durable(position).await.unwrap();
        let summary = store.summary(RunId(run)).await.unwrap().unwrap();
        assert_eq!(summary.status, RunStatus::Completed);
    }
}

/// Looks at lists all the time; whatever it sees must be whole.
async fn read(store: attune_store::Store, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        let runs = store.runs(&RunFilter::default(), None, 50).await.unwrap();
        for run in runs {
            let loaded = store.load(run.id).await.unwrap().unwrap();
            let seen = loaded.snapshot.map_or(0, |(seen, _)| seen);
            assert!(
                seen + loaded.events.len() as u64 > 0,
                "a run without its birth"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn appenders_and_readers_do_not_disturb_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let stop = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(read(store.clone(), Arc::clone(&stop)));
    let mut appenders = tokio::task::JoinSet::new();
    for appender in 0..APPENDERS {
        appenders.spawn(append_runs(store.clone(), appender));
    }
    while let Some(result) = appenders.join_next().await {
        result.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    reader.await.unwrap();
    let waits = APPENDERS * RUNS_EACH * (1 + EVENTS_EACH / 4);
    let commits = store.commits();
    assert!(commits < waits, "{commits} commits for {waits} waits");
    let filter = RunFilter {
        status: vec![RunStatus::Completed],
        ..RunFilter::default()
    };
    let runs = store.runs(&filter, None, 9_999).await.unwrap();
    assert_eq!(runs.len() as u64, APPENDERS * RUNS_EACH);
    assert_eq!(store.live_count().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_several_writers_of_a_run_wins() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.append(birth(1)).unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for _writer in 0..8 {
        let store = store.clone();
        writers.spawn(async move {
            let mut won = 0;
            for number in 1..=200 {
                let appended = store.append(step(1, number, vec![numbered(number)]));
                won += u64::from(appended.is_ok());
                tokio::task::yield_now().await;
            }
            won
        });
    }
    let mut won = 0;
    while let Some(result) = writers.join_next().await {
        won += result.unwrap();
    }
    drop(store);
    let store = open(directory.path());
    let events = store.events(RunId(1), 0, 999).await.unwrap();
    assert_eq!(events.len() as u64, won + 1);
    let expected = (1..=won).map(numbered).collect::<Vec<_>>();
    assert_eq!(events[1..], expected);
}
