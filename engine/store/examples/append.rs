//! Measures what an append costs: records a second, processor time and syncs, by the number of
//! appends that one wait is for. Run with `cargo run --release -p attune-store --example append`.
#![expect(clippy::print_stdout, reason = "the figures are its output")]

#[path = "../tests/store/sample.rs"]
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
mod sample;

use std::time::{Duration, Instant};

use attune_core::run::RunStatus;
use attune_core::{Digest, RunId, Timestamp};
use attune_driver::port::{Append, Idempotency, Position, Store as _, Views};
use attune_store::Store;

fn cpu() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// Appends all that `appends` gives, waiting after each `batch`; prints the figures per append.
async fn measure(store: &Store, name: &str, batch: usize, appends: Vec<Append>) {
    let count = appends.len();
    let (began, used, commits) = (Instant::now(), cpu(), store.commits());
    let mut position = Position::default();
    for (number, append) in appends.into_iter().enumerate() {
        position = loop {
            match store.append(append.clone()) {
                Ok(position) => break position,
                Err(attune_driver::port::AppendError::Busy) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        };
        if (number + 1) % batch == 0 {
            store.durable(position).await.expect("it is durable");
        }
    }
    store.durable(position).await.expect("it is durable");
    let (took, used) = (began.elapsed(), cpu() - used);
    println!(
        "{name:<24} {batch:>6} {:>12.0} {:>10.2} {:>8}",
        count as f64 / took.as_secs_f64(),
        used.as_secs_f64() * 1e6 / count as f64,
        store.commits() - commits,
    );
}

async fn measure_reads(store: &Store, runs: u64) {
    let began = cpu();
    for run in 1..=runs {
        store.summary(RunId(run)).await.expect("it can be read");
    }
    let summaries = cpu() - began;
    let began = cpu();
    for run in 1..=runs {
        let key = Digest::of(&run.to_le_bytes());
        let found = store.idempotent(key, Timestamp(0)).await;
        found.expect("it can be read");
    }
    let keys = cpu() - began;
    let each = |used: Duration| used.as_secs_f64() * 1e6 / runs as f64;
    println!(
        "summary {:.2} µs, key {:.2} µs",
        each(summaries),
        each(keys)
    );
}

/// Opens a copy of the store as a kill at this moment would leave it.
fn measure_start(directory: &std::path::Path, runs: u64) {
    let copy = tempfile::tempdir_in(".").expect("the current directory is writable");
    let mut bytes = 0;
    for file in ["attune.redb", "secret.key"] {
        let copied = std::fs::copy(directory.join(file), copy.path().join(file));
        bytes += copied.expect("there is room");
    }
    for how in ["a kill", "a clean stop"] {
        let began = Instant::now();
        let store = sample::open(copy.path());
        println!(
            "start after {how}: {:.3} s with {runs} runs in {} MB",
            began.elapsed().as_secs_f64(),
            bytes >> 20
        );
        drop(store);
    }
}

/// A run that starts and ends at once.
fn whole_run(run: u64) -> [Append; 2] {
    [
        sample::birth(run),
        sample::end(run, 1, RunStatus::Completed),
    ]
}

/// The same, of a request with a key.
fn keyed_run(run: u64) -> [Append; 2] {
    let [mut birth, end] = whole_run(run);
    birth.idempotency = Some(Idempotency {
        key: Digest::of(&run.to_le_bytes()),
        body: Digest([0; 32]),
        expires: Timestamp(1_000_000 + run / 10),
    });
    [birth, end]
}

#[tokio::main]
async fn main() {
    let directory = tempfile::tempdir_in(".").expect("the current directory is writable");
    let store = sample::open(directory.path());
    println!(
        "{:<24} {:>6} {:>12} {:>10} {:>8}",
        "appends", "batch", "per second", "CPU µs", "commits"
    );
    let mut next = 1;
    let mut run = || {
        next += 1;
        next - 1
    };
    for (batch, count) in [(1, 1_000), (100, 50_000), (1_000, 200_000)] {
        let runs: Vec<u64> = (0..batch as u64).map(|_| run()).collect();
        let births = runs.iter().map(|run| sample::birth(*run)).collect();
        measure(&store, "births", batch, births).await;
        let turns = 1..=(count / batch) as u64;
        let steps = turns.flat_map(|turn| {
            let step = move |run: &u64| sample::step(*run, turn, vec![sample::numbered(turn)]);
            runs.iter().map(step).collect::<Vec<_>>()
        });
        measure(&store, "events of many runs", batch, steps.collect()).await;
        let one = run();
        let mut chain = vec![sample::birth(one)];
        chain.extend((1..count as u64).map(|n| sample::step(one, n, vec![sample::numbered(n)])));
        measure(&store, "events of one run", batch, chain).await;
        let whole = (0..count / 2).flat_map(|_| whole_run(run()));
        measure(&store, "whole runs (2 appends)", batch, whole.collect()).await;
        let keyed = (0..count / 2).flat_map(|_| keyed_run(run()));
        measure(&store, "the same with a key", batch, keyed.collect()).await;
    }
    measure_reads(&store, 20_000).await;
    measure_start(directory.path(), run());
}
