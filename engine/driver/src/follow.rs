//! Journals as readers see them: synced events, replayed from the start so that what each made
//! visible is computed again. A follower is a reader that waits for more.

use std::sync::Arc;
use std::time::Duration;

use attune_core::step::step;
use attune_core::{Definition, Event, EventKind, Run, RunId};
use tokio::sync::mpsc::{self, Sender};

use crate::actor::millis;
use crate::config::{FOLLOW_BUFFER, FOLLOW_STALL, REPLAY_PAGE};
use crate::handle::{CommandError, Observed};
use crate::machine::unreplayable;
use crate::port::{Clock, StoreError};
use crate::ports::World;
use crate::progress::Watcher;
use crate::shared::Shared;

/// A reader of one run's journal.
pub(crate) struct Journal {
    run: RunId,
    definition: Arc<Definition>,
    machine: Run,
    /// Number of the next event to be given.
    next: u64,
    page: std::vec::IntoIter<Event>,
}

impl Journal {
    /// Begins to read a journal from its start.
    pub(crate) async fn open<W: World>(
        shared: &Shared<W>,
        run: RunId,
    ) -> Result<Self, CommandError> {
        let ports = shared.ports();
        let page = ports.views.events(run, 0, REPLAY_PAGE).await?;
        let Some(EventKind::RunStarted(birth)) = page.first().map(|event| &event.kind) else {
            return Err(CommandError::NotFound(run));
        };
        let digest = birth.workflow.digest;
        let definition = shared.definitions.get(&*ports.artifacts, digest).await?;
        Ok(Self {
            run,
            definition,
            machine: Run::default(),
            next: 0,
            page: page.into_iter(),
        })
    }

    /// Returns the next synced event, if there is one yet.
    pub(crate) async fn next<W: World>(
        &mut self,
        shared: &Shared<W>,
    ) -> Result<Option<Observed>, StoreError> {
        if self.page.len() == 0 {
            let views = &shared.ports().views;
            let page = views.events(self.run, self.next, REPLAY_PAGE).await?;
            self.page = page.into_iter();
        }
        let Some(event) = self.page.next() else {
            return Ok(None);
        };
        let stepped = step(&self.definition, &mut self.machine, &event);
        let stepped = stepped.map_err(|error| unreplayable(self.run, &error))?;
        let number = self.next;
        self.next += 1;
        Ok(Some(Observed {
            number,
            event: Arc::new(event),
            changes: stepped.changes.into(),
            status: self.machine.status(),
        }))
    }

    fn is_over(&self) -> bool {
        self.machine.status().is_over()
    }
}

/// Follows a run from event number `first` on.
pub(crate) async fn follow<W: World>(
    shared: &Arc<Shared<W>>,
    run: RunId,
    first: u64,
) -> Result<mpsc::Receiver<Observed>, CommandError> {
    let admitted = Arc::clone(&shared.followers)
        .try_acquire_owned()
        .map_err(|_| CommandError::Busy)?;
    // Watched first and read then, so that no event falls in between.
    let watched = shared.watch(run, true).await?;
    let journal = Journal::open(shared, run).await?;
    let (sender, receiver) = mpsc::channel(FOLLOW_BUFFER);
    let follower = Follower {
        shared: Arc::clone(shared),
        journal,
        watched,
        sender,
        first,
    };
    let stop = shared.stop.clone();
    shared.tasks.spawn(async move {
        // A follower that is cut off goes on from the number it has seen last.
        let followed = stop.run_until_cancelled(follower.run()).await;
        if let Some(Err(error)) = followed {
            tracing::warn!(run.id = run.0, %error, "a follower was cut off");
        }
        drop(admitted);
    });
    Ok(receiver)
}

struct Follower<W: World> {
    shared: Arc<Shared<W>>,
    journal: Journal,
    watched: Watcher,
    sender: Sender<Observed>,
    first: u64,
}

impl<W: World> Follower<W> {
    async fn run(mut self) -> Result<(), StoreError> {
        loop {
            while let Some(observed) = self.journal.next(&self.shared).await? {
                if observed.number >= self.first && !self.send(observed).await {
                    return Ok(());
                }
            }
            if self.journal.is_over() || self.sender.is_closed() {
                return Ok(());
            }
            let more = tokio::select! {
                biased;
                () = self.sender.closed() => return Ok(()),
                more = self.watched.next() => more,
            };
            // The owner forgets watchers at the end of a run and when the store fails.
            if more.is_none() {
                match self.shared.watch(self.journal.run, true).await {
                    Ok(watched) => self.watched = watched,
                    Err(_stopping) => return Ok(()),
                }
            }
        }
    }

    /// Sends an event; tells whether the follower keeps up.
    async fn send(&self, observed: Observed) -> bool {
        let Err(full) = self.sender.try_send(observed) else {
            return true;
        };
        let clock = &self.shared.ports().clock;
        let until = clock.now().after(millis(STALL));
        tokio::select! {
            biased;
            sent = self.sender.send(full.into_inner()) => sent.is_ok(),
            () = clock.sleep_until(until) => false,
        }
    }
}

const STALL: Duration = FOLLOW_STALL;
