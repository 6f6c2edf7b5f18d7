//! kill -9 of a real process that writes: what it said was durable is there.
//!
//! The process is this test binary, started again with a directory in its environment.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use attune_core::run::RunStatus;
use attune_core::{RunId, TaskId};
use attune_driver::port::{LogLevel, Store as _, Views};

use crate::sample::{birth, end, line, numbered, open, step};

const DIRECTORY: &str = "ATTUNE_TEST_STORE";
const KILLS: u64 = 6;

/// The process to be killed: appends whole runs and prints each that is durable.
async fn write_for_ever(directory: &std::path::Path) {
    let store = open(directory);
    let mut out = std::io::stdout().lock();
    loop {
        let run = store.reserve_ids(1).await.unwrap();
        let mut append = birth(run);
        append.logs = vec![(TaskId(1), 1, vec![line("started", LogLevel::Info)])];
        store.append(append).unwrap();
        let events = (1..4).map(numbered).collect();
        store.append(step(run, 1, events)).unwrap();
        let position = store.append(end(run, 4, RunStatus::Completed)).unwrap();
        store.durable(position).await.unwrap();
        writeln!(out, "durable {run}").unwrap();
        out.flush().unwrap();
    }
}

fn start(directory: &std::path::Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "kill::killed_writers_lose_nothing",
            "--nocapture",
        ])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Lets a process write `runs` runs, kills it and returns the last one it called durable.
fn write_and_kill(directory: &std::path::Path, runs: usize) -> u64 {
    let mut child = start(directory);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let durable = lines.map(Result::unwrap).filter_map(|line| {
        let (_, run) = line.split_once("durable ")?;
        run.parse().ok()
    });
    let mut durable: Box<dyn Iterator<Item = u64>> = Box::new(durable);
    let last = durable.by_ref().take(runs).last().expect("it writes");
    child.kill().unwrap();
    // What it printed before it died counts too.
    let rest = durable.last().unwrap_or(last);
    child.wait().unwrap();
    rest
}

#[tokio::test]
async fn killed_writers_lose_nothing() {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        write_for_ever(directory.as_ref()).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let mut durable = Vec::new();
    for kill in 0..KILLS {
        let last = write_and_kill(directory.path(), 5 + 17 * kill as usize);
        let store = open(directory.path());
        durable.push(last);
        for run in &durable {
            let events = store.events(RunId(*run), 0, 99).await.unwrap();
            assert_eq!(events.len(), 5, "run {run} after kill {kill}");
            let summary = store.summary(RunId(*run)).await.unwrap().unwrap();
            assert_eq!(summary.status, RunStatus::Completed);
        }
        let next = store.reserve_ids(1).await.unwrap();
        assert!(next > last, "id {next} was given before");
        let runs = store
            .runs(&Default::default(), None, 100_000)
            .await
            .unwrap();
        for run in &runs {
            let events = store.events(run.id, 0, 99).await.unwrap();
            let whole = if run.status.is_over() {
                5
            } else {
                events.len()
            };
            assert_eq!(events.len(), whole, "run {} is torn", run.id);
        }
    }
}
