//! The store's side of the port that lists and details are read through. Single rows are read in
//! place; what may take long is read on a thread of its own.

use async_trait::async_trait;
use attune_core::effect::OpenInquiry;
use attune_core::projection::RunSummary;
use attune_core::{Event, RunId, TaskId};
use attune_driver::port::{Loaded, LogFilter, LogRecord, RunFilter, RunPage, StoreError, Views};

use crate::store::Store;
use crate::{inquiry, journal, live, log, run};

/// As many pages are read to fill one list that cannot be continued: a million runs.
const MAX_PAGES: usize = 100;

#[async_trait]
impl Views for Store {
    async fn summary(&self, run: RunId) -> Result<Option<RunSummary>, StoreError> {
        let shared = &self.shared;
        Ok(run::summary(&shared.read()?, &shared.sealer, run)?)
    }

    async fn runs(
        &self,
        filter: &RunFilter,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunSummary>, StoreError> {
        let (mut runs, mut after) = (Vec::new(), after);
        for _page in 0..MAX_PAGES {
            let page = self.run_page(filter, after, limit - runs.len()).await?;
            runs.extend(page.runs);
            after = page.next;
            if after.is_none() || runs.len() >= limit {
                break;
            }
        }
        Ok(runs)
    }

    async fn run_page(
        &self,
        filter: &RunFilter,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<RunPage, StoreError> {
        let filter = filter.clone();
        self.shared
            .scan(move |shared, tx| run::page(tx, &shared.sealer, &filter, after, limit))
            .await
    }

    async fn loaded(&self, run: RunId) -> Result<Option<Loaded>, StoreError> {
        self.shared
            .scan(move |shared, tx| journal::load(tx, &shared.sealer, run))
            .await
    }

    async fn events(&self, run: RunId, first: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.shared
            .scan(move |shared, tx| journal::events(tx, &shared.sealer, run, first, limit))
            .await
    }

    async fn logs(
        &self,
        run: RunId,
        filter: &LogFilter,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<LogRecord>, StoreError> {
        let filter = filter.clone();
        self.shared
            .scan(move |shared, tx| log::records(tx, &shared.sealer, run, &filter, (after, limit)))
            .await
    }

    async fn inquiries(
        &self,
        after: Option<(RunId, TaskId)>,
        limit: usize,
    ) -> Result<Vec<(RunId, OpenInquiry)>, StoreError> {
        self.shared
            .scan(move |shared, tx| inquiry::list(tx, &shared.sealer, after, limit))
            .await
    }

    async fn live_count(&self) -> Result<u64, StoreError> {
        Ok(live::count(&self.shared.read()?)?)
    }
}
