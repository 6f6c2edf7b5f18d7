//! The fake runner, and a dispatcher that checks what it is offered.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use attune_core::error::Failure;
use attune_core::event::{Outcome, Usage};
use attune_core::{AttemptId, EventKind, Value};
use attune_driver::LocalDispatch;
use attune_driver::port::{Attempt, Dispatch, Finished, Full, Runner, Views};
use futures::FutureExt;
use tokio_util::sync::CancellationToken;

use crate::chance::Chance;
use crate::disk::SimStore;

/// Takes a random time and answers by the input: flaky ones fail at first, broken ones always.
#[derive(Debug)]
pub(crate) struct FakeRunner {
    pub(crate) chance: Chance,
    /// The longest that an attempt takes.
    pub(crate) most_ms: u64,
}

impl Runner for FakeRunner {
    async fn run(&self, attempt: Attempt, stop: CancellationToken) -> Finished {
        let takes = self.chance.time(self.most_ms);
        let is = |flag: &str| attempt.input.get(flag).and_then(Value::as_bool) == Some(true);
        let fails = is("broken") || (is("flaky") && attempt.id.attempt < 3);
        let panics = fails && self.chance.one_in(3);
        let interrupted = tokio::select! {
            biased;
            () = stop.cancelled() => true,
            () = tokio::time::sleep(takes) => false,
        };
        let outcome = if interrupted {
            Outcome::Interrupted
        } else if panics {
            // Without the panic hook: a thousand seeds would print a thousand backtraces.
            std::panic::resume_unwind(Box::new("the runner dies as it was told to"))
        } else if fails {
            Outcome::Failed(Failure::engine("sim", "as it was told to").retryable())
        } else {
            let value = attempt.input.get("value").and_then(Value::as_i64);
            Outcome::Succeeded(Value::Int(value.unwrap_or(-1) * 2 + 1))
        };
        Finished {
            id: attempt.id,
            outcome,
            usage: Usage::default(),
            logs: Vec::new(),
        }
    }
}

/// What was offered over all lives.
#[derive(Debug, Default)]
pub(crate) struct Offered {
    /// Effectful attempts: each may be offered once, for ever.
    effects: HashSet<AttemptId>,
    /// In flight in this life.
    running: HashSet<AttemptId>,
    pub(crate) count: u64,
}

/// Checks each offer: an effectful attempt must have its start on disk, and come only once.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) inner: LocalDispatch<FakeRunner>,
    pub(crate) store: Arc<SimStore>,
    pub(crate) offered: Arc<Mutex<Offered>>,
}

impl Probe {
    fn is_recorded(&self, id: AttemptId) -> bool {
        let events = self.store.inner.events(id.run, 0, usize::MAX);
        let events = events.now_or_never().expect("the memory answers at once");
        // While the disk has failed nobody can look.
        let Ok(events) = events else {
            return true;
        };
        events.iter().any(|event| {
            matches!(&event.kind, EventKind::AttemptStarted(started)
                if started.task == id.task && started.attempt == id.attempt)
        })
    }
}

impl Dispatch for Probe {
    fn offer(&self, attempt: Box<Attempt>) -> Result<(), Full> {
        if self.store.fuse.is_blown() {
            return Ok(());
        }
        self.store
            .note("offer", attempt.id.run.0 << 20 | attempt.id.task.0);
        let (id, pure) = (attempt.id, attempt.pure);
        self.inner.offer(attempt)?;
        let mut offered = self.offered.lock().unwrap();
        offered.count += 1;
        assert!(offered.running.insert(id), "{id:?} was offered twice");
        if !pure {
            assert!(
                self.is_recorded(id),
                "{id:?} left before its start was on disk"
            );
            assert!(
                offered.effects.insert(id),
                "{id:?} was offered in two lives"
            );
        }
        Ok(())
    }

    fn interrupt(&self, id: AttemptId) {
        self.inner.interrupt(id);
    }

    async fn finished(&self) -> Finished {
        let finished = self.inner.finished().await;
        self.offered.lock().unwrap().running.remove(&finished.id);
        finished
    }
}

impl Offered {
    /// A life has ended: nothing of it runs any more.
    pub(crate) fn end_life(&mut self) {
        self.running.clear();
    }
}
