//! What actors and handles of one driver share: ports, caches, counters, and the actors'
//! addresses. Nothing here is owned by a run, and no lock is held across a wait.

mod claims;
mod definitions;
mod ids;

use std::sync::Arc;

use attune_core::{RunId, Shard};
use tokio::sync::{Notify, Semaphore, SemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use self::claims::{Claim, ClaimGuard, Claims};
pub(crate) use self::definitions::Definitions;
pub(crate) use self::ids::Ids;
use crate::config::{Config, MAILBOX, PEER_MAILBOX};
use crate::handle::CommandError;
use crate::message::{Peer, Request};
use crate::port::{Finished, StoreError};
use crate::ports::{PortsOf, World};

/// What actors and handles share.
pub(crate) struct Shared<W: World> {
    world: W,
    pub(crate) config: Config,
    pub(crate) definitions: Definitions,
    pub(crate) ids: Ids,
    pub(crate) claims: Claims,
    /// One permit for each attempt in flight.
    pub(crate) places: Arc<Semaphore>,
    /// One permit for each request in flight.
    pub(crate) requests: Semaphore,
    /// One permit for each follower or waiter.
    pub(crate) followers: Arc<Semaphore>,
    pub(crate) lanes: Vec<Lane>,
    /// Told when a reader meets a failed store: idle actors would not notice.
    pub(crate) failure: Notify,
    /// Cancelled when the driver is told to stop.
    pub(crate) stop: CancellationToken,
    /// Owns the tasks of followers.
    pub(crate) tasks: TaskTracker,
    /// The first run id of this life: older runs may have seen a crash.
    pub(crate) boot: RunId,
}

/// The senders of one actor's mailbox.
pub(crate) struct Lane {
    pub(crate) requests: mpsc::Sender<Request>,
    pub(crate) peers: mpsc::Sender<Peer>,
    pub(crate) results: mpsc::Sender<Finished>,
}

/// The receivers of one actor's mailbox.
#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(crate) requests: mpsc::Receiver<Request>,
    pub(crate) peers: mpsc::Receiver<Peer>,
    /// Has a place for every attempt that may be in flight, so a result never waits.
    pub(crate) results: mpsc::Receiver<Finished>,
}

impl<W: World> Shared<W> {
    /// Takes note of an error that a reader has met: a failed store must be opened again.
    pub(crate) fn notice(&self, error: &StoreError) {
        match error {
            StoreError::Io(_) | StoreError::Closed => self.failure.notify_one(),
            StoreError::Corrupt(_) | StoreError::DiskFull => {}
        }
    }

    /// Makes the shared part and the actors' mailboxes; `first_id` begins the reserved run ids.
    pub(crate) fn new(world: W, config: Config, first_id: u64) -> (Self, Vec<Mailbox>) {
        let (lanes, mailboxes) = (0..config.actors.max(1))
            .map(|_| lane(config.attempts))
            .unzip();
        let shared = Self {
            world,
            definitions: Definitions::default(),
            ids: Ids::starting_at(first_id),
            claims: Claims::default(),
            places: Arc::new(Semaphore::new(config.attempts.max(1))),
            requests: Semaphore::new(config.requests),
            followers: Arc::new(Semaphore::new(config.followers)),
            lanes,
            failure: Notify::new(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            boot: RunId(first_id),
            config,
        };
        (shared, mailboxes)
    }

    /// Admits a follower or waiter.
    pub(crate) fn admit_follower(&self) -> Result<SemaphorePermit<'_>, CommandError> {
        self.followers.try_acquire().map_err(|_| CommandError::Busy)
    }

    /// Returns the ports.
    pub(crate) fn ports(&self) -> &PortsOf<W> {
        self.world.ports()
    }

    /// Returns which actor owns a shard.
    pub(crate) fn owner_of(&self, shard: Shard) -> usize {
        usize::from(shard.0) % self.lanes.len()
    }

    /// Returns which actor owns a run.
    pub(crate) fn owner(&self, run: RunId) -> usize {
        self.owner_of(run.shard())
    }

    /// Returns the mailbox of a run's owner.
    pub(crate) fn lane(&self, run: RunId) -> &Lane {
        &self.lanes[self.owner(run)]
    }
}

fn lane(attempts: usize) -> (Lane, Mailbox) {
    let (requests, requests_rx) = mpsc::channel(MAILBOX);
    let (peers, peers_rx) = mpsc::channel(PEER_MAILBOX);
    let (results, results_rx) = mpsc::channel(attempts.max(1));
    let lane = Lane {
        requests,
        peers,
        results,
    };
    let mailbox = Mailbox {
        requests: requests_rx,
        peers: peers_rx,
        results: results_rx,
    };
    (lane, mailbox)
}
