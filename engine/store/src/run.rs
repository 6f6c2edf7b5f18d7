//! Summaries of runs: one, or a list newest first, through an index where one fits.
//!
//! Indexes only narrow down: every summary is compared with the whole filter.

use attune_core::RunId;
use attune_core::projection::RunSummary;
use attune_core::run::RunStatus;
use attune_driver::codec;
use attune_driver::port::{RunFilter, RunPage};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, WriteTransaction};

use crate::fault::Outcome;
use crate::seal::{Place, Sealer};
use crate::table::{self, Table};

/// As many summaries are looked at for one page; some 20 ms.
const MAX_LOOKED_AT: usize = 10_000;

/// Returns a run's summary.
pub(crate) fn summary(
    tx: &ReadTransaction,
    sealer: &Sealer,
    run: RunId,
) -> Outcome<Option<RunSummary>> {
    get(&tx.open_table(table::RUN)?, sealer, run)
}

/// Returns a run's summary as a change sees it.
pub(crate) fn in_transaction(
    tx: &WriteTransaction,
    sealer: &Sealer,
    run: RunId,
) -> Outcome<Option<RunSummary>> {
    get(&tx.open_table(table::RUN)?, sealer, run)
}

fn get(
    table: &impl ReadableTable<u64, &'static [u8]>,
    sealer: &Sealer,
    run: RunId,
) -> Outcome<Option<RunSummary>> {
    let row = table.get(run.0)?;
    row.map(|row| read(sealer, run, row.value())).transpose()
}

/// Reads a stored summary.
pub(crate) fn read(sealer: &Sealer, run: RunId, stored: &[u8]) -> Outcome<RunSummary> {
    let place = Place::Run("run", run.0, 0);
    Ok(codec::decode(place, &sealer.open(place, stored)?)?)
}

/// Returns runs that pass `filter`, newest first, older than `after`.
pub(crate) fn page(
    tx: &ReadTransaction,
    sealer: &Sealer,
    filter: &RunFilter,
    after: Option<RunId>,
    limit: usize,
) -> Outcome<RunPage> {
    let table = tx.open_table(table::RUN)?;
    let before = after.map_or(u64::MAX, |after| after.0);
    let sieve = Sieve::new(filter);
    let mut page = RunPage::default();
    let mut last = None;
    for (looked_at, run) in candidates(tx, &table, filter, before)?.enumerate() {
        if page.runs.len() == limit || looked_at == MAX_LOOKED_AT {
            page.next = last;
            return Ok(page);
        }
        let run = RunId(run?);
        last = Some(run);
        if let Some(summary) = get(&table, sealer, run)?
            && sieve.passes(&summary)
        {
            page.runs.push(summary);
        }
    }
    Ok(page)
}

type Ids<'a> = Box<dyn Iterator<Item = Outcome<u64>> + 'a>;

/// Returns the ids of runs that may pass, falling, through the index that narrows down most.
fn candidates<'a>(
    tx: &ReadTransaction,
    runs: &'a ReadOnlyTable<u64, &'static [u8]>,
    filter: &RunFilter,
    before: u64,
) -> Outcome<Ids<'a>> {
    if let Some(parent) = filter.parent {
        return indexed(tx, table::RUN_BY_PARENT, parent.0, before);
    }
    if let Some((name, value)) = filter.labels.first() {
        let label = table::label_key(name, value);
        return indexed(tx, table::RUN_BY_LABEL, label, before);
    }
    let few = filter.status.iter().all(|status| !status.is_over());
    if let Some(workflow) = &filter.workflow
        && (filter.status.is_empty() || !few)
    {
        let workflow = table::workflow_key(workflow);
        return indexed(tx, table::RUN_BY_WORKFLOW, workflow, before);
    }
    if !filter.status.is_empty() {
        return by_status(tx, &filter.status, before);
    }
    let rows = ReadableTable::range(runs, ..before)?.rev();
    Ok(Box::new(rows.map(|row| Ok(row?.0.value()))))
}

fn indexed<'a>(
    tx: &ReadTransaction,
    index: Table<(u64, u64), ()>,
    value: u64,
    before: u64,
) -> Outcome<Ids<'a>> {
    let rows = tx.open_table(index)?.range((value, 0)..(value, before))?;
    Ok(Box::new(rows.rev().map(|row| Ok(row?.0.value().1))))
}

/// Merges the runs of several statuses.
fn by_status<'a>(tx: &ReadTransaction, statuses: &[RunStatus], before: u64) -> Outcome<Ids<'a>> {
    let index = tx.open_table(table::RUN_BY_STATUS)?;
    let mut keys: Vec<u8> = statuses.iter().copied().map(table::status_key).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut lists = Vec::new();
    for key in keys {
        let rows = index.range((key, 0)..(key, before))?.rev();
        lists.push(
            rows.map(|row| -> Outcome<u64> { Ok(row?.0.value().1) })
                .peekable(),
        );
    }
    Ok(Box::new(std::iter::from_fn(move || {
        let next = |list: &mut std::iter::Peekable<_>| match list.peek() {
            Some(Ok(run)) => Some(*run),
            // An error goes first: nothing is left out.
            Some(Err(_)) => Some(u64::MAX),
            None => None,
        };
        let heads = lists.iter_mut().enumerate();
        let (_, place) = heads
            .filter_map(|(place, list)| Some((next(list)?, place)))
            .max()?;
        lists[place].next()
    })))
}

/// The whole filter, ready to be compared with many summaries.
struct Sieve<'a> {
    filter: &'a RunFilter,
    search: Option<String>,
}

impl<'a> Sieve<'a> {
    fn new(filter: &'a RunFilter) -> Self {
        Self {
            filter,
            search: filter.search.as_ref().map(|text| text.to_lowercase()),
        }
    }

    fn passes(&self, run: &RunSummary) -> bool {
        let filter = self.filter;
        let workflow = &*run.workflow.reference;
        let of_pack = |pack: &str| {
            let rest = workflow.strip_prefix(pack);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        filter.workflow.as_deref().is_none_or(|w| w == workflow)
            && (filter.status.is_empty() || filter.status.contains(&run.status))
            && filter.since.is_none_or(|since| run.created >= since)
            && filter.until.is_none_or(|until| run.created < until)
            && filter
                .parent
                .is_none_or(|id| run.parent.is_some_and(|parent| parent.run == id))
            && filter.labels.iter().all(|label| run.labels.contains(label))
            && (filter.packs.is_empty() || filter.packs.iter().any(|pack| of_pack(pack)))
            && self.found(run)
    }

    fn found(&self, run: &RunSummary) -> bool {
        let Some(search) = &self.search else {
            return true;
        };
        let has = |text: &str| text.to_lowercase().contains(search);
        run.name.as_deref().is_some_and(has)
            || has(&run.workflow.reference)
            || run
                .error
                .as_ref()
                .is_some_and(|(_, failure)| has(&failure.message))
    }
}
