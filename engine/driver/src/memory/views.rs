//! The readers' side of the memory store.

use std::cmp::Reverse;

use async_trait::async_trait;
use attune_core::effect::OpenInquiry;
use attune_core::projection::RunSummary;
use attune_core::{Event, RunId, TaskId, pack_of};

use super::MemoryStore;
use crate::port::{Loaded, LogFilter, LogRecord, RunFilter, StoreError, Views};

#[async_trait]
impl Views for MemoryStore {
    async fn summary(&self, run: RunId) -> Result<Option<RunSummary>, StoreError> {
        let state = self.state();
        state.usable()?;
        let rows = state.disk.runs.get(&run);
        Ok(rows.and_then(|rows| rows.summary.clone()))
    }

    async fn runs(
        &self,
        filter: &RunFilter,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunSummary>, StoreError> {
        let state = self.state();
        state.usable()?;
        let before = after.unwrap_or(RunId(u64::MAX));
        let summaries = state.disk.runs.range(..before).rev();
        Ok(summaries
            .filter_map(|(_, rows)| rows.summary.as_ref())
            .filter(|summary| fits(filter, summary))
            .take(limit)
            .cloned()
            .collect())
    }

    async fn loaded(&self, run: RunId) -> Result<Option<Loaded>, StoreError> {
        let state = self.state();
        state.usable()?;
        Ok(state.disk.load(run))
    }

    async fn events(&self, run: RunId, first: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        let state = self.state();
        state.usable()?;
        let events = state.disk.runs.get(&run).into_iter();
        Ok(events
            .flat_map(|rows| rows.events.iter())
            .skip(usize::try_from(first).unwrap_or(usize::MAX))
            .take(limit)
            .cloned()
            .collect())
    }

    async fn logs(
        &self,
        run: RunId,
        filter: &LogFilter,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<LogRecord>, StoreError> {
        let state = self.state();
        state.usable()?;
        let wanted = |record: &&LogRecord| {
            after.is_none_or(|after| record.number > after)
                && filter.task.is_none_or(|task| record.task == task)
                && filter.attempt.is_none_or(|n| record.attempt == n)
                && filter.level.is_none_or(|level| record.line.level >= level)
        };
        let logs = state.disk.runs.get(&run).into_iter();
        Ok(logs
            .flat_map(|rows| rows.logs.iter())
            .filter(wanted)
            .take(limit)
            .cloned()
            .collect())
    }

    async fn inquiries(
        &self,
        after: Option<(RunId, TaskId)>,
        limit: usize,
    ) -> Result<Vec<(RunId, OpenInquiry)>, StoreError> {
        let state = self.state();
        state.usable()?;
        let after = after.map(|(run, task)| (Reverse(run), task));
        let beyond = |key: &(Reverse<RunId>, TaskId)| after.is_none_or(|after| *key > after);
        let open = state.disk.inquiries.iter();
        Ok(open
            .filter(|(key, _)| beyond(key))
            .take(limit)
            .map(|(key, inquiry)| (key.0.0, inquiry.clone()))
            .collect())
    }

    async fn live_count(&self) -> Result<u64, StoreError> {
        let state = self.state();
        state.usable()?;
        let live = state.disk.runs.values().filter(|rows| rows.live);
        Ok(live.count() as u64)
    }
}

fn fits(filter: &RunFilter, run: &RunSummary) -> bool {
    let reference = &run.workflow.reference;
    let in_pack = |pack: &std::sync::Arc<str>| pack_of(reference) == &**pack;
    filter.workflow.as_ref().is_none_or(|of| of == reference)
        && (filter.status.is_empty() || filter.status.contains(&run.status))
        && filter.since.is_none_or(|since| run.created >= since)
        && filter.until.is_none_or(|until| run.created < until)
        && (filter.parent).is_none_or(|of| run.parent.is_some_and(|parent| parent.run == of))
        && filter.labels.iter().all(|label| run.labels.contains(label))
        && filter
            .search
            .as_deref()
            .is_none_or(|text| mentions(run, text))
        && (filter.packs.is_empty() || filter.packs.iter().any(in_pack))
}

/// Looks for `text`, any case, in name, workflow and error message.
fn mentions(run: &RunSummary, text: &str) -> bool {
    let text = text.to_lowercase();
    let error = run.error.as_ref().map(|(_, failure)| &*failure.message);
    [run.name.as_deref(), Some(&*run.workflow.reference), error]
        .into_iter()
        .flatten()
        .any(|within| within.to_lowercase().contains(&text))
}
