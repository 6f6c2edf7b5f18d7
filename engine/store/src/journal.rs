//! Reads journals: events by number, a run's number of events, and what a machine is rebuilt from.

use std::sync::Arc;

use attune_core::{Event, RunId};
use attune_driver::codec;
use attune_driver::port::{Loaded, StoreError};
use redb::{ReadTransaction, ReadableTable};

use crate::fault::Outcome;
use crate::run;
use crate::seal::{Place, Sealer};
use crate::table;

/// Returns how many events a run has.
pub(crate) fn count(tx: &ReadTransaction, sealer: &Sealer, run: RunId) -> Outcome<u64> {
    let table = tx.open_table(table::EVENT)?;
    let Some(last) = table.range((run.0, 0)..=(run.0, u64::MAX))?.next_back() else {
        return Ok(0);
    };
    let (key, value) = last?;
    let first = key.value().1;
    let place = Place::Run("event", run.0, first);
    let count = codec::count_events(place, &sealer.open(place, value.value())?)?;
    Ok(first + count)
}

/// Returns a run's events from number `first` on, at most `limit`.
pub(crate) fn events(
    tx: &ReadTransaction,
    sealer: &Sealer,
    run: RunId,
    first: u64,
    limit: usize,
) -> Outcome<Vec<Event>> {
    let table = tx.open_table(table::EVENT)?;
    let from = match table.range((run.0, 0)..=(run.0, first))?.next_back() {
        Some(chunk) => chunk?.0.value().1,
        None => return Ok(Vec::new()),
    };
    let mut events = Vec::new();
    let mut expected = from;
    for chunk in table.range((run.0, from)..=(run.0, u64::MAX))? {
        if events.len() >= limit {
            break;
        }
        let (key, value) = chunk?;
        let number = key.value().1;
        let place = Place::Run("event", run.0, number);
        if number != expected {
            let text = format!("`{place}` should begin at event {expected}");
            return Err(StoreError::Corrupt(text.into()).into());
        }
        let bytes = sealer.open(place, value.value())?;
        expected += codec::count_events(place, &bytes)?;
        let skip = usize::try_from(first.saturating_sub(number)).unwrap_or(usize::MAX);
        events.extend(codec::decode_events(place, &bytes, skip)?);
    }
    events.truncate(limit);
    Ok(events)
}

/// Returns what a run's machine is rebuilt from.
pub(crate) fn load(tx: &ReadTransaction, sealer: &Sealer, run: RunId) -> Outcome<Option<Loaded>> {
    let Some(summary) = run::summary(tx, sealer, run)? else {
        return Ok(None);
    };
    let snapshot = snapshot(tx, sealer, run)?;
    let seen = snapshot.as_ref().map_or(0, |(seen, _)| *seen);
    Ok(Some(Loaded {
        events: events(tx, sealer, run, seen, usize::MAX)?,
        snapshot: snapshot.map(|(seen, machine)| (seen, Arc::new(machine))),
        definition: summary.workflow.digest,
    }))
}

/// Returns a run's kept machine and the number of events it has seen.
pub(crate) fn snapshot(
    tx: &ReadTransaction,
    sealer: &Sealer,
    run: RunId,
) -> Outcome<Option<(u64, attune_core::Run)>> {
    let place = Place::Run("snapshot", run.0, 0);
    let table = tx.open_table(table::SNAPSHOT)?;
    let Some(value) = ReadableTable::get(&table, run.0)? else {
        return Ok(None);
    };
    let bytes = sealer.open(place, value.value())?;
    Ok(Some(codec::decode_snapshot(place, &bytes)?))
}
