//! A pool of attempts in this process, behind [`Dispatch`].
//!
//! Every attempt is one owned task with a token of its own; whatever happens to it, panics
//! included, exactly one [`Finished`] comes out.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use attune_core::AttemptId;
use attune_core::error::{Failure, kind};
use attune_core::event::{Outcome, Usage};
use futures::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::port::{Attempt, Dispatch, Finished, Full, Runner};

/// Attempts at a time unless said otherwise; their memory is bounded by the runner.
pub const ATTEMPTS: usize = 256;

/// Runs attempts with a [`Runner`], on the tokio runtime it was made for.
pub struct LocalDispatch<R> {
    runner: Arc<R>,
    runtime: Handle,
    pool: Mutex<Pool>,
    limit: usize,
    done: mpsc::Sender<Finished>,
    finished: tokio::sync::Mutex<mpsc::Receiver<Finished>>,
}

#[derive(Default)]
struct Pool {
    /// Taken but not yet given back by `finished`.
    taken: usize,
    running: HashMap<AttemptId, CancellationToken>,
    tasks: JoinSet<()>,
}

impl<R> std::fmt::Debug for LocalDispatch<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalDispatch")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl<R: Runner> LocalDispatch<R> {
    /// Makes a pool of `limit` places whose attempts run on `runtime`.
    pub fn new(runner: Arc<R>, limit: usize, runtime: Handle) -> Self {
        let limit = limit.max(1);
        let (done, finished) = mpsc::channel(limit);
        Self {
            runner,
            runtime,
            pool: Mutex::default(),
            limit,
            done,
            finished: tokio::sync::Mutex::new(finished),
        }
    }

    /// Interrupts everything that runs and drops it.
    pub fn abort(&self) {
        let mut pool = self.pool();
        pool.running.values().for_each(CancellationToken::cancel);
        pool.tasks.abort_all();
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        // Nothing in here panics half-way, so a poisoned pool is still whole.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Runner> Dispatch for LocalDispatch<R> {
    fn offer(&self, attempt: Box<Attempt>) -> Result<(), Full> {
        let mut pool = self.pool();
        if pool.taken == self.limit {
            return Err(Full(attempt));
        }
        while pool.tasks.try_join_next().is_some() {}
        pool.taken += 1;
        let stop = CancellationToken::new();
        pool.running.insert(attempt.id, stop.clone());
        let (runner, done) = (self.runner.clone(), self.done.clone());
        let work = async move {
            let finished = supervised(&*runner, *attempt, stop).await;
            // The channel has a place for each attempt taken; it is closed only with the pool.
            drop(done.try_send(finished));
        };
        pool.tasks.spawn_on(work, &self.runtime);
        Ok(())
    }

    fn interrupt(&self, id: AttemptId) {
        if let Some(stop) = self.pool().running.get(&id) {
            stop.cancel();
        }
    }

    async fn finished(&self) -> Finished {
        let next = self.finished.lock().await.recv().await;
        let finished = next.expect("`self` holds a sender, so the channel is open");
        let mut pool = self.pool();
        pool.taken -= 1;
        pool.running.remove(&finished.id);
        finished
    }
}

/// Runs an attempt; a panic of the runner becomes an outcome.
async fn supervised<R: Runner>(runner: &R, attempt: Attempt, stop: CancellationToken) -> Finished {
    let id = attempt.id;
    let run = AssertUnwindSafe(runner.run(attempt, stop)).catch_unwind();
    run.await.unwrap_or_else(|_panic| {
        let failure = Failure::engine(kind::ENGINE, "the engine failed while running the attempt");
        Finished {
            id,
            outcome: Outcome::Failed(failure.retryable()),
            usage: Usage::default(),
            logs: Vec::new(),
        }
    })
}

#[cfg(test)]
mod tests;
