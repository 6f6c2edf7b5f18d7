//! The written form of every record, held fast by the fixtures of `engine/driver/fixtures`.
//!
//! Until the first release a change of a record may change format 1; then run
//! `ATTUNE_BLESS=1 cargo test -p attune-driver codec` once and commit the fixtures.
//! After it, a change needs a new format and the fixtures of the old one stay.

mod sample;

use std::path::PathBuf;

use attune_core::TaskId;

use super::*;
use crate::port::StoreError;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join(format!("fixtures/format-{FORMAT}"))
        .join(format!("{name}.bin"))
}

/// Compares what is written now with the fixture; writes the fixture if told to.
fn check_written(name: &str, written: &[u8]) {
    let path = fixture(name);
    if std::env::var_os("ATTUNE_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, written).unwrap();
    }
    let golden = std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(
        golden == written,
        "the written form of `{name}` has changed: see the head of codec/tests.rs"
    );
}

fn check_record<R: Record + PartialEq + std::fmt::Debug>(name: &str, sample: R) {
    check_written(name, &encode(&sample));
    let golden = std::fs::read(fixture(name)).unwrap();
    assert_eq!(decode::<R>("golden", &golden).unwrap(), sample);
}

#[test]
fn records_are_written_as_in_the_fixtures() {
    check_record("run", sample::summary());
    check_record("inquiry", sample::inquiry());
    check_record("timer", sample::timer());
    check_record("workflow", sample::workflow());
    check_record("action", sample::action());
    check_record("pack", sample::pack());
    check_record("token", sample::token());
    check_record("kv", sample::kv());
    check_record("secret", sample::value());
}

#[test]
fn events_are_written_as_in_the_fixture() {
    let events = sample::events();
    let mut chunks = encode_events(&events);
    assert_eq!(chunks.len(), 1);
    check_written("events", &chunks.remove(0).into_bytes());
    let golden = std::fs::read(fixture("events")).unwrap();
    assert_eq!(decode_events("golden", &golden, 0).unwrap(), events);
}

#[test]
fn snapshots_are_written_as_in_the_fixture() {
    let run = sample::run();
    check_written("snapshot", &encode_snapshot(3, &run));
    let golden = std::fs::read(fixture("snapshot")).unwrap();
    assert_eq!(decode_snapshot("golden", &golden).unwrap(), (3, run));
}

#[test]
fn logs_are_written_as_in_the_fixture() {
    let mut chunk = LogChunk::new(TaskId(1), 1, &sample::lines("first"));
    chunk
        .join(LogChunk::new(TaskId(2), 3, &sample::lines("second")))
        .unwrap();
    check_written("log", &chunk.into_bytes());
    let golden = std::fs::read(fixture("log")).unwrap();
    let blocks = decode_logs("golden", &golden, |task, _| task == TaskId(2)).unwrap();
    assert_eq!(
        blocks,
        [LogBlock {
            first: 2,
            task: TaskId(2),
            attempt: 3,
            lines: sample::lines("second"),
        }]
    );
    assert_eq!(count_lines("golden", &golden).unwrap(), 4);
}

#[test]
fn joined_chunks_read_as_one() {
    let events = sample::events();
    let (early, late) = events.split_at(2);
    let mut chunk = encode_events(early).remove(0);
    chunk.join(encode_events(late).remove(0)).unwrap();
    let joined = chunk.into_bytes();
    assert_eq!(joined, encode_events(&events).remove(0).into_bytes());
    assert_eq!(
        count_events("joined", &joined).unwrap(),
        events.len() as u64
    );
    assert_eq!(decode_events("joined", &joined, 2).unwrap(), late);
}

#[test]
fn chunks_are_bounded_unless_one_event_is_larger() {
    let event = |bytes: usize| sample::event_of_size(bytes);
    let sizes = |events: &[attune_core::Event]| {
        let chunks = encode_events(events);
        chunks.iter().map(EventChunk::count).collect::<Vec<_>>()
    };
    assert_eq!(sizes(&[]), Vec::<u64>::new());
    assert_eq!(sizes(&[event(30_000), event(30_000), event(10)]), [3]);
    assert_eq!(sizes(&[event(30_000), event(40_000), event(10)]), [1, 2]);
    assert_eq!(sizes(&[event(10), event(100_000), event(10)]), [1, 1, 1]);
    let mut full = encode_events(&[event(60_000)]).remove(0);
    let more = encode_events(&[event(10_000)]).remove(0);
    assert_eq!(full.join(more.clone()), Err(more));
}

#[test]
fn damage_is_named() {
    let cases: [(&[u8], &str); 5] = [
        (&[], "timer `7`: it is empty"),
        (&[9, 0, 1], "timer `7`: its format 9 is unknown"),
        (&[FORMAT, 0], "timer `7`: "),
        (&[FORMAT, 0, 1, 5], "timer `7`: 1 bytes too many"),
        (&[FORMAT, 77, 1], "timer `7`: "),
    ];
    for (bytes, expected) in cases {
        let Err(StoreError::Corrupt(text)) = decode::<crate::port::TimerKind>(7, bytes) else {
            panic!("{bytes:?} was read");
        };
        assert!(text.starts_with(expected), "{text}");
    }
}

#[test]
fn cut_or_changed_chunks_never_panic() {
    let events = encode_events(&sample::events()).remove(0).into_bytes();
    let log = LogChunk::new(TaskId(1), 1, &sample::lines("x")).into_bytes();
    for cut in 0..events.len() {
        decode_events("cut", &events[..cut], 0).unwrap_err();
    }
    for cut in 0..log.len() {
        decode_logs("cut", &log[..cut], |_, _| true).unwrap_err();
    }
    for place in 0..log.len() {
        let mut changed = log.clone();
        changed[place] ^= 0x55;
        let _ = decode_logs("changed", &changed, |_, _| true).is_ok();
    }
}
