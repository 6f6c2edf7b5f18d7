//! The check finds nothing in a sound store, and every kind of damage.

use std::path::Path;

use attune_store::Options;
use redb::{Database, Key, TableDefinition, Value, WriteTransaction};

use crate::machine::{Machine, WORKFLOW};
use crate::sample::open;

/// Run 1 sleeps, run 2 asks, run 3 has ended, run 4 sleeps and was evicted.
async fn fill(directory: &Path) {
    let store = open(directory);
    let mut runs = Vec::new();
    for id in 1..=4 {
        runs.push(Machine::start(&store, id, WORKFLOW).await);
    }
    runs[1].wake();
    runs[2].wake();
    runs[2].answer();
    runs[3].evict();
    for run in &runs {
        run.durable().await;
    }
    let report = store.check().unwrap();
    assert_eq!(report.problems, [], "it is sound");
    assert_eq!((report.runs, report.contents), (4, 1));
}

fn problems(directory: &Path) -> Vec<String> {
    let report = attune_store::check(directory, Options::default()).unwrap();
    report.problems.iter().map(ToString::to_string).collect()
}

/// Damages a store behind its back and expects the check to say `expected`.
async fn check_finds(damage: impl FnOnce(&WriteTransaction), expected: &str) {
    let directory = tempfile::tempdir().unwrap();
    fill(directory.path()).await;
    assert_eq!(problems(directory.path()), Vec::<String>::new());
    let database = Database::open(directory.path().join("attune.redb")).unwrap();
    let tx = database.begin_write().unwrap();
    damage(&tx);
    tx.commit().unwrap();
    drop(database);
    let found = problems(directory.path());
    assert!(
        found.iter().any(|text| text.starts_with(expected)),
        "`{expected}` is not in {found:?}"
    );
}

/// Applies `change` to the rows of a table: key and value, in order; `None` removes.
fn edit<K: Key + 'static, V: Value + 'static>(
    tx: &WriteTransaction,
    name: &str,
    mut change: impl FnMut(usize, &[u8]) -> Option<Vec<u8>>,
) {
    let table = TableDefinition::<K, V>::new(name);
    let mut rows = Vec::new();
    let mut number = 0;
    tx.open_table(table)
        .unwrap()
        .retain(|key, value| {
            let key = K::as_bytes(&key).as_ref().to_vec();
            rows.extend(change(number, V::as_bytes(&value).as_ref()).map(|value| (key, value)));
            number += 1;
            false
        })
        .unwrap();
    let mut table = tx.open_table(table).unwrap();
    for (key, value) in &rows {
        table
            .insert(K::from_bytes(key), V::from_bytes(value))
            .unwrap();
    }
}

type Pair = (u64, u64);
type Bytes = &'static [u8];

fn drop_first(number: usize, value: &[u8]) -> Option<Vec<u8>> {
    (number > 0).then(|| value.to_vec())
}

fn flip_last_byte(_number: usize, value: &[u8]) -> Option<Vec<u8>> {
    let mut value = value.to_vec();
    *value.last_mut().unwrap() ^= 1;
    Some(value)
}

#[tokio::test]
async fn missing_index_rows_are_found() {
    check_finds(
        |tx| edit::<(u8, u64), ()>(tx, "run_by_status", drop_first),
        "run `",
    )
    .await;
    check_finds(
        |tx| edit::<Pair, ()>(tx, "run_by_workflow", drop_first),
        "run `1`: it is missing in `run_by_workflow`",
    )
    .await;
    check_finds(
        |tx| edit::<Pair, ()>(tx, "run_by_label", drop_first),
        "run `1`: it is missing in `run_by_label`",
    )
    .await;
    check_finds(
        |tx| edit::<(u8, u8, u64), i32>(tx, "live", drop_first),
        "run `1`: it is missing in `live`",
    )
    .await;
}

#[tokio::test]
async fn missing_timers_are_found() {
    check_finds(
        |tx| edit::<(u8, u64, u64, u64), Bytes>(tx, "timer", drop_first),
        "run `1`: its timer 1 is missing",
    )
    .await;
}

#[tokio::test]
async fn rows_of_no_run_are_found() {
    check_finds(
        |tx| edit::<u64, Bytes>(tx, "run", drop_first),
        "table `event` has",
    )
    .await;
}

#[tokio::test]
async fn missing_events_are_found() {
    check_finds(
        |tx| edit::<Pair, Bytes>(tx, "event", drop_first),
        "run `1`: ",
    )
    .await;
}

#[tokio::test]
async fn another_machine_is_found() {
    let swap = |tx: &WriteTransaction| {
        let mut machines = Vec::new();
        edit::<u64, Bytes>(tx, "snapshot", |_, value| {
            machines.push(value.to_vec());
            Some(value.to_vec())
        });
        assert_eq!(machines.len(), 2);
        // The number of events stays, the machine behind it is another run's.
        let mixed = [&machines[1][..9], &machines[0][9..]].concat();
        edit::<u64, Bytes>(tx, "snapshot", |number, value| {
            Some(if number == 1 {
                mixed.clone()
            } else {
                value.to_vec()
            })
        });
    };
    check_finds(swap, "run `4`: its machine is not what its first").await;
}

#[tokio::test]
async fn damaged_contents_are_found() {
    let flip = |tx: &WriteTransaction| {
        edit::<&[u8; 32], Bytes>(tx, "blob", flip_last_byte);
    };
    check_finds(flip, "content sha256:").await;
    let remove = |tx: &WriteTransaction| {
        edit::<&[u8; 32], Bytes>(tx, "blob", |_, _| None);
    };
    check_finds(remove, "run `1`: its workflow sha256:").await;
}

#[tokio::test]
async fn unreadable_records_are_found() {
    let cut = |tx: &WriteTransaction| {
        edit::<u64, Bytes>(tx, "run", |_, value| {
            Some(value[..value.len() / 2].to_vec())
        });
    };
    check_finds(cut, "run `1`: run `run/1/0`: ").await;
    let future = |tx: &WriteTransaction| {
        edit::<u64, Bytes>(tx, "run", |_, value| Some([&[77], &value[1..]].concat()));
    };
    check_finds(future, "run `1`: run `run/1/0`: its format 77 is unknown").await;
}

#[test]
fn nothing_is_checked_where_no_store_is() {
    let directory = tempfile::tempdir().unwrap();
    let error = attune_store::check(directory.path(), Options::default()).unwrap_err();
    assert!(error.to_string().starts_with("there is no store in `"));
    assert!(!directory.path().join("secret.key").exists());
}
