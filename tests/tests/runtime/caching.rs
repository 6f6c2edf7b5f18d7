//! Compiled components on disk: used again, and not when somebody changed them.

use std::fs;
use std::path::{Path, PathBuf};

use attune_core::event::Outcome;
use attune_runtime::{Allocator, Settings};

use crate::bench::Bench;

fn settings(dir: &Path) -> Settings {
    Settings {
        cache_dir: Some(dir.to_owned()),
        allocator: Allocator::OnDemand,
        ..Settings::default()
    }
}

fn compiled(dir: &Path) -> PathBuf {
    let files = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut compiled = files.filter(|path| path.extension().is_some_and(|e| e == "compiled"));
    compiled.next().expect("one component was compiled")
}

#[tokio::test]
async fn tampered_code_is_compiled_again() {
    let dir = tempfile::tempdir().unwrap();
    let first = Bench::with(settings(dir.path()));
    first.guest("two-exports", r#"{"export":"double"}"#).await;
    let path = compiled(dir.path());
    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 0xff;
    fs::write(&path, &bad).unwrap();

    let second = Bench::with(settings(dir.path()));
    let finished = second
        .call("two-exports", r#"{"export":"triple"}"#, r#"{"number":4}"#)
        .await;
    assert_eq!(crate::bench::result(&finished), "12");
    assert_ne!(fs::read(&path).unwrap(), bad, "it was written again");
}

#[tokio::test]
async fn kept_code_is_used_without_the_component() {
    let dir = tempfile::tempdir().unwrap();
    let first = Bench::with(settings(dir.path()));
    let manifest = r#"{"export":"double"}"#;
    let inspection = first.guest("two-exports", manifest).await;
    // This one has no blobs: what it runs can only come from the directory.
    let second = Bench::with(settings(dir.path()));
    let finished = second
        .run(crate::bench::attempt(&inspection, r#"{"number":4}"#))
        .await;
    assert_eq!(crate::bench::result(&finished), "8");
}

/// Runs two components in turns, of which the store keeps nothing, and tells whether the first
/// one was still in memory.
async fn stays_in_memory(limit_bytes: u64) -> bool {
    let bench = Bench::with(Settings {
        cache_dir: None,
        cache_memory_bytes: limit_bytes,
        allocator: Allocator::OnDemand,
        ..Settings::default()
    });
    let first = bench.guest("two-exports", r#"{"export":"double"}"#).await;
    let second = bench.guest("typed-one", "null").await;
    bench.forget();
    let mut results = Vec::new();
    for (inspection, input) in [
        (&second, r#"{"name":"Ada","shout":false}"#),
        (&first, r#"{"number":4}"#),
    ] {
        let attempt = crate::bench::attempt(inspection, input);
        results.push(bench.run(attempt).await.outcome);
    }
    assert!(matches!(results[0], Outcome::Succeeded(_)), "{results:?}");
    matches!(results[1], Outcome::Succeeded(_))
}

#[tokio::test]
async fn what_was_not_used_for_longest_leaves_the_memory() {
    assert!(stays_in_memory(512 << 20).await);
    assert!(!stays_in_memory(1).await, "only the latest one stays");
}

#[tokio::test]
async fn directory_keeps_within_its_bound() {
    let dir = tempfile::tempdir().unwrap();
    let sizes = || -> Vec<u64> {
        let files = fs::read_dir(dir.path()).unwrap();
        let files = files.map(|entry| entry.unwrap());
        let compiled = files.filter(|f| f.file_name().to_string_lossy().ends_with(".compiled"));
        compiled.map(|f| f.metadata().unwrap().len()).collect()
    };
    let bench = Bench::with(settings(dir.path()));
    bench.guest("typed-one", "null").await;
    let limit = sizes()[0] * 5 / 2;
    let bounded = Bench::with(Settings {
        cache_disk_bytes: limit,
        ..settings(dir.path())
    });
    let manifest = r#"{"export":"double"}"#;
    let first = bounded.guest("two-exports", manifest).await;
    for guest in ["flaky", "exit", "trap", "not-json"] {
        bounded.guest(guest, "null").await;
        let total: u64 = sizes().iter().sum();
        assert!(total <= limit, "{guest}: {total} of {limit}");
    }
    // What went is compiled again from the component.
    let fresh = Bench::with(settings(dir.path()));
    fresh.guest("two-exports", manifest).await;
    let finished = fresh
        .run(crate::bench::attempt(&first, r#"{"number":4}"#))
        .await;
    assert_eq!(crate::bench::result(&finished), "8");
}
