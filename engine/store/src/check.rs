//! Looks for damage: replays every journal through the machine and compares what comes out with
//! the kept machine, the summary, the timers and the indexes. Changes nothing.

mod content;
mod replay;
mod tally;

use std::fmt;

use attune_core::RunId;
use attune_driver::port::StoreError;
use redb::{ReadTransaction, ReadableTable};

use crate::fault::{Fault, Outcome};
use crate::run;
use crate::shared::Shared;
use crate::store::Store;
use crate::table;

use replay::Replayer;
use tally::Tally;

/// As many problems are told; a store with more is beyond a list.
const MAX_PROBLEMS: usize = 1_000;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Runs looked at.
    pub runs: u64,
    /// Events replayed.
    pub events: u64,
    /// Contents whose digest was compared.
    pub contents: u64,
    /// What is wrong: at most 1 000 entries.
    pub problems: Vec<Problem>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The run it is about.
    pub run: Option<RunId>,
    /// What it is.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.run {
            Some(run) => write!(f, "run `{run}`: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl Report {
    pub(crate) fn tell(&mut self, run: Option<RunId>, text: impl Into<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            let text = text.into();
            self.problems.push(Problem { run, text });
        }
    }
}

impl Store {
    /// Checks the synced state as it is now, while the store works on. Blocks for as long as
    /// reading everything takes.
    ///
    /// # Errors
    /// If the store cannot be read at all; damage is in the report.
    pub fn check(&self) -> Result<Report, StoreError> {
        Ok(check(&self.shared)?)
    }
}

/// Checks the synced state.
pub(crate) fn check(shared: &Shared) -> Outcome<Report> {
    let tx = shared.read()?;
    let mut report = Report::default();
    let mut replayer = Replayer::new(&tx, &shared.sealer);
    let mut tally = Tally::default();
    let runs = tx.open_table(table::RUN)?;
    for row in runs.iter()? {
        let (run, stored) = row?;
        let run = RunId(run.value());
        report.runs += 1;
        match look(
            &tx,
            shared,
            (run, stored.value()),
            &mut replayer,
            &mut tally,
        ) {
            Ok(found) => {
                report.events += found.events;
                for text in found.problems {
                    report.tell(Some(run), text);
                }
            }
            Err(Fault(StoreError::Corrupt(text))) => report.tell(Some(run), &*text),
            Err(fault) => return Err(fault),
        }
    }
    tally.compare(&tx, &mut report)?;
    content::check(&tx, &mut report)?;
    Ok(report)
}

/// What was found of one run.
#[derive(Default)]
struct Found {
    events: u64,
    problems: Vec<String>,
}

fn look(
    tx: &ReadTransaction,
    shared: &Shared,
    (run, stored): (RunId, &[u8]),
    replayer: &mut Replayer<'_>,
    tally: &mut Tally,
) -> Outcome<Found> {
    let summary = run::read(&shared.sealer, run, stored)?;
    let mut found = Found::default();
    tally.look(tx, &summary, &mut found.problems)?;
    replayer.look(&summary, &mut found)?;
    Ok(found)
}
