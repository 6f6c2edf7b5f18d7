//! Crashes at any moment of any commit, thousands of them: what was acknowledged is there, what is
//! there is a prefix of what was appended, and every list agrees with the journals.

use attune_driver::port::{AppendError, Position, Store as _};
use attune_store::{Options, SecretKey, Store};

use crate::disk::{Chance, Disk};
use crate::model::Model;
use crate::sample::{birth, numbered, step};

/// How many times the store is opened after a crash, over all seeds.
const CRASHES: u64 = 2_000;
/// A store that has lived through so many gives way to a new one.
const CRASHES_PER_STORE: u64 = 10;
/// No part of a workload appends more.
const MAX_APPENDS: u64 = 40;

fn open(disk: &Disk, key: &SecretKey) -> Result<Store, attune_store::OpenError> {
    let options = Options {
        cache_bytes: 1 << 20,
        secret_key: Some(key.clone()),
        ..Options::default()
    };
    let disk = disk.clone();
    Store::open_with_backend(move || Ok(disk.clone()), options)
}

/// Appends until the disk fails or there is enough; returns how many appends of the model are
/// acknowledged.
async fn work(store: &Store, model: &mut Model, chance: &mut Chance) -> usize {
    let mut acknowledged = model.len();
    for _append in 0..1 + chance.below(MAX_APPENDS) {
        let append = model.next(chance);
        let position = match store.append(append.clone()) {
            Ok(position) => position,
            Err(AppendError::Store(_)) => break,
            Err(error) => panic!("{error}"),
        };
        model.push(append);
        if chance.percent(30) {
            if store.durable(position).await.is_err() {
                break;
            }
            acknowledged = model.len();
        }
    }
    acknowledged
}

async fn crash_repeatedly(seed: u64) {
    let (mut chance, key) = (Chance(seed), SecretKey::generate());
    let (mut disk, mut model) = (Disk::default(), Model::default());
    let (mut acknowledged, mut born) = (0, false);
    for _crash in 0..CRASHES_PER_STORE {
        // Sometimes the disk fails while the store is being opened.
        if chance.percent(10) {
            disk.light_fuse(chance.below(40));
        }
        match open(&disk, &key) {
            Ok(store) => {
                born = true;
                if !disk.is_dead() {
                    model.verify(&store, acknowledged).await;
                    disk.light_fuse(chance.below(200));
                }
                acknowledged = work(&store, &mut model, &mut chance).await;
                let crashed = disk.crash(&mut chance);
                drop(store);
                disk = crashed;
            }
            Err(_) if disk.is_dead() => {
                disk = disk.crash(&mut chance);
            }
            Err(error) => {
                // A file gets the store's name only when the first start is through; here a crash
                // before that shows.
                assert_eq!(acknowledged, 0, "{error}");
                assert!(!born, "{error}");
                disk = Disk::default();
            }
        }
    }
}

/// Lets every fourth store from `first` on live and crash.
fn crash_stores(first: u64) {
    let builder = &mut tokio::runtime::Builder::new_current_thread();
    let runtime = builder.build().unwrap();
    for seed in (first..CRASHES / CRASHES_PER_STORE).step_by(4) {
        let seed = std::env::var("ATTUNE_SEED").map_or(seed, |seed| seed.parse().unwrap());
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            runtime.block_on(crash_repeatedly(seed));
        }));
        assert!(result.is_ok(), "seed {seed}: again with ATTUNE_SEED={seed}");
    }
}

// In four parts, so that they run beside each other.
#[test]
fn no_crash_loses_what_was_acknowledged_1() {
    crash_stores(0);
}

#[test]
fn no_crash_loses_what_was_acknowledged_2() {
    crash_stores(1);
}

#[test]
fn no_crash_loses_what_was_acknowledged_3() {
    crash_stores(2);
}

#[test]
fn no_crash_loses_what_was_acknowledged_4() {
    crash_stores(3);
}

#[tokio::test]
async fn a_store_that_failed_is_opened_again() {
    let (disk, key) = (Disk::default(), SecretKey::generate());
    let store = open(&disk, &key).unwrap();
    let position = store.append(birth(1)).unwrap();
    store.durable(position).await.unwrap();
    disk.light_fuse(0);
    let lost = store.append(birth(2)).unwrap();
    let waits = store.durable(lost);
    store.append(step(1, 1, vec![numbered(1)])).ok();
    waits.await.unwrap_err();
    assert!(matches!(store.append(birth(3)), Err(AppendError::Store(_))));
    assert!(store.reserve_ids(1).await.is_err());
    assert!(store.reopen().await.is_err(), "the disk is still dead");
    disk.revive();
    store.reopen().await.unwrap();
    store.durable(lost).await.unwrap_err();
    store.durable(Position(1)).await.unwrap();
    // The failed commit may be there or not; the store says which.
    let next = match store.load(attune_core::RunId(2)).await.unwrap() {
        Some(loaded) => step(2, loaded.events.len() as u64, vec![numbered(1)]),
        None => birth(2),
    };
    let position = store.append(next).unwrap();
    store.durable(position).await.unwrap();
    assert!(position > lost);
    store.reopen().await.unwrap();
    store.durable(position).await.unwrap();
}

#[tokio::test]
async fn each_commit_is_one_sync() {
    let (disk, key) = (Disk::default(), SecretKey::generate());
    let store = open(&disk, &key).unwrap();
    let (syncs, commits) = (disk.syncs(), store.commits());
    for run in 1..=20 {
        let position = store.append(birth(run)).unwrap();
        store.durable(position).await.unwrap();
    }
    let commits = store.commits() - commits;
    assert_eq!(commits, 20);
    // The file grows now and then, which costs a sync of its own.
    let syncs = disk.syncs() - syncs;
    assert!((20..=23).contains(&syncs), "{syncs} syncs for 20 commits");
}
