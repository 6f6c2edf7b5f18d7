//! The tail: what was appended and is not yet durable, and who waits for it.
//!
//! One lock guards it, held for moments and never over a wait. Positions only rise; what a failure
//! loses stays lost, also after the store was opened again.

use std::collections::HashMap;
use std::time::Instant;

use attune_core::{Digest, RunId};
use attune_driver::port::{AppendError, Position, StoreError};
use tokio::sync::oneshot;

use crate::append::Prepared;
use crate::counter::{Counters, Liveness};
use crate::job::Job;
use crate::rule::{self, Former, GATHER_BYTES, Pending};

/// Whether the store takes appends.
#[derive(Debug)]
pub(crate) enum State {
    Open,
    Closing,
    Failed(StoreError),
}

/// Somebody who waits for a position.
type Waiter = (u64, oneshot::Sender<Result<(), StoreError>>);

/// An idempotency key that is not durable yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyInFlight {
    pub(crate) run: RunId,
    pub(crate) body: Digest,
    pub(crate) position: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Tail {
    pub(crate) state: State,
    pub(crate) counters: Counters,
    pub(crate) keys: HashMap<Digest, KeyInFlight>,
    /// Whether the writer sleeps and must be woken when the rule's answer changes.
    pub(crate) asleep: bool,
    appends: Vec<Prepared>,
    jobs: Vec<Box<dyn Job>>,
    bytes: usize,
    since: Option<Instant>,
    last: u64,
    durable: u64,
    /// The highest position that somebody waits for.
    awaited: u64,
    waiters: Vec<Waiter>,
    lost: Vec<(u64, u64)>,
}

/// What one commit takes.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) appends: Vec<Prepared>,
    pub(crate) jobs: Vec<Box<dyn Job>>,
    /// The last position in it.
    pub(crate) last: u64,
    pub(crate) bytes: usize,
}

impl Tail {
    pub(crate) fn new(highest: RunId) -> Self {
        Self {
            state: State::Open,
            counters: Counters::new(highest),
            keys: HashMap::new(),
            asleep: false,
            appends: Vec::new(),
            jobs: Vec::new(),
            bytes: 0,
            since: None,
            last: 0,
            durable: 0,
            awaited: 0,
            waiters: Vec::new(),
            lost: Vec::new(),
        }
    }

    /// Returns an error unless the store takes appends.
    pub(crate) fn usable(&self) -> Result<(), StoreError> {
        match &self.state {
            State::Open => Ok(()),
            State::Closing => Err(StoreError::Closed),
            State::Failed(error) => Err(error.clone()),
        }
    }

    /// Takes an append of a run whose counter is known. Tells whether to wake the writer.
    pub(crate) fn push(
        &mut self,
        mut prepared: Prepared,
        expected: u64,
    ) -> Result<(Position, bool), AppendError> {
        let run = prepared.run;
        let conflict = AppendError::Conflict { run };
        let counter = self.counters.get(run).expect("the caller has looked");
        if counter.events != expected {
            return Err(conflict);
        }
        for new in &prepared.keys {
            let position = self.last + 1;
            let key = KeyInFlight {
                run,
                body: new.body,
                position,
            };
            match self.keys.get(&new.key) {
                Some(_) => return Err(conflict),
                None => self.keys.insert(new.key, key),
            };
        }
        self.last += 1;
        prepared.live_before = counter.live;
        counter.events += prepared.events();
        counter.live = Some(Liveness::of(&prepared.rows));
        counter.position = self.last;
        let before = self.bytes;
        self.bytes += prepared.size_bytes();
        self.appends.push(prepared);
        let full = before < GATHER_BYTES && self.bytes >= GATHER_BYTES;
        let first = self.start_gathering();
        Ok((Position(self.last), first || full))
    }

    /// Takes a job, which somebody always waits for. Tells whether to wake the writer.
    pub(crate) fn push_job(&mut self, job: Box<dyn Job>) -> bool {
        self.last += 1;
        self.awaited = self.last;
        self.jobs.push(job);
        self.start_gathering();
        true
    }

    /// Returns how far the journal is durable, or a receiver of the answer if it is not that far.
    /// Tells whether to wake the writer.
    pub(crate) fn wait(&mut self, position: u64) -> (Waited, bool) {
        if self.is_lost(position) {
            let error = StoreError::Io("it was lost when the store failed".into());
            return (Waited::Over(Err(error)), false);
        }
        if position <= self.durable {
            return (Waited::Over(Ok(())), false);
        }
        if position > self.last {
            let error = StoreError::Io("this position was never given".into());
            return (Waited::Over(Err(error)), false);
        }
        let (sender, receiver) = oneshot::channel();
        self.waiters.push((position, sender));
        let wake = position > self.awaited;
        self.awaited = self.awaited.max(position);
        (Waited::Wait(receiver), wake)
    }

    /// Returns when the next commit may begin, if there is anything to commit.
    pub(crate) fn commit_at(&self, former: Option<Former>) -> Option<Instant> {
        let pending = Pending {
            since: self.since?,
            bytes: self.bytes,
            awaited: self.awaited > self.durable || matches!(self.state, State::Closing),
            count: self.appends.len() + self.jobs.len(),
        };
        Some(rule::commit_at(pending, former))
    }

    /// Takes all that waits.
    pub(crate) fn take(&mut self) -> Batch {
        self.since = None;
        Batch {
            appends: std::mem::take(&mut self.appends),
            jobs: std::mem::take(&mut self.jobs),
            last: self.last,
            bytes: std::mem::take(&mut self.bytes),
        }
    }

    /// Notes that a batch is durable; returns those who waited for it.
    pub(crate) fn settle(&mut self, last: u64) -> Vec<Waiter> {
        self.durable = last;
        self.counters.sweep(last);
        self.keys.retain(|_, key| key.position > last);
        let over = self
            .waiters
            .extract_if(.., |(position, _)| *position <= last);
        over.collect()
    }

    /// Notes that the store has failed; returns everybody who waits, and the jobs.
    pub(crate) fn fail(&mut self, error: StoreError) -> (Vec<Waiter>, Vec<Box<dyn Job>>) {
        if self.last > self.durable {
            self.lost.push((self.durable + 1, self.last));
        }
        self.durable = self.last;
        self.state = State::Failed(error);
        self.appends.clear();
        self.bytes = 0;
        self.since = None;
        self.keys.clear();
        (
            std::mem::take(&mut self.waiters),
            std::mem::take(&mut self.jobs),
        )
    }

    /// Takes appends again after a failure.
    pub(crate) fn reset(&mut self, highest: RunId) {
        self.counters = Counters::new(highest);
        self.state = State::Open;
    }

    /// Lets appends of a run conflict while it is removed: see [`Counters::block`].
    pub(crate) fn block(&mut self, run: RunId) -> bool {
        let durable = self.durable;
        self.counters.block(run, durable)
    }

    fn start_gathering(&mut self) -> bool {
        let first = self.since.is_none();
        self.since.get_or_insert_with(Instant::now);
        first
    }

    fn is_lost(&self, position: u64) -> bool {
        let within = |&(first, last): &(u64, u64)| (first..=last).contains(&position);
        self.lost.iter().any(within)
    }
}

/// What waiting for a position comes to.
#[derive(Debug)]
pub(crate) enum Waited {
    /// It is decided.
    Over(Result<(), StoreError>),
    /// The answer will come.
    Wait(oneshot::Receiver<Result<(), StoreError>>),
}
