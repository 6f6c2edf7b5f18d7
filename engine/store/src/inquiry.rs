//! Open inquiries, newest run first.

use attune_core::effect::OpenInquiry;
use attune_core::{RunId, TaskId};
use attune_driver::codec;
use redb::ReadTransaction;

use crate::fault::Outcome;
use crate::seal::{Place, Sealer};
use crate::table;

/// Returns open inquiries older than `after`.
pub(crate) fn list(
    tx: &ReadTransaction,
    sealer: &Sealer,
    after: Option<(RunId, TaskId)>,
    limit: usize,
) -> Outcome<Vec<(RunId, OpenInquiry)>> {
    let table = tx.open_table(table::INQUIRY)?;
    let end = after.map_or((u64::MAX, u64::MAX), |(run, task)| (run.0, !task.0));
    let rows = table.range(..end)?.rev().take(limit);
    rows.map(|row| {
        let (key, value) = row?;
        let (run, task) = key.value();
        let place = Place::Run("inquiry", run, !task);
        let bytes = sealer.open(place, value.value())?;
        Ok((RunId(run), codec::decode(place, &bytes)?))
    })
    .collect()
}
