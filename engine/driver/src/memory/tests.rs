//! The memory store keeps what a store promises: order, readers behind the disk, crashes.

use attune_core::projection::Projection;
use attune_core::{Event, EventKind, RunId, Timestamp};
use futures::FutureExt;

use super::*;
use crate::port::{AppendError, Epoch, Store, Views};

fn append(run: u64, expected: u64, count: usize) -> Append {
    let event = Event {
        at: Timestamp(1),
        seed: 0,
        facts: std::collections::BTreeMap::new(),
        kind: EventKind::RunReleased,
    };
    Append {
        shard: RunId(run).shard(),
        epoch: Epoch(1),
        run: RunId(run),
        expected,
        events: vec![event; count],
        rows: Projection::default(),
        idempotency: None,
        snapshot: None,
        logs: Vec::new(),
        secret: false,
    }
}

async fn visible(store: &MemoryStore, run: u64) -> usize {
    store.events(RunId(run), 0, 100).await.unwrap().len()
}

#[tokio::test]
async fn readers_see_only_what_is_synced() {
    let store = MemoryStore::manual(10);
    let first = store.append(append(1, 0, 2)).unwrap();
    let second = store.append(append(1, 2, 1)).unwrap();
    assert_eq!(visible(&store, 1).await, 0);
    assert!(store.durable(first).now_or_never().is_none());

    store.sync(first);
    assert!(store.durable(first).await.is_ok());
    assert!(store.durable(second).now_or_never().is_none());
    assert_eq!((visible(&store, 1).await, store.synced()), (2, first));
}

#[tokio::test]
async fn a_crash_keeps_a_prefix_and_fails_the_rest() {
    let store = MemoryStore::manual(10);
    let kept = store.append(append(1, 0, 1)).unwrap();
    let lost = store.append(append(2, 0, 1)).unwrap();
    store.fail(1);
    assert!(store.append(append(3, 0, 1)).is_err());
    store.reopen().await.unwrap();

    assert!(store.durable(kept).await.is_ok());
    assert!(store.durable(lost).await.is_err());
    assert_eq!((visible(&store, 1).await, visible(&store, 2).await), (1, 0));
    let again = store.append(append(2, 0, 1)).unwrap();
    assert!(again > lost);
    store.sync(again);
    assert!(store.durable(again).await.is_ok());
    assert!(store.durable(lost).await.is_err());
}

#[test]
fn conflicts_and_births_on_a_full_tail_are_refused() {
    let store = MemoryStore::manual(1);
    assert!(matches!(
        store.append(append(1, 1, 1)),
        Err(AppendError::Conflict { .. })
    ));
    store.append(append(1, 0, 1)).unwrap();
    assert!(store.is_busy());
    assert!(matches!(
        store.append(append(2, 0, 1)),
        Err(AppendError::Busy)
    ));
    store.append(append(1, 1, 1)).unwrap();
}
