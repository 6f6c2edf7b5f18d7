//! The writer: one thread that turns all that waits into one transaction and one sync.
//!
//! Readers see a commit before anybody who waited for it hears of it. A commit that fails may or
//! may not be on disk: the store takes nothing more until it was opened again.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Instant;

use attune_core::Digest;
use attune_driver::port::StoreError;

use crate::fault::{Fault, Outcome};
use crate::job::Job;
use crate::rows::Rows;
use crate::rule::Former;
use crate::shared::Shared;
use crate::tail::{Batch, State};

/// As many references of contents are remembered; beyond, they are written again, which changes
/// nothing.
const MAX_REFERENCED: usize = 16_384;

/// Starts the writer.
pub(crate) fn start(shared: Arc<Shared>) -> std::io::Result<JoinHandle<()>> {
    let writer = Writer {
        shared,
        former: None,
        referenced: HashSet::new(),
    };
    std::thread::Builder::new()
        .name("attune-store".to_owned())
        .spawn(move || writer.run())
}

struct Writer {
    shared: Arc<Shared>,
    former: Option<Former>,
    /// Contents that have a row for a group of runs.
    referenced: HashSet<(Digest, u64)>,
}

impl Writer {
    fn run(mut self) {
        let _guard = FailOnPanic(Arc::clone(&self.shared));
        while let Some(batch) = self.wait() {
            self.former = Some(Former {
                began: Instant::now(),
                count: batch.appends.len() + batch.jobs.len(),
            });
            if let Err(Fault(error)) = self.commit(batch) {
                tracing::error!(%error, "the store has failed and must be opened again");
                self.shared.fail(&error);
                return;
            }
        }
    }

    /// Waits until something is to be committed; `None` when the store closes.
    fn wait(&self) -> Option<Batch> {
        let shared = &self.shared;
        let mut tail = shared.tail();
        loop {
            let now = Instant::now();
            let poisoned = std::sync::PoisonError::into_inner;
            tail = match tail.commit_at(self.former) {
                Some(at) if at <= now => {
                    tail.asleep = false;
                    return Some(tail.take());
                }
                Some(at) => {
                    tail.asleep = true;
                    let woken = shared.wake.wait_timeout(tail, at - now);
                    woken.unwrap_or_else(|error| error.into_inner()).0
                }
                None if matches!(tail.state, State::Closing) => return None,
                None => {
                    tail.asleep = true;
                    shared.wake.wait(tail).unwrap_or_else(poisoned)
                }
            };
        }
    }

    fn commit(&mut self, batch: Batch) -> Outcome<()> {
        if self.referenced.len() > MAX_REFERENCED {
            self.referenced.clear();
        }
        let rows = Rows::new(batch.appends, &self.shared.sealer, &mut self.referenced);
        let mut jobs = batch.jobs;
        let result = self.together(&rows, &mut jobs);
        let apart = match result {
            Ok(together) => !together,
            Err(fault) => {
                finish(jobs, Err(&fault.0));
                return Err(fault);
            }
        };
        if apart && let Err(fault) = self.rows_alone(&rows) {
            finish(jobs, Err(&fault.0));
            return Err(fault);
        }
        self.settled(&jobs, !apart);
        if jobs.iter().any(|job| job.changes_catalog()) {
            // It may have removed references.
            self.referenced.clear();
        }
        self.shared.settle(batch.last, batch.bytes);
        if apart {
            self.one_by_one(jobs)
        } else {
            finish(jobs, Ok(()));
            Ok(())
        }
    }

    /// Commits rows and jobs in one transaction; gives it up and returns `false` if a job fails.
    fn together(&self, rows: &Rows, jobs: &mut [Box<dyn Job>]) -> Outcome<bool> {
        let tx = self.shared.begin()?;
        rows.apply(&tx, &self.shared.sealer)?;
        for job in jobs {
            if let Err(Fault(error)) = job.run(&tx) {
                tracing::warn!(%error, "a change of the store failed and is tried alone");
                tx.abort()?;
                return Ok(false);
            }
        }
        tx.commit()?;
        Ok(true)
    }

    fn rows_alone(&self, rows: &Rows) -> Outcome<()> {
        let tx = self.shared.begin()?;
        rows.apply(&tx, &self.shared.sealer)?;
        tx.commit()?;
        Ok(())
    }

    /// Gives each job its own transaction, so that one that fails spoils no other.
    fn one_by_one(&self, jobs: Vec<Box<dyn Job>>) -> Outcome<()> {
        let mut jobs = jobs.into_iter();
        while let Some(mut job) = jobs.next() {
            match self.alone(&mut *job) {
                Ok(result) => {
                    self.settled(std::slice::from_ref(&job), true);
                    job.finish(result);
                }
                Err(fault) => {
                    job.finish(Err(fault.0.clone()));
                    finish(jobs.collect(), Err(&fault.0));
                    return Err(fault);
                }
            }
        }
        Ok(())
    }

    /// The inner error is the job's alone, the outer one the store's.
    fn alone(&self, job: &mut dyn Job) -> Outcome<Result<(), StoreError>> {
        let tx = self.shared.begin()?;
        if let Err(Fault(error)) = job.run(&tx) {
            tx.abort()?;
            return Ok(Err(error));
        }
        tx.commit()?;
        Ok(Ok(()))
    }

    /// Counts a commit and, before anybody is answered, marks the catalog as changed.
    fn settled(&self, jobs: &[Box<dyn Job>], done: bool) {
        self.shared.commits.fetch_add(1, Ordering::Relaxed);
        if done && jobs.iter().any(|job| job.changes_catalog()) {
            self.shared.generation.fetch_add(1, Ordering::Release);
        }
    }
}

fn finish(jobs: Vec<Box<dyn Job>>, result: Result<(), &StoreError>) {
    for job in jobs {
        job.finish(result.map_err(StoreError::clone));
    }
}

/// If the writer panics, nobody must wait for it for ever.
struct FailOnPanic(Arc<Shared>);

impl Drop for FailOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let error = StoreError::Io("its writer stopped unexpectedly".into());
            self.0.fail(&error);
        }
    }
}
