//! Which runs have work, and which timers are due: what an owner of a shard asks at its start and
//! while time passes.

use attune_core::event::TimerId;
use attune_core::{RunId, Shard, Timestamp};
use attune_driver::codec;
use attune_driver::port::{Due, TimerKind};
use redb::{ReadTransaction, ReadableTableMetadata};

use crate::fault::Outcome;
use crate::seal::Place;
use crate::table;

/// Returns runs of a shard that a start must load, in order of id, after `after`.
pub(crate) fn runs(
    tx: &ReadTransaction,
    shard: Shard,
    after: Option<RunId>,
    limit: usize,
) -> Outcome<Vec<RunId>> {
    let from = after.map_or(0, |after| after.0.saturating_add(1));
    let table = tx.open_table(table::LIVE)?;
    let rows = table.range((shard.0, 0, from)..=(shard.0, 0, u64::MAX))?;
    rows.take(limit)
        .map(|row| Ok(RunId(row?.0.value().2)))
        .collect()
}

/// Counts runs that work or wait.
pub(crate) fn count(tx: &ReadTransaction) -> Outcome<u64> {
    Ok(tx.open_table(table::LIVE)?.len()?)
}

/// Returns timers of a shard that are due at `until`, and when the first one after them is due.
pub(crate) fn due(
    tx: &ReadTransaction,
    shard: Shard,
    until: Timestamp,
    limit: usize,
) -> Outcome<(Vec<Due>, Option<Timestamp>)> {
    let table = tx.open_table(table::TIMER)?;
    let mut due = Vec::new();
    let all = (shard.0, 0, 0, 0)..=(shard.0, u64::MAX, u64::MAX, u64::MAX);
    for row in table.range(all)? {
        let (key, kind) = row?;
        let (_, at, run, number) = key.value();
        if at > until.0 || due.len() == limit {
            return Ok((due, Some(Timestamp(at))));
        }
        due.push(Due {
            run: RunId(run),
            kind: kind_of(run, number, kind.value())?,
            due: Timestamp(at),
        });
    }
    Ok((due, None))
}

fn kind_of(run: u64, number: u64, bytes: &[u8]) -> Outcome<TimerKind> {
    let kind = codec::decode(Place::Run("timer", run, number), bytes)?;
    debug_assert_eq!(kind, TimerKind::Machine(TimerId(number)));
    Ok(kind)
}
