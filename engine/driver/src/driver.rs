//! Starts and stops a driver: its actors, the task that brings results to them, and what happens
//! when the store fails.

use std::sync::Arc;

use futures::FutureExt;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::actor::{Actor, Ended, millis};
use crate::config::{Config, IDS_AT_ONCE, REOPEN_AFTER};
use crate::desk::DeskOf;
use crate::handle::Handle;
use crate::port::{Clock, Dispatch, Store, StoreError};
use crate::ports::World;
use crate::shared::{Mailbox, Shared};

/// A running driver: owns its tasks. Dropping it is a crash; [`Driver::stop`] is the way out.
#[derive(Debug)]
pub struct Driver {
    stop: CancellationToken,
    tasks: JoinSet<()>,
    followers: tokio_util::task::TaskTracker,
    _stops_followers: DropGuard,
}

impl Driver {
    /// Starts a driver on its ports. Runs that were under way go on.
    ///
    /// # Errors
    /// If the store cannot reserve ids.
    pub async fn start<W: World>(ports: W, config: Config) -> Result<(Handle, Self), StoreError> {
        let first = ports.ports().store.reserve_ids(IDS_AT_ONCE).await?;
        let (shared, mailboxes) = Shared::new(ports, config, first);
        let shared = Arc::new(shared);
        let mut tasks = JoinSet::new();
        tasks.spawn(supervise(Arc::clone(&shared), mailboxes));
        let driver = Self {
            stop: shared.stop.clone(),
            tasks,
            followers: shared.tasks.clone(),
            _stops_followers: shared.stop.clone().drop_guard(),
        };
        Ok((Handle::new(Arc::new(DeskOf(shared))), driver))
    }

    /// Waits until the driver ends without having been stopped: it has a bug, and nothing it
    /// was doing goes on. The process should end, too.
    ///
    /// # Errors
    /// The panic of the task that ended it.
    pub async fn ended(&mut self) -> Result<(), JoinError> {
        self.tasks.join_next().await.unwrap_or(Ok(()))
    }

    /// Stops: no more requests are taken, attempts that run may finish for the grace time, what
    /// happened is recorded and synced. What is left goes on at the next start.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        self.followers.close();
        self.followers.wait().await;
    }
}

/// Runs the actors until they stop. When the store fails, all of them begin anew from what is on
/// disk, as after a crash.
async fn supervise<W: World>(shared: Arc<Shared<W>>, mut mailboxes: Vec<Mailbox>) {
    let mut collector = JoinSet::new();
    collector.spawn(collect(Arc::clone(&shared)));
    let mut generation = 0;
    loop {
        let (returned, ended) = generate(&shared, mailboxes, generation).await;
        let Ended::Failed(error) = ended else {
            return;
        };
        tracing::error!(%error, "the store failed: beginning anew from the disk");
        mailboxes = returned;
        if !reopened(&shared).await {
            return;
        }
        generation += 1;
    }
}

/// Runs one generation of actors.
async fn generate<W: World>(
    shared: &Arc<Shared<W>>,
    mailboxes: Vec<Mailbox>,
    generation: u64,
) -> (Vec<Mailbox>, Ended) {
    let failed = CancellationToken::new();
    let mut actors = JoinSet::new();
    for (index, mailbox) in mailboxes.into_iter().enumerate() {
        let actor = Actor::new(Arc::clone(shared), index, generation, mailbox);
        let failed = failed.clone();
        actors.spawn(async move { (index, actor.run(failed).await) });
    }
    let mut returned = Vec::new();
    let mut result = Ended::Stopped;
    // What was noticed of the store before it was opened again is void.
    let _void = shared.failure.notified().now_or_never();
    loop {
        let joined = tokio::select! {
            biased;
            joined = actors.join_next() => joined,
            () = shared.failure.notified() => {
                failed.cancel();
                continue;
            }
        };
        let Some(joined) = joined else {
            break;
        };
        // An actor that panics has a bug; going on without its runs would hide it.
        let (index, (mailbox, ended)) = match joined {
            Ok(ended) => ended,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_cancelled) => continue,
            },
        };
        returned.push((index, mailbox));
        if let Ended::Failed(error) = ended {
            failed.cancel();
            if !matches!(result, Ended::Failed(_)) {
                result = Ended::Failed(error);
            }
        }
    }
    returned.sort_by_key(|(index, _)| *index);
    let mailboxes = returned.into_iter().map(|(_, mut mailbox)| {
        // Messages between runs of before are void: whoever must send them again will.
        while mailbox.peers.try_recv().is_ok() {}
        while mailbox.results.try_recv().is_ok() {}
        mailbox
    });
    (mailboxes.collect(), result)
}

/// Opens the store again; tells whether that succeeded before the driver was stopped.
async fn reopened<W: World>(shared: &Shared<W>) -> bool {
    let ports = shared.ports();
    let attempts = async {
        loop {
            let at = ports.clock.now().after(millis(REOPEN_AFTER));
            ports.clock.sleep_until(at).await;
            match ports.store.reopen().await {
                Ok(()) => return,
                Err(error) => tracing::error!(%error, "the store cannot be opened again"),
            }
        }
    };
    shared.stop.run_until_cancelled(attempts).await.is_some()
}

/// Brings results to the owners of their runs.
async fn collect<W: World>(shared: Arc<Shared<W>>) {
    loop {
        let finished = shared.ports().dispatch.finished().await;
        let lane = shared.lane(finished.id.run);
        if lane.results.send(finished).await.is_err() {
            return;
        }
    }
}
