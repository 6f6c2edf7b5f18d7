//! Lists and details.

use attune_core::event::Parent;
use attune_core::projection::RunSummary;
use attune_core::run::RunStatus;
use attune_core::{RunId, TaskId, Timestamp};
use attune_driver::port::{LogFilter, LogLevel, RunFilter, Store as _, Views};
use attune_store::Store;

use crate::sample::{birth, birth_of, end, inquiry, line, numbered, open, pin, step, summary};

async fn listed(store: &Store, filter: RunFilter) -> Vec<u64> {
    let runs = store.runs(&filter, None, 100).await.unwrap();
    runs.into_iter().map(|run| run.id.0).collect()
}

/// Runs 1 to 12: labels by parity, workflows by thirds, a parent for 5 and 6, statuses mixed.
async fn fill(store: &Store) {
    for id in 1..=12 {
        let status = RunStatus::ALL[id as usize % 11];
        let run = RunSummary {
            workflow: pin(["demo.a", "demo.b", "other.c"][id as usize % 3]),
            labels: vec![("even".into(), (id % 2 == 0).to_string().into())],
            parent: [5, 6].contains(&id).then_some(Parent {
                run: RunId(4),
                task: TaskId(1),
            }),
            ..summary(id, status)
        };
        store.append(birth_of(run)).unwrap();
    }
    let position = store.append(birth(13)).unwrap();
    store.durable(position).await.unwrap();
}

async fn check_filter(store: &Store, filter: RunFilter, expected: &[u64]) {
    let text = format!("{filter:?}");
    assert_eq!(listed(store, filter).await, expected, "{text}");
}

#[rustfmt::skip]
#[tokio::test]
async fn filters_with_an_index_find_what_they_say() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    fill(&store).await;
    let all = RunFilter::default;
    let even = || vec![("even".into(), "true".into())];
    let two = || vec![RunStatus::Running, RunStatus::Scheduling];
    let over = || vec![RunStatus::Completed, RunStatus::Failed];
    let workflow = || Some("demo.b".into());
    for (filter, expected) in [
        (all(), &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1][..]),
        (RunFilter { workflow: workflow(), ..all() }, &[10, 7, 4, 1]),
        (RunFilter { status: vec![RunStatus::Scheduling], ..all() }, &[12, 1]),
        (RunFilter { status: two(), ..all() }, &[13, 12, 3, 1]),
        (RunFilter { status: two(), labels: even(), ..all() }, &[12]),
        (RunFilter { labels: even(), ..all() }, &[12, 10, 8, 6, 4, 2]),
        (RunFilter { parent: Some(RunId(4)), ..all() }, &[6, 5]),
        (RunFilter { workflow: workflow(), status: over(), ..all() }, &[7]),
        (RunFilter { workflow: workflow(), status: two(), ..all() }, &[1]),
    ] {
        check_filter(&store, filter, expected).await;
    }
}

#[rustfmt::skip]
#[tokio::test]
async fn other_filters_find_what_they_say() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    fill(&store).await;
    let all = RunFilter::default;
    for (filter, expected) in [
        (RunFilter { since: Some(Timestamp(11)), ..all() }, &[13, 12, 11][..]),
        (RunFilter { until: Some(Timestamp(3)), ..all() }, &[2, 1]),
        (RunFilter { packs: vec!["other".into()], ..all() }, &[11, 8, 5, 2]),
        (RunFilter { packs: vec!["oth".into()], ..all() }, &[]),
        (RunFilter { search: Some("RUN 1".into()), ..all() }, &[13, 12, 11, 10, 1]),
        (RunFilter { search: Some("Other.".into()), ..all() }, &[11, 8, 5, 2]),
    ] {
        check_filter(&store, filter, expected).await;
    }
}

#[tokio::test]
async fn pages_join_without_gaps() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    fill(&store).await;
    let filter = RunFilter {
        labels: vec![("even".into(), "false".into())],
        ..RunFilter::default()
    };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.run_page(&filter, after, 2).await.unwrap();
        assert!(page.runs.len() <= 2);
        found.extend(page.runs.into_iter().map(|run| run.id.0));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, [11, 9, 7, 5, 3, 1]);
    let rest = store
        .runs(&RunFilter::default(), Some(RunId(3)), 9)
        .await
        .unwrap();
    assert_eq!(rest.len(), 2);
}

#[tokio::test]
async fn a_filter_that_matches_little_looks_at_a_bounded_number() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut position = store.append(birth(1)).unwrap();
    for run in 2..=12_000 {
        let run = RunSummary {
            name: None,
            ..summary(run, RunStatus::Running)
        };
        position = store.append(birth_of(run)).unwrap();
    }
    store.durable(position).await.unwrap();
    let filter = RunFilter {
        search: Some("run 1".into()),
        ..RunFilter::default()
    };
    let page = store.run_page(&filter, None, 10).await.unwrap();
    assert!(page.runs.is_empty());
    assert_eq!(page.next, Some(RunId(2_001)));
    let page = store.run_page(&filter, page.next, 10).await.unwrap();
    assert_eq!((page.runs.len(), page.next), (1, None));
    assert_eq!(listed(&store, filter).await, [1]);
}

#[tokio::test]
async fn status_changes_move_a_run_in_the_index() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let of = |status| RunFilter {
        status: vec![status],
        ..RunFilter::default()
    };
    let position = store.append(birth(1)).unwrap();
    store.durable(position).await.unwrap();
    assert_eq!(listed(&store, of(RunStatus::Running)).await, [1]);
    let position = store.append(end(1, 1, RunStatus::Completed)).unwrap();
    store.durable(position).await.unwrap();
    assert!(listed(&store, of(RunStatus::Running)).await.is_empty());
    assert_eq!(listed(&store, of(RunStatus::Completed)).await, [1]);
    // Born and ended in one commit: only the end is seen.
    store.append(birth(2)).unwrap();
    let position = store.append(end(2, 1, RunStatus::Failed)).unwrap();
    store.durable(position).await.unwrap();
    assert!(listed(&store, of(RunStatus::Running)).await.is_empty());
    assert_eq!(listed(&store, of(RunStatus::Failed)).await, [2]);
}

#[tokio::test]
async fn events_are_read_from_any_number() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.append(birth(1)).unwrap();
    for first in (1..200).step_by(10) {
        let events = (first..first + 10).map(numbered).collect();
        let position = store.append(step(1, first, events)).unwrap();
        if first % 30 == 1 {
            store.durable(position).await.unwrap();
        }
    }
    let position = store.append(step(1, 201, vec![numbered(201)])).unwrap();
    store.durable(position).await.unwrap();
    for (first, limit, expected) in [
        (1, 3, 1..4),
        (57, 100, 57..157),
        (200, 9, 200..202),
        (202, 9, 0..0),
        (9_999, 9, 0..0),
    ] {
        let events = store.events(RunId(1), first, limit).await.unwrap();
        assert_eq!(
            events,
            expected.map(numbered).collect::<Vec<_>>(),
            "{first}"
        );
    }
    assert_eq!(store.events(RunId(1), 0, 999).await.unwrap().len(), 202);
    assert_eq!(store.events(RunId(2), 0, 999).await.unwrap(), []);
}

#[tokio::test]
async fn log_lines_are_numbered_and_filtered() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut append = birth(1);
    append.logs = vec![
        (
            TaskId(1),
            1,
            vec![line("a", LogLevel::Info), line("b", LogLevel::Error)],
        ),
        (TaskId(2), 1, vec![line("c", LogLevel::Debug)]),
    ];
    let position = store.append(append).unwrap();
    store.durable(position).await.unwrap();
    let mut append = step(1, 1, Vec::new());
    append.logs = vec![(TaskId(1), 2, vec![line("d", LogLevel::Warn)])];
    let position = store.append(append).unwrap();
    store.durable(position).await.unwrap();
    let check = async |filter: LogFilter, after, expected: &[(u64, &str)]| {
        let records = store.logs(RunId(1), &filter, after, 9).await.unwrap();
        let found = records
            .iter()
            .map(|record| (record.number, &*record.line.message));
        assert_eq!(found.collect::<Vec<_>>(), expected, "{filter:?}");
    };
    let all = LogFilter::default;
    check(all(), None, &[(1, "a"), (2, "b"), (3, "c"), (4, "d")]).await;
    check(all(), Some(2), &[(3, "c"), (4, "d")]).await;
    check(all(), Some(4), &[]).await;
    check(
        LogFilter {
            task: Some(TaskId(1)),
            ..all()
        },
        None,
        &[(1, "a"), (2, "b"), (4, "d")],
    )
    .await;
    check(
        LogFilter {
            attempt: Some(2),
            ..all()
        },
        None,
        &[(4, "d")],
    )
    .await;
    check(
        LogFilter {
            level: Some(LogLevel::Warn),
            ..all()
        },
        Some(1),
        &[(2, "b"), (4, "d")],
    )
    .await;
    assert_eq!(
        store.logs(RunId(1), &all(), None, 2).await.unwrap().len(),
        2
    );
}

#[tokio::test]
async fn open_inquiries_are_listed_newest_run_first() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for run in 1..=3 {
        let mut append = birth(run);
        append.rows.inquiries_opened = vec![inquiry(1), inquiry(2)];
        store.append(append).unwrap();
    }
    let mut append = step(2, 1, vec![numbered(1)]);
    append.rows.inquiries_closed = vec![TaskId(1)];
    let position = store.append(append).unwrap();
    store.durable(position).await.unwrap();
    let listed = async |after, limit| {
        let inquiries = store.inquiries(after, limit).await.unwrap();
        let keys = inquiries
            .iter()
            .map(|(run, inquiry)| (run.0, inquiry.task.0));
        keys.collect::<Vec<_>>()
    };
    assert_eq!(
        listed(None, 9).await,
        [(3, 1), (3, 2), (2, 2), (1, 1), (1, 2)]
    );
    assert_eq!(
        listed(Some((RunId(3), TaskId(2))), 2).await,
        [(2, 2), (1, 1)]
    );
}
