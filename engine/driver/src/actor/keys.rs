//! Concurrency keys: runs and tasks with the same key go one at a time.
//!
//! Each key has a home, an actor chosen by its hash. Queues live in memory only: after a start
//! every holder and every waiter is loaded and says so, and no key is given away before all
//! actors have finished that.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;
use std::sync::Arc;

use attune_core::definition::Overlap;
use attune_core::event::CancelMode;
use attune_core::explain::KeyQueue;
use attune_core::{EventKind, RunId, TaskId};
use tokio::sync::oneshot;

use super::Actor;
use super::bench::Bench;
use super::outputs::Output;
use super::slots::IdHasher;
use crate::message::Peer;
use crate::ports::World;

/// Who cancels a run whose key another one takes.
const OVERLAP: &str = "overlap";

/// A message to the home of a key.
#[derive(Debug)]
pub(crate) enum KeyRequest {
    /// Give the key to the claimant, or queue it.
    Acquire {
        key: Arc<str>,
        claim: Claim,
        overlap: Overlap,
        priority: i32,
    },
    /// The claimant has held the key since before.
    Held { key: Arc<str>, claim: Claim },
    /// The claimant gives the key back, or leaves the queue.
    Release { key: Arc<str>, claim: Claim },
    /// Where does the claimant stand?
    Ask {
        key: Arc<str>,
        claim: Claim,
        reply: oneshot::Sender<Option<KeyQueue>>,
    },
    /// An actor has loaded all that it must after a start.
    Complete,
}

/// Who wants a key: a run, or one of its task executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Claim {
    pub(crate) run: RunId,
    pub(crate) task: Option<TaskId>,
}

/// The keys whose home an actor is.
#[derive(Debug, Default)]
pub(super) struct Keys {
    queues: BTreeMap<Arc<str>, Queue>,
    /// Requests from before all actors had finished loading.
    early: Vec<KeyRequest>,
    /// Actors that have not finished loading.
    awaited: usize,
}

#[derive(Debug, Default)]
struct Queue {
    holder: Option<Claim>,
    waiting: BTreeSet<(Reverse<i32>, Claim)>,
}

impl Keys {
    /// Gives no key away before that many actors have finished loading.
    pub(super) fn await_all(&mut self, actors: usize) {
        self.awaited = actors;
    }

    /// Returns where a claim stands in the queue of its key; `None` if it does not wait there.
    fn place(&self, key: &str, claim: Claim) -> Option<KeyQueue> {
        let queue = self.queues.get(key)?;
        let ahead = queue
            .waiting
            .iter()
            .position(|(_, waiting)| *waiting == claim)?;
        Some(KeyQueue {
            holder: queue.holder.map(|holder| holder.run),
            ahead: u32::try_from(ahead).unwrap_or(u32::MAX),
        })
    }
}

impl<W: World> Actor<W> {
    /// Takes a message about a key.
    pub(super) fn take_key(&mut self, request: KeyRequest) {
        match request {
            KeyRequest::Complete => {
                self.keys.awaited -= 1;
                if self.keys.awaited == 0 {
                    for early in std::mem::take(&mut self.keys.early) {
                        self.take_key(early);
                    }
                }
            }
            KeyRequest::Held { key, claim } => {
                self.keys.queues.entry(key).or_default().holder = Some(claim);
            }
            KeyRequest::Ask { key, claim, reply } => {
                // Whoever asked may be gone.
                let _ = reply.send(self.keys.place(&key, claim));
            }
            early if self.keys.awaited > 0 => self.keys.early.push(early),
            KeyRequest::Acquire {
                key,
                claim,
                overlap,
                priority,
            } => {
                self.claim_key(&key, claim, overlap, priority);
                self.grant(&key);
            }
            KeyRequest::Release { key, claim } => {
                if let Some(queue) = self.keys.queues.get_mut(&key) {
                    queue.holder.take_if(|holder| *holder == claim);
                    queue.waiting.retain(|(_, waiting)| *waiting != claim);
                }
                self.grant(&key);
            }
        }
    }

    fn claim_key(&mut self, key: &Arc<str>, claim: Claim, overlap: Overlap, priority: i32) {
        let queue = self.keys.queues.entry(Arc::clone(key)).or_default();
        // Asked again, because the answer may have been lost.
        if queue.holder.take_if(|holder| *holder == claim).is_some() {
            queue.waiting.insert((Reverse(i32::MAX), claim));
            return;
        }
        let waiting = queue.waiting.iter().map(|(_, waiting)| *waiting);
        let others: Vec<Claim> = queue.holder.into_iter().chain(waiting).collect();
        match overlap {
            Overlap::Skip if others.iter().any(|other| *other != claim) => {
                return self.cancel_for_key(claim.run);
            }
            Overlap::Queue | Overlap::Skip => {}
            Overlap::CancelPrevious => {
                for other in others.into_iter().filter(|other| other.run < claim.run) {
                    self.cancel_for_key(other.run);
                }
            }
        }
        let queue = self.keys.queues.entry(Arc::clone(key)).or_default();
        queue.waiting.insert((Reverse(priority), claim));
    }

    /// Gives a free key to the first who waits.
    fn grant(&mut self, key: &Arc<str>) {
        let Some(queue) = self.keys.queues.get_mut(key) else {
            return;
        };
        if queue.holder.is_some() {
            return;
        }
        let Some((_, claim)) = queue.waiting.pop_first() else {
            self.keys.queues.remove(key);
            return;
        };
        queue.holder = Some(claim);
        let kind = match claim.task {
            None => EventKind::RunReleased,
            Some(task) => EventKind::TaskReleased { task },
        };
        let (to, run) = (self.bench.shared.owner(claim.run), claim.run);
        self.bench.send(to, Peer::Deliver { run, kind });
    }

    fn cancel_for_key(&mut self, run: RunId) {
        let kind = EventKind::CancelRequested {
            mode: CancelMode::CancelRunning,
            by: OVERLAP.into(),
        };
        let to = self.bench.shared.owner(run);
        self.bench.send(to, Peer::Deliver { run, kind });
    }
}

/// Chooses the home of a key among so many actors.
pub(crate) fn home(key: &str, actors: usize) -> usize {
    let mut hasher = IdHasher::default();
    hasher.write(key.as_bytes());
    (hasher.finish() >> 32) as usize % actors
}

impl<W: World> Bench<W> {
    /// Returns the home of a key.
    pub(super) fn key_home(&self, key: &str) -> usize {
        home(key, self.shared.lanes.len())
    }

    /// Returns the message to the home of a key.
    pub(super) fn to_home(&self, request: KeyRequest) -> Output {
        let home = match &request {
            KeyRequest::Acquire { key, .. }
            | KeyRequest::Held { key, .. }
            | KeyRequest::Ask { key, .. }
            | KeyRequest::Release { key, .. } => self.key_home(key),
            KeyRequest::Complete => self.index,
        };
        Output::Send(home, Peer::Key(request))
    }
}
