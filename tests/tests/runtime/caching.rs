//! Compiled components on disk: used again, and not when somebody changed them.

use std::fs;
use std::path::{Path, PathBuf};

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
