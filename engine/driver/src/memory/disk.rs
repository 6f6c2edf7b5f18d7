//! What is "on disk": journals and the rows derived from them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use attune_core::effect::OpenInquiry;
use attune_core::event::{EventKind, TimerId};
use attune_core::projection::{Projection, RunSummary};
use attune_core::{Digest, Event, Run, RunId, Shard, TaskId, Timestamp};

use crate::port::{Append, Due, Idempotency, Loaded, LogRecord, TimerKind};

#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) runs: BTreeMap<RunId, RunRows>,
    pub(super) inquiries: BTreeMap<(Reverse<RunId>, TaskId), OpenInquiry>,
    timers: BTreeSet<(Shard, Timestamp, RunId, TimerId)>,
    runnable: BTreeSet<(Shard, RunId)>,
    keys: HashMap<Digest, (RunId, Idempotency)>,
}

#[derive(Debug, Default)]
pub(super) struct RunRows {
    pub(super) summary: Option<RunSummary>,
    pub(super) events: Vec<Event>,
    pub(super) logs: Vec<LogRecord>,
    pub(super) live: bool,
    snapshot: Option<(u64, Arc<Run>)>,
}

impl Disk {
    /// Returns the number of events of a run.
    pub(super) fn events(&self, run: RunId) -> u64 {
        self.runs
            .get(&run)
            .map_or(0, |rows| rows.events.len() as u64)
    }

    pub(super) fn apply(&mut self, append: Append) {
        let run = append.run;
        self.apply_rows(append.shard, run, append.rows);
        if let Some(remember) = append.idempotency {
            self.keys.insert(remember.key, (run, remember));
        }
        let rows = self.runs.entry(run).or_default();
        rows.events.extend(append.events);
        if let Some(machine) = append.snapshot {
            rows.snapshot = Some((rows.events.len() as u64, machine));
        }
        for (task, attempt, lines) in append.logs {
            let first = rows.logs.len() as u64 + 1;
            rows.logs
                .extend((first..).zip(lines).map(|(number, line)| LogRecord {
                    number,
                    task,
                    attempt,
                    line,
                }));
        }
    }

    fn apply_rows(&mut self, shard: Shard, run: RunId, rows: Projection) {
        for (timer, due) in rows.timers_set {
            self.timers.insert((shard, due, run, timer));
        }
        for (timer, due) in rows.timers_gone {
            self.timers.remove(&(shard, due, run, timer));
        }
        for inquiry in rows.inquiries_opened {
            self.inquiries.insert((Reverse(run), inquiry.task), inquiry);
        }
        for task in rows.inquiries_closed {
            self.inquiries.remove(&(Reverse(run), task));
        }
        if rows.runnable {
            self.runnable.insert((shard, run));
        } else {
            self.runnable.remove(&(shard, run));
        }
        let stored = self.runs.entry(run).or_default();
        stored.live = rows.live;
        if let Some(summary) = rows.summary {
            stored.summary = Some(*summary);
        }
    }

    pub(super) fn load(&self, run: RunId) -> Option<Loaded> {
        let rows = self.runs.get(&run)?;
        let EventKind::RunStarted(birth) = &rows.events.first()?.kind else {
            return None;
        };
        let seen = rows.snapshot.as_ref().map_or(0, |(seen, _)| *seen as usize);
        Some(Loaded {
            snapshot: rows.snapshot.clone(),
            events: rows.events[seen..].to_vec(),
            definition: birth.workflow.digest,
        })
    }

    pub(super) fn runnable(&self, shard: Shard, after: Option<RunId>, limit: usize) -> Vec<RunId> {
        let after = after.unwrap_or(RunId(0));
        let rows = self.runnable.range((shard, RunId(after.0 + 1))..);
        rows.take_while(|(of, _)| *of == shard)
            .map(|(_, run)| *run)
            .take(limit)
            .collect()
    }

    pub(super) fn due(
        &self,
        shard: Shard,
        until: Timestamp,
        limit: usize,
    ) -> (Vec<Due>, Option<Timestamp>) {
        let first = (shard, Timestamp(0), RunId(0), TimerId(0));
        let mut rows = self.timers.range(first..);
        let mut found = Vec::new();
        loop {
            let Some(&(_, due, run, timer)) = rows.next().filter(|(of, ..)| *of == shard) else {
                return (found, None);
            };
            if due > until || found.len() == limit {
                return (found, Some(due));
            }
            let kind = TimerKind::Machine(timer);
            found.push(Due { run, kind, due });
        }
    }

    pub(super) fn remembered(&self, key: Digest, now: Timestamp) -> Option<(RunId, Digest)> {
        let (run, remembered) = self.keys.get(&key)?;
        (remembered.expires > now).then_some((*run, remembered.body))
    }
}
