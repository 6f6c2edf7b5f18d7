//! Replays a journal and compares what comes out.

use std::collections::HashMap;
use std::sync::Arc;

use attune_core::projection::RunSummary;
use attune_core::step::step;
use attune_core::{Definition, Digest, Event, Run};
use redb::ReadTransaction;

use super::Found;
use crate::fault::Outcome;
use crate::seal::Sealer;
use crate::{blob, journal, table};

/// As many definitions are kept while runs of the same workflows follow each other.
const MAX_DEFINITIONS: usize = 256;

pub(super) struct Replayer<'a> {
    tx: &'a ReadTransaction,
    sealer: &'a Sealer,
    definitions: HashMap<Digest, Option<Arc<Definition>>>,
}

impl<'a> Replayer<'a> {
    pub(super) fn new(tx: &'a ReadTransaction, sealer: &'a Sealer) -> Self {
        Self {
            tx,
            sealer,
            definitions: HashMap::new(),
        }
    }

    /// Replays the run of `summary`.
    pub(super) fn look(&mut self, summary: &RunSummary, found: &mut Found) -> Outcome<()> {
        let id = summary.id;
        let events = journal::events(self.tx, self.sealer, id, 0, usize::MAX)?;
        found.events = events.len() as u64;
        let snapshot = journal::snapshot(self.tx, self.sealer, id)?;
        if let Some((seen, _)) = &snapshot
            && *seen > found.events
        {
            let text = format!("its machine has seen {seen} of {} events", found.events);
            found.problems.push(text);
            return Ok(());
        }
        let Some(definition) = self.definition(summary.workflow.digest)? else {
            let text = format!(
                "its workflow {:?} is missing or unreadable",
                summary.workflow.digest
            );
            found.problems.push(text);
            return Ok(());
        };
        if let Some(run) = replay(&definition, &events, snapshot, &mut found.problems) {
            self.compare(summary, &run, &mut found.problems)?;
        }
        Ok(())
    }

    fn compare(&self, summary: &RunSummary, run: &Run, problems: &mut Vec<String>) -> Outcome<()> {
        if run.status() != summary.status {
            problems.push(format!(
                "it is listed as `{}` and was left `{}` by its journal",
                summary.status.as_str(),
                run.status().as_str()
            ));
        }
        let timers = self.tx.open_table(table::TIMER)?;
        let shard = summary.id.shard().0;
        for (timer, due) in run.timers() {
            let row = (shard, due.0, summary.id.0, timer.0);
            if redb::ReadableTable::get(&timers, row)?.is_none() {
                problems.push(format!("its timer {} is missing", timer.0));
            }
        }
        Ok(())
    }

    fn definition(&mut self, digest: Digest) -> Outcome<Option<Arc<Definition>>> {
        if let Some(known) = self.definitions.get(&digest) {
            return Ok(known.clone());
        }
        let source = blob::get(self.tx, digest)?;
        let definition = source.and_then(|source| {
            let text = std::str::from_utf8(&source).ok()?;
            attune_core::spec::parse(text).definition.map(Arc::new)
        });
        if self.definitions.len() == MAX_DEFINITIONS {
            self.definitions.clear();
        }
        self.definitions.insert(digest, definition.clone());
        Ok(definition)
    }
}

/// Returns the machine after all events, unless one does not fit.
fn replay(
    definition: &Definition,
    events: &[Event],
    snapshot: Option<(u64, Run)>,
    problems: &mut Vec<String>,
) -> Option<Run> {
    let mut run = Run::default();
    for (number, event) in (1..).zip(events) {
        if let Err(error) = step(definition, &mut run, event) {
            problems.push(format!("event {} does not fit: {error}", number - 1));
            return None;
        }
        if let Some((seen, kept)) = &snapshot
            && *seen == number
            && *kept != run
        {
            problems.push(format!(
                "its machine is not what its first {number} events give"
            ));
        }
    }
    Some(run)
}
