//! Everything an actor waits for, in one place: its mailbox, the disk, the clock, places for
//! attempts, and chores. Polled in a fixed order, so that a simulation repeats itself.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use attune_core::event::{Facts, Parent};
use attune_core::{RunId, Shard, TaskId, Timestamp};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::{AcquireError, OwnedSemaphorePermit};
use tokio_util::sync::CancellationToken;

use super::child::NewChild;
use crate::config::{TURN_EVENTS, TURN_PEERS, TURN_REQUESTS, TURN_RESULTS};
use crate::machine::Machine;
use crate::message::{Peer, Place, Request};
use crate::port::{Due, Finished, Position, StoreError};
use crate::shared::Mailbox;

/// A future that an actor owns.
pub(super) type Waiting<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Work that waits for the world and ends in something the actor must take.
pub(super) type Chore = Waiting<Done>;

/// What a chore ended in.
pub(super) enum Done {
    /// A run was looked for in the store.
    Loaded(RunId, Box<Result<Option<Machine>, StoreError>>),
    /// Runnable runs of a shard.
    Runnable(Shard, Result<Vec<RunId>, StoreError>),
    /// Timers of a shard that are due.
    Due(Shard, Result<(Vec<Due>, Option<Timestamp>), StoreError>),
    /// Answers for the first event of a run's inbox.
    Facts(RunId, Result<Facts, StoreError>),
    /// A child of a run's task execution.
    Child(RunId, TaskId, Result<NewChild, StoreError>),
    /// It is time to try again to create a child.
    Again(Parent),
    /// A run whose parent may not know of its end; whether it is over.
    Reminded(RunId, Result<bool, StoreError>),
}

/// What has come in, to be taken in one turn.
#[derive(Default)]
pub(super) struct Intake {
    pub(super) results: Vec<Finished>,
    pub(super) peers: Vec<Peer>,
    pub(super) requests: Vec<Request>,
    pub(super) done: Vec<Done>,
    pub(super) durable: Option<Result<Position, StoreError>>,
    pub(super) place: Option<Place>,
    pub(super) stopping: bool,
}

/// Everything an actor waits for.
pub(super) struct Sources {
    mailbox: Mailbox,
    chores: FuturesUnordered<Chore>,
    pub(super) wait: Option<(Position, Waiting<Result<(), StoreError>>)>,
    pub(super) alarm: Option<(Timestamp, Waiting<()>)>,
    pub(super) place: Option<Waiting<Result<OwnedSemaphorePermit, AcquireError>>>,
    pub(super) room: Option<Waiting<()>>,
    stop: Option<Waiting<()>>,
    /// Whether something is left over from before, so that the next turn begins at once.
    pub(super) more: bool,
    /// Whether results and messages are taken.
    pub(super) open: bool,
    /// Whether requests are taken.
    pub(super) requests: bool,
    pub(super) intake: Intake,
}

impl Sources {
    pub(super) fn new(mailbox: Mailbox, stop: CancellationToken) -> Self {
        Self {
            mailbox,
            chores: FuturesUnordered::new(),
            wait: None,
            alarm: None,
            place: None,
            room: None,
            stop: Some(Box::pin(stop.cancelled_owned())),
            more: true,
            open: true,
            requests: true,
            intake: Intake::default(),
        }
    }

    pub(super) fn into_mailbox(self) -> Mailbox {
        self.mailbox
    }

    pub(super) fn add(&mut self, chore: Chore) {
        self.chores.push(chore);
    }

    /// Refuses all further requests; those that are queued are dropped, which tells their senders.
    pub(super) fn close_requests(&mut self) {
        self.mailbox.requests.close();
        while self.mailbox.requests.try_recv().is_ok() {}
    }

    /// Waits until something has come in, and takes up to a turn's share of everything.
    pub(super) async fn next(&mut self) {
        poll_fn(|ctx| self.poll(ctx)).await;
    }

    fn poll(&mut self, ctx: &mut Context<'_>) -> Poll<()> {
        let mut ready = std::mem::take(&mut self.more);
        ready |= self.poll_mailbox(ctx);
        ready |= self.poll_world(ctx);
        if ready {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn poll_mailbox(&mut self, ctx: &mut Context<'_>) -> bool {
        let Self {
            mailbox, intake, ..
        } = self;
        let mut ready = false;
        if self.open {
            let results = &mut intake.results;
            let polled = mailbox.results.poll_recv_many(ctx, results, TURN_RESULTS);
            ready |= matches!(polled, Poll::Ready(1..));
            let peers = &mut intake.peers;
            let polled = mailbox.peers.poll_recv_many(ctx, peers, TURN_PEERS);
            ready |= matches!(polled, Poll::Ready(1..));
        }
        if self.open && self.requests {
            let requests = &mut intake.requests;
            let polled = mailbox
                .requests
                .poll_recv_many(ctx, requests, TURN_REQUESTS);
            ready |= matches!(polled, Poll::Ready(1..));
        }
        ready
    }

    fn poll_world(&mut self, ctx: &mut Context<'_>) -> bool {
        let mut ready = false;
        if let Some((position, wait)) = &mut self.wait
            && let Poll::Ready(durable) = wait.as_mut().poll(ctx)
        {
            let position = *position;
            self.intake.durable = Some(durable.map(|()| position));
            self.wait = None;
            ready = true;
        }
        while self.intake.done.len() < TURN_EVENTS
            && let Poll::Ready(Some(done)) = self.chores.poll_next_unpin(ctx)
        {
            self.intake.done.push(done);
            ready = true;
        }
        if let Some(place) = &mut self.place
            && let Poll::Ready(permit) = place.as_mut().poll(ctx)
        {
            self.intake.place = permit.ok();
            self.place = None;
            ready = true;
        }
        let alarm = self.alarm.as_mut().map(|(_, alarm)| alarm);
        if alarm.is_some_and(|alarm| alarm.as_mut().poll(ctx).is_ready()) {
            self.alarm = None;
            ready = true;
        }
        ready |= poll_once(&mut self.room, ctx);
        if poll_once(&mut self.stop, ctx) {
            self.intake.stopping = true;
            ready = true;
        }
        ready
    }
}

/// Polls a future that is forgotten once it is ready.
fn poll_once(waiting: &mut Option<Waiting<()>>, ctx: &mut Context<'_>) -> bool {
    let ready = waiting
        .as_mut()
        .is_some_and(|future| future.as_mut().poll(ctx).is_ready());
    if ready {
        *waiting = None;
    }
    ready
}
