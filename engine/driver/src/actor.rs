//! One owner of shards: takes events for its runs in order, appends what follows from them, and
//! performs effects when they may leave.
//!
//! A single task, without locks and without tasks of its own: whatever it waits for is a future
//! polled in [`sources`]. Dropping it is a crash.

pub(crate) mod keys;

mod bench;
mod child;
mod evict;
mod flush;
mod load;
mod outbox;
mod outputs;
mod perform;
mod serve;
mod slots;
mod sources;
mod stop;
mod take;
mod timers;
mod watch;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use self::bench::Bench;
use self::keys::Keys;
use self::load::Loader;
use self::slots::Slots;
use self::sources::Sources;
pub(crate) use self::stop::millis;
use self::watch::Watches;
use crate::port::{Clock, Store, StoreError};
use crate::ports::World;
use crate::shared::{Mailbox, Shared};

/// One owner of shards.
pub(crate) struct Actor<W: World> {
    bench: Bench<W>,
    slots: Slots,
    sources: Sources,
    loader: Loader,
    watches: Watches,
    keys: Keys,
}

/// Why an actor ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It was told to, and everything it took is on disk.
    Stopped,
    /// The store failed: everything in memory is void.
    Failed(StoreError),
}

impl<W: World> Actor<W> {
    /// Makes the actor number `index`. `generation` is how often the store has failed; `failed`
    /// is cancelled when it fails for another actor.
    pub(crate) fn new(
        shared: Arc<Shared<W>>,
        index: usize,
        generation: u64,
        mailbox: Mailbox,
    ) -> Self {
        let stop = shared.stop.clone();
        Self {
            bench: Bench::new(shared, index, generation),
            slots: Slots::default(),
            sources: Sources::new(mailbox, stop),
            loader: Loader::default(),
            watches: Watches::default(),
            keys: Keys::default(),
        }
    }

    /// Works until it is stopped or the store fails, and gives the mailbox back.
    pub(crate) async fn run(mut self, failed: CancellationToken) -> (Mailbox, Ended) {
        let work = failed.run_until_cancelled(self.work()).await;
        let ended = match work {
            Some(Ok(())) => Ended::Stopped,
            Some(Err(error)) => Ended::Failed(error),
            None => Ended::Failed(StoreError::Closed),
        };
        if matches!(ended, Ended::Failed(_)) {
            self.bench.interrupt_all();
        }
        (self.sources.into_mailbox(), ended)
    }

    async fn work(&mut self) -> Result<(), StoreError> {
        let shards = self.bench.shared.ports().store.shards().await;
        self.begin(shards);
        while !self.has_stopped() {
            self.prepare()?;
            self.sources.next().await;
            self.turn()?;
        }
        self.last_sync().await
    }

    /// One turn: takes what has come in, starts attempts, appends, lets out what may leave.
    fn turn(&mut self) -> Result<(), StoreError> {
        self.bench.now = self.bench.shared.ports().clock.now();
        self.take_in()?;
        self.serve_ring();
        self.flush()?;
        self.let_out()?;
        self.evict()
    }
}
