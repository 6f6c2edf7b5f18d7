//! What holds secrets is never on disk in clear.

use attune_core::run::RunStatus;
use attune_core::{Event, RunId, TaskId, Value};
use attune_driver::port::{LogFilter, LogLevel, Store as _, Views};

use crate::sample::{birth_of, inquiry, line, open, started, summary};

const HUSH: &str = "hush-hush-hush";

fn in_clear(directory: &std::path::Path) -> bool {
    let bytes = std::fs::read(directory.join("attune.redb")).unwrap();
    bytes
        .windows(HUSH.len())
        .any(|window| window == HUSH.as_bytes())
}

async fn store_a_run(directory: &std::path::Path, secret: bool) -> Event {
    let store = open(directory);
    let mut run = summary(1, RunStatus::Running);
    run.secret = secret;
    run.name = Some(HUSH.into());
    let mut append = birth_of(run);
    append.secret = secret;
    append.events = vec![started(1, Value::text(HUSH).secret())];
    append.logs = vec![(TaskId(1), 1, vec![line(HUSH, LogLevel::Info)])];
    let mut open_inquiry = inquiry(1);
    open_inquiry.prompt = Some(Value::text(HUSH));
    append.rows.inquiries_opened = vec![open_inquiry];
    append.snapshot = Some(Default::default());
    let event = append.events[0].clone();
    let position = store.append(append).unwrap();
    store.durable(position).await.unwrap();
    event
}

#[tokio::test]
async fn secret_runs_are_encrypted_and_read_back() {
    let directory = tempfile::tempdir().unwrap();
    let event = store_a_run(directory.path(), true).await;
    assert!(!in_clear(directory.path()));
    let store = open(directory.path());
    assert_eq!(store.events(RunId(1), 0, 9).await.unwrap(), [event]);
    let summary = store.summary(RunId(1)).await.unwrap().unwrap();
    assert_eq!(summary.name.as_deref(), Some(HUSH));
    let logs = store
        .logs(RunId(1), &LogFilter::default(), None, 9)
        .await
        .unwrap();
    assert_eq!(&*logs[0].line.message, HUSH);
    let inquiries = store.inquiries(None, 9).await.unwrap();
    assert_eq!(inquiries[0].1.prompt, Some(Value::text(HUSH)));
    let loaded = store.load(RunId(1)).await.unwrap().unwrap();
    assert_eq!(loaded.snapshot.unwrap().0, 1);
}

#[tokio::test]
async fn other_runs_are_not() {
    let directory = tempfile::tempdir().unwrap();
    store_a_run(directory.path(), false).await;
    assert!(
        in_clear(directory.path()),
        "else the test above shows nothing"
    );
}
