//! Counts the rows that runs must have in every table: those of each run are there, and there are
//! no others.

use attune_core::projection::RunSummary;
use redb::{ReadTransaction, ReadableTable, ReadableTableMetadata};

use super::Report;
use crate::fault::Outcome;
use crate::rows::index_rows;
use crate::table::{self, Table};

/// How many rows were found through runs.
#[derive(Debug, Default)]
pub(super) struct Tally {
    runs: u64,
    parents: u64,
    labels: u64,
    live: u64,
    events: u64,
    logs: u64,
    inquiries: u64,
    snapshots: u64,
}

impl Tally {
    /// Looks for the rows of one run.
    pub(super) fn look(
        &mut self,
        tx: &ReadTransaction,
        run: &RunSummary,
        problems: &mut Vec<String>,
    ) -> Outcome<()> {
        let id = run.id.0;
        let rows = index_rows(run);
        let status = tx.open_table(table::RUN_BY_STATUS)?;
        let mut expect = |there: bool, name: &str| {
            if !there {
                problems.push(format!("it is missing in `{name}`"));
            }
        };
        expect(
            ReadableTable::get(&status, rows.status)?.is_some(),
            "run_by_status",
        );
        expect(
            has(tx, table::RUN_BY_WORKFLOW, rows.workflow)?,
            "run_by_workflow",
        );
        if let Some(row) = rows.parent {
            expect(has(tx, table::RUN_BY_PARENT, row)?, "run_by_parent");
            self.parents += 1;
        }
        for row in &rows.labels {
            expect(has(tx, table::RUN_BY_LABEL, *row)?, "run_by_label");
            self.labels += 1;
        }
        let live = tx.open_table(table::LIVE)?;
        let mut rows = 0;
        for waits in [0, 1] {
            let row = ReadableTable::get(&live, (run.id.shard().0, waits, id))?;
            rows += u64::from(row.is_some());
        }
        expect(rows == u64::from(!run.status.is_over()), "live");
        self.runs += 1;
        self.live += rows;
        self.events += count(tx, table::EVENT, id)?;
        self.logs += count(tx, table::LOG, id)?;
        self.inquiries += count(tx, table::INQUIRY, id)?;
        let snapshots = tx.open_table(table::SNAPSHOT)?;
        self.snapshots += u64::from(ReadableTable::get(&snapshots, id)?.is_some());
        Ok(())
    }

    /// Tells of tables that have more or fewer rows.
    pub(super) fn compare(&self, tx: &ReadTransaction, report: &mut Report) -> Outcome<()> {
        let mut expect = |name: &str, rows: u64, expected: u64| {
            if rows != expected {
                report.tell(
                    None,
                    format!("table `{name}` has {rows} rows where its runs have {expected}"),
                );
            }
        };
        let rows = tx.open_table(table::RUN_BY_STATUS)?.len()?;
        expect("run_by_status", rows, self.runs);
        let rows = tx.open_table(table::RUN_BY_WORKFLOW)?.len()?;
        expect("run_by_workflow", rows, self.runs);
        let rows = tx.open_table(table::RUN_BY_PARENT)?.len()?;
        expect("run_by_parent", rows, self.parents);
        let rows = tx.open_table(table::RUN_BY_LABEL)?.len()?;
        expect("run_by_label", rows, self.labels);
        let rows = tx.open_table(table::LIVE)?.len()?;
        expect("live", rows, self.live);
        let rows = tx.open_table(table::EVENT)?.len()?;
        expect("event", rows, self.events);
        let rows = tx.open_table(table::LOG)?.len()?;
        expect("log", rows, self.logs);
        let rows = tx.open_table(table::INQUIRY)?.len()?;
        expect("inquiry", rows, self.inquiries);
        let rows = tx.open_table(table::SNAPSHOT)?.len()?;
        expect("snapshot", rows, self.snapshots);
        Ok(())
    }
}

fn has(tx: &ReadTransaction, table: Table<(u64, u64), ()>, row: (u64, u64)) -> Outcome<bool> {
    let table = tx.open_table(table)?;
    Ok(ReadableTable::get(&table, row)?.is_some())
}

fn count(tx: &ReadTransaction, table: Table<(u64, u64), &[u8]>, run: u64) -> Outcome<u64> {
    let table = tx.open_table(table)?;
    let mut rows = 0;
    for row in table.range((run, 0)..=(run, u64::MAX))? {
        row?;
        rows += 1;
    }
    Ok(rows)
}
