//! Log lines of runs: appended with the events they belong to, read by cursor.

use attune_core::RunId;
use attune_driver::codec::{self, LogChunk};
use attune_driver::port::{LogFilter, LogRecord};
use redb::{ReadTransaction, ReadableTable, WriteTransaction};

use crate::fault::Outcome;
use crate::seal::{Place, Sealer};
use crate::table;

/// As many values (of up to 64 KiB) are looked at for one answer.
const MAX_CHUNKS: usize = 4096;

/// Appends log lines of runs after those they have.
pub(crate) fn append(
    tx: &WriteTransaction,
    sealer: &Sealer,
    logs: &[(RunId, bool, Vec<LogChunk>)],
) -> Outcome<()> {
    if logs.is_empty() {
        return Ok(());
    }
    let mut table = tx.open_table(table::LOG)?;
    for (run, secret, chunks) in logs {
        let mut next = next(&table, sealer, *run)?;
        for chunk in chunks {
            let place = Place::Run("log", run.0, next);
            let value = sealer.seal_if(*secret, place, chunk.clone().into_bytes());
            table.insert((run.0, next), value.as_slice())?;
            next += chunk.count();
        }
    }
    Ok(())
}

/// Returns the number of a run's next line.
fn next(
    table: &impl ReadableTable<(u64, u64), &'static [u8]>,
    sealer: &Sealer,
    run: RunId,
) -> Outcome<u64> {
    let Some(last) = table.range((run.0, 0)..=(run.0, u64::MAX))?.next_back() else {
        return Ok(1);
    };
    let (key, value) = last?;
    let first = key.value().1;
    let place = Place::Run("log", run.0, first);
    let bytes = sealer.open(place, value.value())?;
    Ok(first + codec::count_lines(place, &bytes)?)
}

/// Returns log lines of a run after the cursor `after`.
pub(crate) fn records(
    tx: &ReadTransaction,
    sealer: &Sealer,
    run: RunId,
    filter: &LogFilter,
    (after, limit): (Option<u64>, usize),
) -> Outcome<Vec<LogRecord>> {
    let table = tx.open_table(table::LOG)?;
    let from = after.map_or(1, |after| after.saturating_add(1));
    let start = match table.range((run.0, 0)..=(run.0, from))?.next_back() {
        Some(chunk) => chunk?.0.value().1,
        None => return Ok(Vec::new()),
    };
    let mut records = Vec::new();
    let chunks = table.range((run.0, start)..=(run.0, u64::MAX))?;
    for chunk in chunks.take(MAX_CHUNKS) {
        let (key, value) = chunk?;
        let first = key.value().1;
        let place = Place::Run("log", run.0, first);
        let bytes = sealer.open(place, value.value())?;
        let blocks = codec::decode_logs(place, &bytes, |task, attempt| {
            filter.task.is_none_or(|wanted| wanted == task)
                && filter.attempt.is_none_or(|wanted| wanted == attempt)
        })?;
        let lines = blocks.into_iter().flat_map(|block| {
            (first + block.first..)
                .zip(block.lines)
                .map(move |(number, line)| LogRecord {
                    number,
                    task: block.task,
                    attempt: block.attempt,
                    line,
                })
        });
        let wanted = |record: &LogRecord| {
            record.number >= from && filter.level.is_none_or(|level| record.line.level >= level)
        };
        records.extend(lines.filter(wanted));
        if records.len() >= limit {
            break;
        }
    }
    records.truncate(limit);
    Ok(records)
}
