//! What the outside world was told. None of it may ever turn out untrue.

use std::collections::BTreeMap;
use std::sync::Arc;

use attune_core::run::RunStatus;
use attune_core::{Event, RunId, Value};
use attune_driver::handle::Observed;

use crate::plan::Told;

/// What the outside world was told, over all lives.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// By idempotency key: the run that was started.
    pub(crate) started: BTreeMap<u64, RunId>,
    /// Commands that were acknowledged.
    pub(crate) told: Vec<(RunId, Told)>,
    /// Events that were shown.
    pub(crate) seen: BTreeMap<(RunId, u64), (Arc<Event>, RunStatus)>,
    /// How runs have ended.
    pub(crate) ended: BTreeMap<RunId, (RunStatus, Value)>,
}

impl Record {
    /// A start was acknowledged.
    pub(crate) fn start(&mut self, key: u64, run: RunId) {
        let known = *self.started.entry(key).or_insert(run);
        assert_eq!(known, run, "key {key} has started two runs");
    }

    /// An event was shown.
    pub(crate) fn see(&mut self, run: RunId, observed: Observed) {
        let shown = (observed.event, observed.status);
        let known = self.seen.entry((run, observed.number));
        let known = known.or_insert_with(|| shown.clone());
        assert_eq!(
            *known, shown,
            "event {} of run {run} changed",
            observed.number
        );
    }

    /// An end was shown.
    pub(crate) fn end(&mut self, run: RunId, status: RunStatus, output: Value) {
        let shown = (status, output);
        let known = self.ended.entry(run).or_insert_with(|| shown.clone());
        assert_eq!(*known, shown, "the end of run {run} changed");
    }
}
