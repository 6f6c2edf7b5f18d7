//! What all runs of one actor share: the ring of ready runs, the queues towards the world, and
//! the counters. Beside it a machine can be borrowed, so nothing here is reached through a run.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use attune_core::{AttemptId, RunId, Shard, Timestamp};

use super::outbox::Outbox;
use super::outputs::Outputs;
use super::slots::IdMap;
use super::sources::Chore;
use super::timers::Timers;
use crate::message::{Delivery, Peer, Place};
use crate::port::{Attempt, Dispatch, Epoch, Finished, Position};
use crate::ports::World;
use crate::shared::Shared;

/// What all runs of one actor share.
pub(super) struct Bench<W: World> {
    pub(super) shared: Arc<Shared<W>>,
    /// This actor's number.
    pub(super) index: usize,
    /// How often the store has failed in this life.
    pub(super) generation: u64,
    /// The instant of this turn.
    pub(super) now: Timestamp,
    /// The epochs under which this actor owns its shards.
    pub(super) epochs: IdMap<u64, Epoch>,
    /// Runs that have asked their relatives how it stands: once after a crash is enough, and
    /// relatives that ask each other at every load would push each other out of a small memory.
    pub(super) asked: HashSet<RunId>,
    /// Runs with ready work, served in turn.
    pub(super) ring: VecDeque<RunId>,
    /// Runs that this turn has added something to, in order.
    pub(super) touched: Vec<RunId>,
    /// Runs that only wait, those that have waited longest first; see `Machine::idle`.
    pub(super) idle: VecDeque<(RunId, u64)>,
    pub(super) stamp: u64,
    /// Attempts in flight, with their places.
    pub(super) flights: IdMap<AttemptId, Place>,
    /// A place that was waited for.
    pub(super) spare: Option<Place>,
    /// Whether ready work waits for a place.
    pub(super) hungry: bool,
    /// Whether this turn has left ready work that may start at once.
    pub(super) more_ready: bool,
    /// When to look again whether the store has caught up.
    pub(super) retry_at: Option<Timestamp>,
    /// When outputs that nobody waits for are waited for after all.
    pub(super) lazy_at: Option<Timestamp>,
    /// Attempts that the dispatcher had no place for.
    pub(super) stalled: VecDeque<Box<Attempt>>,
    /// Results that no runner was needed for.
    pub(super) own_results: Vec<Finished>,
    /// Messages to runs of this very actor.
    pub(super) own_peers: VecDeque<Peer>,
    /// Commands for the next turn. As many as there are requests in flight, which are bounded.
    pub(super) put_off: Vec<(RunId, Delivery)>,
    pub(super) timers: Timers,
    pub(super) outputs: Outputs,
    pub(super) outbox: Outbox,
    /// Waiting work to be polled from now on.
    pub(super) chores: Vec<Chore>,
    /// Position of the latest append of this actor.
    pub(super) last: Position,
    /// Everything up to here is on disk.
    pub(super) synced: Position,
    /// Whether the driver stops: no attempt starts any more.
    pub(super) stopping: bool,
    /// When the grace time of a stop ends.
    pub(super) grace_ends: Option<Timestamp>,
}

impl<W: World> Bench<W> {
    pub(super) fn new(shared: Arc<Shared<W>>, index: usize, generation: u64) -> Self {
        Self {
            outbox: Outbox::new(shared.lanes.iter().map(|lane| lane.peers.clone()).collect()),
            shared,
            index,
            generation,
            now: Timestamp::default(),
            epochs: IdMap::default(),
            asked: HashSet::new(),
            ring: VecDeque::new(),
            touched: Vec::new(),
            idle: VecDeque::new(),
            stamp: 0,
            flights: IdMap::default(),
            spare: None,
            hungry: false,
            more_ready: false,
            retry_at: None,
            lazy_at: None,
            stalled: VecDeque::new(),
            own_results: Vec::new(),
            own_peers: VecDeque::new(),
            put_off: Vec::new(),
            timers: Timers::default(),
            outputs: Outputs::default(),
            chores: Vec::new(),
            last: Position::default(),
            synced: Position::default(),
            stopping: false,
            grace_ends: None,
        }
    }

    pub(super) fn epoch(&self, shard: Shard) -> Epoch {
        let epoch = self.epochs.get(&u64::from(shard.0));
        epoch.copied().unwrap_or_default()
    }

    /// Sends a message to the actor `to`.
    pub(super) fn send(&mut self, to: usize, peer: Peer) {
        if to == self.index {
            self.own_peers.push_back(peer);
        } else {
            self.outbox.push(to, peer);
        }
    }

    /// Whether the run may have seen a crash or a failed store, so that messages may be lost.
    pub(super) fn is_wary_of(&self, run: RunId) -> bool {
        run < self.shared.boot || self.generation > 0
    }

    /// Stops every attempt in flight: their results are void.
    pub(super) fn interrupt_all(&mut self) {
        for id in self.flights.keys() {
            self.shared.ports().dispatch.interrupt(*id);
        }
        self.flights.clear();
    }
}
