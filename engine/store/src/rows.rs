//! The rows that a commit's appends make, table by table and in order of their keys, which is how
//! a B-tree takes them cheapest. Nothing is read back that memory knows.

use std::collections::HashSet;
use std::sync::Arc;

use attune_core::projection::RunSummary;
use attune_core::{Digest, RunId};
use attune_driver::codec::{self, LogChunk};
use attune_driver::port::{Idempotency, TimerKind};
use redb::{Key, Value, WriteTransaction};

use crate::append::Prepared;
use crate::counter::Liveness;
use crate::fault::Outcome;
use crate::log;
use crate::seal::{Place, Sealer};
use crate::table::{self, Table};

/// A row to write, or with `None` to remove.
type Change<K, V> = (K, Option<V>);

/// (shard, whether it only waits, run).
type LiveKey = (u8, u8, u64);
/// (shard, due, run, number).
type TimerKey = (u8, u64, u64, u64);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    run: Vec<(u64, Vec<u8>)>,
    event: Vec<((u64, u64), Vec<u8>)>,
    snapshot: Vec<(u64, Vec<u8>)>,
    /// A row without priority keeps the one that the run's summary has.
    live: Vec<Change<LiveKey, Option<i32>>>,
    timer: Vec<Change<TimerKey, Vec<u8>>>,
    by_status: Vec<Change<(u8, u64), ()>>,
    by_workflow: Vec<Change<(u64, u64), ()>>,
    by_parent: Vec<Change<(u64, u64), ()>>,
    by_label: Vec<Change<(u64, u64), ()>>,
    inquiry: Vec<Change<(u64, u64), Vec<u8>>>,
    logs: Vec<(RunId, bool, Vec<LogChunk>)>,
    keys: Vec<(Idempotency, RunId)>,
    references: Vec<(Digest, u64)>,
}

impl Rows {
    /// Makes the rows of a commit. `referenced` holds the contents known to have a row for a
    /// group of runs already; those that get one now are added.
    pub(crate) fn new(
        mut appends: Vec<Prepared>,
        sealer: &Sealer,
        referenced: &mut HashSet<(Digest, u64)>,
    ) -> Self {
        appends.sort_by_key(|append| append.run);
        let mut rows = Self::default();
        let mut all = appends.into_iter().peekable();
        while let Some(mut run) = all.next() {
            while let Some(later) = all.next_if(|next| next.run == run.run) {
                run.absorb(later);
            }
            rows.reference(&run, referenced);
            rows.collect(run, sealer);
        }
        rows.sort();
        rows
    }

    fn reference(&mut self, run: &Prepared, referenced: &mut HashSet<(Digest, u64)>) {
        let group = run.run.0 / table::RUNS_PER_REFERENCE;
        for digest in &run.pins {
            if referenced.insert((*digest, group)) {
                self.references.push((*digest, group));
            }
        }
    }

    fn collect(&mut self, run: Prepared, sealer: &Sealer) {
        let id = run.run.0;
        self.collect_live(&run);
        self.collect_timers(&run);
        self.collect_inquiries(&run, sealer);
        if let Some(summary) = &run.rows.summary {
            self.collect_summary(&run, summary, sealer);
        }
        if let Some(snapshot) = run.snapshot {
            let place = Place::Run("snapshot", id, 0);
            let value = sealer.seal_if(run.secret, place, snapshot);
            self.snapshot.push((id, value));
        }
        let mut first = run.first;
        for chunk in run.chunks {
            let next = first + chunk.count();
            let place = Place::Run("event", id, first);
            let value = sealer.seal_if(run.secret, place, chunk.into_bytes());
            self.event.push(((id, first), value));
            first = next;
        }
        if !run.logs.is_empty() {
            self.logs.push((run.run, run.secret, run.logs));
        }
        self.keys
            .extend(run.keys.into_iter().map(|key| (key, run.run)));
    }

    fn collect_summary(&mut self, run: &Prepared, summary: &RunSummary, sealer: &Sealer) {
        let id = run.run.0;
        let secret = run.secret || summary.secret;
        let value = sealer.seal_if(secret, Place::Run("run", id, 0), codec::encode(summary));
        self.run.push((id, value));
        let status = table::status_key(summary.status);
        match run.rows.status_before.map(table::status_key) {
            Some(before) if before == status => {}
            Some(before) => {
                self.by_status.push(((before, id), None));
                self.by_status.push(((status, id), Some(())));
            }
            None => {
                self.by_status.push(((status, id), Some(())));
                self.collect_birth(summary);
            }
        }
    }

    fn collect_birth(&mut self, summary: &RunSummary) {
        let rows = index_rows(summary);
        self.by_workflow.push((rows.workflow, Some(())));
        self.by_parent
            .extend(rows.parent.map(|row| (row, Some(()))));
        let labels = rows.labels.into_iter();
        self.by_label.extend(labels.map(|row| (row, Some(()))));
    }

    fn collect_live(&mut self, run: &Prepared) {
        let after = Liveness::of(&run.rows);
        if run.live_before == Some(after) {
            return;
        }
        let key = |waits| (run.shard.0, waits, run.run.0);
        let priority = run.rows.summary.as_ref().map(|summary| summary.priority);
        for (waits, state) in [(0, Liveness::Runnable), (1, Liveness::Waiting)] {
            if after == state {
                self.live.push((key(waits), Some(priority)));
            } else if run.live_before.is_none_or(|before| before == state) {
                self.live.push((key(waits), None));
            }
        }
    }

    fn collect_timers(&mut self, run: &Prepared) {
        let (set, gone) = (&run.rows.timers_set, &run.rows.timers_gone);
        let key = |(timer, due): &(attune_core::event::TimerId, attune_core::Timestamp)| {
            (run.shard.0, due.0, run.run.0, timer.0)
        };
        for timer in set.iter().filter(|timer| !gone.contains(timer)) {
            let kind = codec::encode(&TimerKind::Machine(timer.0));
            self.timer.push((key(timer), Some(kind)));
        }
        for timer in gone.iter().filter(|timer| !set.contains(timer)) {
            self.timer.push((key(timer), None));
        }
    }

    fn collect_inquiries(&mut self, run: &Prepared, sealer: &Sealer) {
        let (opened, closed) = (&run.rows.inquiries_opened, &run.rows.inquiries_closed);
        let id = run.run.0;
        for inquiry in opened.iter().filter(|open| !closed.contains(&open.task)) {
            let key = (id, !inquiry.task.0);
            let place = Place::Run("inquiry", id, inquiry.task.0);
            let value = sealer.seal_if(run.secret, place, codec::encode(inquiry));
            self.inquiry.push((key, Some(value)));
        }
        let was_open = |task: &&attune_core::TaskId| !opened.iter().any(|open| open.task == **task);
        for task in closed.iter().filter(was_open) {
            self.inquiry.push(((id, !task.0), None));
        }
    }

    /// Sorts what is not in order of runs already.
    fn sort(&mut self) {
        self.live.sort_unstable_by_key(|(key, _)| *key);
        self.timer.sort_unstable_by_key(|(key, _)| *key);
        self.by_status.sort_unstable_by_key(|(key, _)| *key);
        self.by_workflow.sort_unstable_by_key(|(key, _)| *key);
        self.by_parent.sort_unstable_by_key(|(key, _)| *key);
        self.by_label.sort_unstable_by_key(|(key, _)| *key);
        self.keys.sort_unstable_by_key(|(key, _)| key.key);
        self.references.sort_unstable();
    }

    /// Writes all rows.
    pub(crate) fn apply(&self, tx: &WriteTransaction, sealer: &Sealer) -> Outcome<()> {
        put(tx, table::RUN, &self.run)?;
        put(tx, table::EVENT, &self.event)?;
        put(tx, table::SNAPSHOT, &self.snapshot)?;
        self.apply_live(tx, sealer)?;
        let timers = self.timer.iter();
        change(tx, table::TIMER, timers.map(|(k, v)| (*k, v.as_deref())))?;
        change(tx, table::RUN_BY_STATUS, self.by_status.iter().copied())?;
        change(tx, table::RUN_BY_WORKFLOW, self.by_workflow.iter().copied())?;
        change(tx, table::RUN_BY_PARENT, self.by_parent.iter().copied())?;
        change(tx, table::RUN_BY_LABEL, self.by_label.iter().copied())?;
        let inquiries = self.inquiry.iter();
        change(
            tx,
            table::INQUIRY,
            inquiries.map(|(k, v)| (*k, v.as_deref())),
        )?;
        log::append(tx, sealer, &self.logs)?;
        self.apply_keys(tx)?;
        if !self.references.is_empty() {
            let mut table = tx.open_table(table::BLOB_REF)?;
            for (digest, group) in &self.references {
                table.insert((&digest.0, *group), ())?;
            }
        }
        Ok(())
    }

    fn apply_live(&self, tx: &WriteTransaction, sealer: &Sealer) -> Outcome<()> {
        if self.live.is_empty() {
            return Ok(());
        }
        let mut live = tx.open_table(table::LIVE)?;
        for (key, row) in &self.live {
            match row {
                Some(Some(priority)) => drop(live.insert(*key, *priority)?),
                Some(None) => {
                    let summary = crate::run::in_transaction(tx, sealer, RunId(key.2))?;
                    let priority = summary.map_or(0, |summary| summary.priority);
                    live.insert(*key, priority)?;
                }
                None => drop(live.remove(*key)?),
            }
        }
        Ok(())
    }

    fn apply_keys(&self, tx: &WriteTransaction) -> Outcome<()> {
        if self.keys.is_empty() {
            return Ok(());
        }
        let mut keys = tx.open_table(table::KEY)?;
        let mut expiries = tx.open_table(table::KEY_EXPIRY)?;
        for (key, run) in &self.keys {
            let row = (run.0, &key.body.0, key.expires.0);
            let before = keys.insert(&key.key.0, row)?;
            let expired = before.map(|row| row.value().2);
            if let Some(expired) = expired {
                expiries.remove((expired, &key.key.0))?;
            }
            expiries.insert((key.expires.0, &key.key.0), ())?;
        }
        Ok(())
    }
}

/// A run's rows in the indexes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct IndexRows {
    pub(crate) status: (u8, u64),
    pub(crate) workflow: (u64, u64),
    pub(crate) parent: Option<(u64, u64)>,
    pub(crate) labels: Vec<(u64, u64)>,
}

/// Returns the rows that a run has in the indexes.
pub(crate) fn index_rows(summary: &RunSummary) -> IndexRows {
    let id = summary.id.0;
    let label = |(name, value): &(Arc<str>, Arc<str>)| (table::label_key(name, value), id);
    IndexRows {
        status: (table::status_key(summary.status), id),
        workflow: (table::workflow_key(&summary.workflow.reference), id),
        parent: summary.parent.map(|parent| (parent.run.0, id)),
        labels: summary.labels.iter().map(label).collect(),
    }
}

fn put<'a, K>(
    tx: &WriteTransaction,
    table: Table<K, &[u8]>,
    rows: &'a [(K::SelfType<'a>, Vec<u8>)],
) -> Outcome<()>
where
    K: Key + 'static,
    K::SelfType<'a>: Copy,
{
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = tx.open_table(table)?;
    for (key, value) in rows {
        table.insert(*key, value.as_slice())?;
    }
    Ok(())
}

fn change<'a, K, V>(
    tx: &WriteTransaction,
    table: Table<K, V>,
    rows: impl Iterator<Item = Change<K::SelfType<'a>, V::SelfType<'a>>>,
) -> Outcome<()>
where
    K: Key + 'static,
    V: Value + 'static,
{
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    let mut table = tx.open_table(table)?;
    for (key, row) in rows {
        match row {
            Some(value) => drop(table.insert(key, value)?),
            None => drop(table.remove(key)?),
        }
    }
    Ok(())
}
