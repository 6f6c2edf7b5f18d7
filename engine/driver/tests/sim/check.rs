//! What must be true when a seed has ended.

use std::collections::{BTreeMap, BTreeSet};

use attune_core::projection::{RunSummary, summary};
use attune_core::run::RunStatus;
use attune_core::step::step;
use attune_core::{Event, EventKind, Run, RunId, Shard, Timestamp, Value};
use attune_driver::MemoryStore;
use attune_driver::port::{RunFilter, Store, Views};

use crate::plan::{Order, Told};
use crate::record::Record;
use crate::workflows::Library;

/// Results of undisturbed runs, by workflow and input.
pub(crate) type Expected = BTreeMap<(&'static str, i64), (RunStatus, Value)>;

/// Checks all that is on disk against what the world was told and what must come out.
pub(crate) async fn check(
    store: &MemoryStore,
    library: &Library,
    record: &Record,
    orders: &[Order],
    expected: &Expected,
) {
    let all = store.runs(&RunFilter::default(), None, usize::MAX).await;
    let mut journals = BTreeMap::new();
    for summary in all.unwrap() {
        let events = store.events(summary.id, 0, usize::MAX).await.unwrap();
        check_run(store, library, &summary, &events).await;
        journals.insert(summary.id, (summary, events));
    }
    check_record(record, &journals);
    check_orders(record, orders, expected, &journals);
    check_relatives(&journals);
    check_keys(&journals);
    check_leftovers(store).await;
}

type Journals = BTreeMap<RunId, (RunSummary, Vec<Event>)>;

/// A run is over, and its journal replayed gives the stored machine and summary.
async fn check_run(store: &MemoryStore, library: &Library, shown: &RunSummary, events: &[Event]) {
    let id = shown.id;
    assert!(shown.status.is_over(), "run {id} never ends: {shown:?}");
    let definition = &library.definitions[&*shown.workflow.reference];
    let mut replayed = Run::default();
    for event in events {
        let stepped = step(definition, &mut replayed, event);
        assert!(stepped.is_ok(), "run {id} does not take {event:?}");
    }
    let loaded = store.loaded(id).await.unwrap().unwrap();
    let (seen, machine) = loaded.snapshot.expect("a run that is over is kept");
    assert_eq!(
        seen,
        events.len() as u64,
        "run {id} has events after its end"
    );
    assert_eq!(*machine, replayed, "run {id} is not what its journal says");
    let mut summary = summary(&replayed).unwrap();
    summary.updated = shown.updated;
    summary.usage = shown.usage;
    assert_eq!(
        summary, *shown,
        "the summary of run {id} is not its machine's"
    );
}

/// Whatever was acknowledged or shown is on disk.
fn check_record(record: &Record, journals: &Journals) {
    for (key, run) in &record.started {
        assert!(journals.contains_key(run), "run {run} of key {key} is lost");
    }
    for ((run, number), (event, _)) in &record.seen {
        let stored = journals[run].1.get(*number as usize);
        assert_eq!(
            stored,
            Some(&**event),
            "event {number} of run {run} changed"
        );
    }
    for (run, (status, _)) in &record.ended {
        assert_eq!(journals[run].0.status, *status, "run {run} ended twice");
    }
    for (run, told) in &record.told {
        let is_it = |event: &Event| match (&event.kind, told) {
            (EventKind::PauseRequested { .. }, Told::Pause)
            | (EventKind::ResumeRequested { .. }, Told::Resume) => true,
            (EventKind::CancelRequested { mode, .. }, Told::Cancel(told)) => mode == told,
            _ => false,
        };
        let found = journals[run].1.iter().any(is_it);
        assert!(found, "{told:?} of run {run} was acknowledged and is lost");
    }
}

/// Each order has started one run, and an undisturbed one has the result of a world without
/// crashes.
fn check_orders(record: &Record, orders: &[Order], expected: &Expected, journals: &Journals) {
    let roots = journals.values().filter(|(run, _)| run.parent.is_none());
    assert_eq!(roots.count(), orders.len(), "an order has started two runs");
    for order in orders {
        let run = record.started[&order.key];
        let ended = &record.ended[&run];
        if order.is_undisturbed() {
            let expected = &expected[&(order.reference, order.n)];
            assert_eq!(
                ended, expected,
                "run {run} of {} came out different",
                order.reference
            );
        }
    }
}

/// Each task execution has at most one child.
fn check_relatives(journals: &Journals) {
    let mut parents = BTreeSet::new();
    for (summary, _) in journals.values() {
        if let Some(parent) = summary.parent {
            let place = (parent.run, parent.task);
            assert!(parents.insert(place), "{parent:?} has two children");
        }
    }
}

/// Runs with the same key went one at a time.
fn check_keys(journals: &Journals) {
    let mut held: BTreeMap<String, Vec<(Timestamp, Timestamp, RunId)>> = BTreeMap::new();
    for (summary, events) in journals.values() {
        let released = |event: &&Event| event.kind == EventKind::RunReleased;
        let Some(from) = events.iter().find(released).map(|event| event.at) else {
            continue;
        };
        let Some(EventKind::RunStarted(birth)) = events.first().map(|event| &event.kind) else {
            continue;
        };
        if &*summary.workflow.reference == "sim.keyed" {
            let n = birth.parameters.get("n").and_then(Value::as_i64).unwrap();
            let until = summary.completed_at.unwrap();
            let key = (n % 2).to_string();
            held.entry(key).or_default().push((from, until, summary.id));
        }
    }
    for (key, mut holders) in held {
        holders.sort();
        for pair in holders.windows(2) {
            assert!(
                pair[0].1 <= pair[1].0,
                "key {key} was held by two: {pair:?}"
            );
        }
    }
}

/// Nothing is left to do.
async fn check_leftovers(store: &MemoryStore) {
    assert_eq!(store.live_count().await.unwrap(), 0, "runs are left");
    for shard in 0..64 {
        let due = store.due(Shard(shard), Timestamp(u64::MAX), 10).await;
        assert_eq!(due.unwrap().0, [], "timers are left");
        let live = store.live(Shard(shard), None, 10).await.unwrap();
        assert_eq!(live, [], "runnable runs are left");
    }
}
