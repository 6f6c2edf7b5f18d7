//! The end of an actor, and what it waits for until then.

use std::sync::Arc;
use std::time::Duration;

use attune_core::{Millis, Timestamp};

use super::Actor;
use crate::config::LAZY;
use crate::port::{Clock, Store, StoreError};
use crate::ports::World;

impl<W: World> Actor<W> {
    /// Takes no more requests and starts no more attempts.
    pub(super) fn begin_stop(&mut self) {
        let grace = self.bench.shared.config.grace;
        self.bench.stopping = true;
        self.bench.grace_ends = Some(self.bench.now.after(millis(grace)));
        self.bench.timers.close();
        self.sources.close_requests();
        self.sources.intake.requests.clear();
    }

    /// Tells whether nothing more is to be done before the end.
    pub(super) fn has_stopped(&self) -> bool {
        let bench = &self.bench;
        let done = bench.flights.is_empty()
            && bench.outputs.is_empty()
            && bench.own_results.is_empty()
            && bench.outbox.is_empty();
        bench.stopping && (done || bench.grace_ends.is_some_and(|ends| bench.now >= ends))
    }

    /// Waits for the disk a last time, and lets out what waited for it.
    pub(super) async fn last_sync(&mut self) -> Result<(), StoreError> {
        let (last, store) = (self.bench.last, &self.bench.shared.ports().store);
        store.durable(last).await?;
        self.bench.synced = self.bench.synced.max(last);
        self.let_out()
    }

    /// Arranges what the actor waits for next.
    pub(super) fn prepare(&mut self) -> Result<(), StoreError> {
        self.bench.outbox.drain();
        self.begin_loads()?;
        for chore in self.bench.chores.drain(..) {
            self.sources.add(chore);
        }
        let bench = &mut self.bench;
        self.sources.more = bench.more_ready
            || !bench.own_peers.is_empty()
            || !bench.put_off.is_empty()
            || !bench.own_results.is_empty()
            || bench.timers.next().is_some_and(|next| next <= bench.now);
        self.sources.requests = !bench.stopping && !bench.outbox.is_full();
        self.await_place();
        self.await_disk();
        self.set_alarm();
        Ok(())
    }

    fn await_place(&mut self) {
        let bench = &mut self.bench;
        if !bench.hungry || bench.spare.is_some() {
            self.sources.place = None;
        } else if self.sources.place.is_none() {
            let places = Arc::clone(&bench.shared.places);
            self.sources.place = Some(Box::pin(places.acquire_owned()));
        }
        let blocked = bench.outbox.blocked();
        if self.sources.room.is_none()
            && let Some(lane) = blocked
        {
            self.sources.room = Some(Box::pin(async move {
                // A closed mailbox is the end of its owner: the message is void.
                drop(lane.reserve().await);
            }));
        }
    }

    fn await_disk(&mut self) {
        let bench = &mut self.bench;
        if bench.outputs.is_empty() {
            bench.lazy_at = None;
            return;
        }
        if bench.outputs.awaited().is_none() {
            let lazy_at = *bench.lazy_at.get_or_insert(bench.now.after(LAZY));
            if bench.now < lazy_at && !bench.stopping {
                return;
            }
            bench.outputs.hurry();
        }
        bench.lazy_at = None;
        if self.sources.wait.is_none()
            && let Some(position) = bench.outputs.awaited()
        {
            let store = Arc::clone(&bench.shared.ports().store);
            let wait = async move { store.durable(position).await };
            self.sources.wait = Some((position, Box::pin(wait)));
        }
    }

    fn set_alarm(&mut self) {
        let bench = &self.bench;
        let instants = [bench.retry_at, bench.lazy_at, bench.grace_ends];
        let next = instants
            .into_iter()
            .flatten()
            .chain(bench.timers.next())
            .min();
        // An alarm that rings too early only makes an empty turn; most never ring.
        let set = self.sources.alarm.as_ref().map(|(at, _)| *at);
        if let Some(at) = next.filter(|at| set.is_none_or(|set| set > *at)) {
            self.sources.alarm = Some((at, self.alarm(at)));
        }
    }

    fn alarm(&self, at: Timestamp) -> super::sources::Waiting<()> {
        let clock = Arc::clone(&self.bench.shared.ports().clock);
        Box::pin(async move { clock.sleep_until(at).await })
    }
}

/// Returns a configured duration in the core's unit.
pub(crate) fn millis(duration: Duration) -> Millis {
    Millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
