//! What a store must hold: the appends in their order, and the state that a prefix of them gives.

use std::collections::{BTreeMap, BTreeSet};

use attune_core::event::TimerId;
use attune_core::run::RunStatus;
use attune_core::{Digest, Event, RunId, TaskId, Timestamp};
use attune_driver::port::{Append, Idempotency, RunFilter, Store as _, Views};
use attune_store::Store;

use crate::disk::Chance;
use crate::sample::{birth, end, inquiry, numbered, started, step};

/// State of one run.
#[derive(Clone, Debug, Default)]
struct Run {
    events: Vec<Event>,
    status: Option<RunStatus>,
    timers: BTreeSet<(TimerId, Timestamp)>,
    inquiries: BTreeSet<TaskId>,
    snapshot: Option<u64>,
}

impl Run {
    fn is_over(&self) -> bool {
        self.status.is_some_and(RunStatus::is_over)
    }

    fn apply(&mut self, append: &Append) {
        self.events.extend(append.events.iter().cloned());
        let rows = &append.rows;
        if let Some(summary) = &rows.summary {
            self.status = Some(summary.status);
        }
        self.timers.extend(rows.timers_set.iter().copied());
        for timer in &rows.timers_gone {
            self.timers.remove(timer);
        }
        self.inquiries
            .extend(rows.inquiries_opened.iter().map(|open| open.task));
        for task in &rows.inquiries_closed {
            self.inquiries.remove(task);
        }
        if append.snapshot.is_some() {
            self.snapshot = Some(self.events.len() as u64);
        }
    }
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    log: Vec<Append>,
    runs: BTreeMap<u64, Run>,
}

impl Model {
    pub(crate) fn len(&self) -> usize {
        self.log.len()
    }

    pub(crate) fn push(&mut self, append: Append) {
        self.runs.entry(append.run.0).or_default().apply(&append);
        self.log.push(append);
    }

    /// Makes up the next append.
    pub(crate) fn next(&self, chance: &mut Chance) -> Append {
        let working: Vec<u64> = self
            .runs
            .iter()
            .filter(|(_, run)| !run.is_over())
            .map(|(id, _)| *id)
            .collect();
        if working.is_empty() || chance.percent(20) {
            return self.birth(chance);
        }
        let id = working[chance.below(working.len() as u64) as usize];
        let run = &self.runs[&id];
        let expected = run.events.len() as u64;
        let mut append = if chance.percent(25) {
            let status = [RunStatus::Completed, RunStatus::Failed][chance.below(2) as usize];
            end(id, expected, status)
        } else {
            let events = expected..=expected + chance.below(3);
            step(id, expected, events.map(numbered).collect())
        };
        append.secret = chance.percent(10);
        append.rows.runnable &= chance.percent(70);
        if let Some(timer) = run.timers.first() {
            append.rows.timers_gone.push(*timer);
        }
        if let Some(task) = run.inquiries.first() {
            append.rows.inquiries_closed.push(*task);
        }
        if append.rows.live && chance.percent(30) {
            let timer = (TimerId(expected), Timestamp(chance.below(1_000)));
            append.rows.timers_set.push(timer);
            append.rows.inquiries_opened.push(inquiry(expected));
        }
        append
    }

    fn birth(&self, chance: &mut Chance) -> Append {
        let id = self
            .runs
            .last_key_value()
            .map_or(1, |(id, _)| id + 1 + chance.below(2));
        let mut append = birth(id);
        if chance.percent(20) {
            let text = "x".repeat(chance.below(20_000) as usize);
            append.events = vec![started(id, attune_core::Value::text(text))];
        }
        append.idempotency = chance.percent(50).then_some(Idempotency {
            key: Digest::of(&id.to_le_bytes()),
            body: Digest([0; 32]),
            expires: Timestamp(u64::MAX),
        });
        append
    }

    /// Compares with an opened store, of which the first `acknowledged` appends must be there,
    /// and more may be, in order. What is lost is forgotten here too.
    pub(crate) async fn verify(&mut self, store: &Store, acknowledged: usize) {
        let journals = self.journals(store).await;
        let kept = self.kept(&journals);
        assert!(
            kept >= acknowledged,
            "{acknowledged} appends were acknowledged, {kept} are there"
        );
        let log = std::mem::take(&mut self.log);
        self.runs.clear();
        for append in log.into_iter().take(kept) {
            self.push(append);
        }
        for (id, run) in &self.runs {
            assert!(journals[id] == run.events, "events of run {id}");
            self.verify_run(store, RunId(*id), run).await;
        }
        self.verify_lists(store).await;
    }

    async fn journals(&self, store: &Store) -> BTreeMap<u64, Vec<Event>> {
        let mut journals = BTreeMap::new();
        for id in self.runs.keys() {
            let events = store.events(RunId(*id), 0, usize::MAX).await;
            journals.insert(*id, events.unwrap());
        }
        journals
    }

    /// Returns how many appends the store holds, which must be the first ones.
    fn kept(&self, journals: &BTreeMap<u64, Vec<Event>>) -> usize {
        let is_kept = |append: &Append| {
            let events = journals[&append.run.0].len() as u64;
            events >= append.expected + append.events.len() as u64
        };
        let kept = self.log.iter().take_while(|append| is_kept(append)).count();
        assert!(
            !self.log[kept..].iter().any(is_kept),
            "an append is there though one before it is not"
        );
        kept
    }

    async fn verify_run(&self, store: &Store, id: RunId, run: &Run) {
        let summary = store.summary(id).await.unwrap().unwrap();
        assert_eq!(Some(summary.status), run.status, "status of run {id}");
        let loaded = store.load(id).await.unwrap().unwrap();
        let seen = loaded.snapshot.map(|(seen, _)| seen);
        assert_eq!(seen, run.snapshot, "machine of run {id}");
        let rest = run.events.len() as u64 - seen.unwrap_or(0);
        assert_eq!(loaded.events.len() as u64, rest);
    }

    async fn verify_lists(&self, store: &Store) {
        for status in RunStatus::ALL {
            let filter = RunFilter {
                status: vec![status],
                ..RunFilter::default()
            };
            let found = store.runs(&filter, None, usize::MAX >> 1).await.unwrap();
            let found: Vec<u64> = found.into_iter().map(|run| run.id.0).collect();
            let of_status = |(id, run): (&u64, &Run)| (run.status == Some(status)).then_some(*id);
            let expected: Vec<u64> = self.runs.iter().rev().filter_map(of_status).collect();
            assert_eq!(found, expected, "runs {status:?}");
        }
        let working = self.runs.values().filter(|run| !run.is_over()).count();
        assert_eq!(store.live_count().await.unwrap(), working as u64);
        self.verify_work(store).await;
        let last = |run: u64| {
            self.log
                .iter()
                .rev()
                .find(|append| append.run.0 == run)
                .unwrap()
        };
        let mut runnable = Vec::new();
        for (shard, _) in store.shards().await {
            runnable.extend(store.live(shard, None, usize::MAX).await.unwrap());
        }
        runnable.sort_unstable();
        let expected = self.runs.keys().filter(|id| {
            let rows = &last(**id).rows;
            rows.live && rows.runnable
        });
        assert!(
            runnable.iter().map(|run| &run.0).eq(expected),
            "runnable runs"
        );
    }

    async fn verify_work(&self, store: &Store) {
        let mut timers = BTreeSet::new();
        for (shard, _) in store.shards().await {
            let (due, next) = store
                .due(shard, Timestamp(u64::MAX), usize::MAX)
                .await
                .unwrap();
            assert_eq!(next, None);
            timers.extend(due.into_iter().map(|due| {
                let attune_driver::port::TimerKind::Machine(timer) = due.kind;
                (due.run.0, (timer, due.due))
            }));
        }
        let of = |(id, run): (&u64, &Run)| {
            let id = *id;
            run.timers.clone().into_iter().map(move |timer| (id, timer))
        };
        assert_eq!(timers, self.runs.iter().flat_map(of).collect(), "timers");
        let inquiries = store.inquiries(None, usize::MAX).await.unwrap();
        let found: BTreeSet<(u64, TaskId)> = inquiries
            .into_iter()
            .map(|(run, open)| (run.0, open.task))
            .collect();
        let of = |(id, run): (&u64, &Run)| {
            let id = *id;
            run.inquiries
                .clone()
                .into_iter()
                .map(move |task| (id, task))
        };
        assert_eq!(found, self.runs.iter().flat_map(of).collect(), "inquiries");
        for append in &self.log {
            if let Some(key) = append.idempotency {
                let found = store.idempotent(key.key, Timestamp(0)).await.unwrap();
                assert_eq!(found, Some((append.run, key.body)), "idempotency key");
            }
        }
    }
}
