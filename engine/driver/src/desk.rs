//! The handle's side of a driver: admission, idempotency, and requests to the owners of runs.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use attune_core::event::RunStarted;
use attune_core::explain::KeyQueue;
use attune_core::{EventKind, RunId, TaskId};
use tokio::sync::{mpsc, oneshot};

use crate::actor::keys::{self, KeyRequest, home};
use crate::actor::millis;
use crate::follow::{Journal, follow};
use crate::handle::{
    Command, CommandError, Desk, Executed, Inspected, Observed, StartError, StartRun, Started,
};
use crate::machine::Machine;
use crate::message::{Birth, CommandKey, CommandReply, Request, StartReply};
use crate::port::{Clock, Idempotency, Store, StoreError};
use crate::ports::World;
use crate::progress::Watcher;
use crate::shared::{Claim, ClaimGuard, Shared};

/// The desk of one driver.
pub(crate) struct DeskOf<W: World>(pub(crate) Arc<Shared<W>>);

/// Whether a request with an idempotency key goes on.
enum Admission {
    /// It is the first.
    First(ClaimGuard),
    /// An earlier one has started the run.
    Replay(RunId),
}

#[async_trait]
impl<W: World> Desk for DeskOf<W> {
    async fn start(&self, start: StartRun) -> Result<Started, StartError> {
        let answer = self.0.send_start(start, None).await?;
        match answer {
            Sent::Replayed(run) => Ok(Started {
                run,
                replayed: true,
            }),
            Sent::New(_, answer) => self.0.started(answer).await,
        }
    }

    async fn execute(&self, start: StartRun, limit: Duration) -> Result<Executed, StartError> {
        let (ended, end) = oneshot::channel();
        match self.0.send_start(start, Some(ended)).await? {
            Sent::Replayed(run) => self.replayed(run, limit).await,
            Sent::New(run, answer) => self.0.ended(run, answer, end, limit).await,
        }
    }

    async fn command(
        &self,
        run: RunId,
        command: Command,
        by: Arc<str>,
        idempotency: Option<Idempotency>,
    ) -> Result<bool, CommandError> {
        let shared = &self.0;
        let _admitted = shared
            .requests
            .try_acquire()
            .map_err(|_| CommandError::Busy)?;
        let key = match idempotency {
            None => None,
            Some(idempotency) => match shared.claim(&idempotency).await.map_err(claim_error)? {
                Admission::First(claim) => Some(Box::new(CommandKey {
                    idempotency,
                    _claim: claim,
                })),
                Admission::Replay(_) => return Ok(true),
            },
        };
        let (answer, receiver) = oneshot::channel();
        let kind = event_of(command, by);
        let reply = CommandReply { answer, key };
        let request = Request::Command { run, kind, reply };
        let sent = shared.lane(run).requests.send(request).await;
        sent.map_err(|_| CommandError::Busy)?;
        let answer = receiver.await.unwrap_or(Err(CommandError::Busy));
        answer.map(|()| false)
    }

    async fn wait(&self, run: RunId, limit: Duration) -> Result<bool, CommandError> {
        let _admitted = self.0.admit_follower()?;
        let clock = &self.0.ports().clock;
        let until = clock.now().after(millis(limit));
        let wait = self.0.wait_for_end(run);
        tokio::select! {
            biased;
            ended = wait => ended,
            () = clock.sleep_until(until) => Ok(false),
        }
    }

    async fn inspect(&self, run: RunId) -> Result<Inspected, CommandError> {
        let ports = self.0.ports();
        let loaded = ports.views.loaded(run).await;
        let loaded = loaded.inspect_err(|error| self.0.notice(error))?;
        let loaded = loaded.ok_or(CommandError::NotFound(run))?;
        let definitions = &self.0.definitions;
        let definition = definitions
            .get(&*ports.artifacts, loaded.definition)
            .await?;
        let machine = Machine::restore(run, definition, loaded)?;
        Ok(Inspected {
            definition: machine.definition,
            run: machine.run,
            events: machine.events,
        })
    }

    async fn key_place(
        &self,
        key: Arc<str>,
        run: RunId,
        task: Option<TaskId>,
    ) -> Result<Option<KeyQueue>, CommandError> {
        let (reply, receiver) = oneshot::channel();
        let lane = &self.0.lanes[home(&key, self.0.lanes.len())];
        let claim = keys::Claim { run, task };
        let request = Request::Key(KeyRequest::Ask { key, claim, reply });
        let sent = lane.requests.send(request).await;
        sent.map_err(|_| CommandError::Busy)?;
        receiver.await.map_err(|_| CommandError::Busy)
    }

    async fn events(
        &self,
        run: RunId,
        first: u64,
        limit: usize,
    ) -> Result<Vec<Observed>, CommandError> {
        let mut journal = Journal::open(&self.0, run).await?;
        let mut events = Vec::new();
        while events.len() < limit {
            let Some(observed) = journal.next(&self.0).await? else {
                break;
            };
            if observed.number >= first {
                events.push(observed);
            }
        }
        Ok(events)
    }

    async fn follow(
        &self,
        run: RunId,
        first: u64,
    ) -> Result<mpsc::Receiver<Observed>, CommandError> {
        follow(&self.0, run, first).await
    }
}

impl<W: World> DeskOf<W> {
    async fn replayed(&self, run: RunId, limit: Duration) -> Result<Executed, StartError> {
        let failed = |error| match error {
            CommandError::Store(error) => StartError::Store(error),
            CommandError::NotFound(_)
            | CommandError::Refused(_)
            | CommandError::KeyReused
            | CommandError::Busy => StartError::Busy,
        };
        let over = self.wait(run, limit).await.map_err(failed)?;
        let ended = if over {
            Some(self.inspect(run).await.map_err(failed)?)
        } else {
            None
        };
        let replayed = true;
        Ok(Executed {
            started: Started { run, replayed },
            ended,
        })
    }
}

/// What became of a request to start a run.
enum Sent {
    Replayed(RunId),
    New(RunId, oneshot::Receiver<Result<Started, StartError>>),
}

impl<W: World> Shared<W> {
    /// Sends a run to its owner to be born. With `ended` nobody waits for the birth alone.
    async fn send_start(
        &self,
        start: StartRun,
        ended: Option<oneshot::Sender<Inspected>>,
    ) -> Result<Sent, StartError> {
        if self.stop.is_cancelled() {
            return Err(StartError::Stopping);
        }
        let _admitted = self.requests.try_acquire().map_err(|_| StartError::Busy)?;
        let claim = match &start.idempotency {
            None => None,
            Some(wanted) => match self.claim(wanted).await? {
                Admission::First(claim) => Some(claim),
                Admission::Replay(run) => return Ok(Sent::Replayed(run)),
            },
        };
        let run = self.ids.next(&*self.ports().store).await;
        let run = run.inspect_err(|error| self.notice(error))?;
        self.definitions.insert(&start.definition);
        let (answer, receiver) = oneshot::channel();
        let reply = StartReply {
            run,
            answer,
            claim,
            hurried: ended.is_none(),
        };
        let birth = birth(run, start, reply, ended);
        let request = Request::Start(Box::new(birth));
        let sent = self.lane(run).requests.send(request).await;
        sent.map_err(|_| StartError::Stopping)?;
        Ok(Sent::New(run, receiver))
    }

    async fn started(
        &self,
        answer: oneshot::Receiver<Result<Started, StartError>>,
    ) -> Result<Started, StartError> {
        answer.await.unwrap_or_else(|_| {
            Err(if self.stop.is_cancelled() {
                StartError::Stopping
            } else {
                StartError::Store(unknown())
            })
        })
    }

    async fn ended(
        &self,
        run: RunId,
        answer: oneshot::Receiver<Result<Started, StartError>>,
        end: oneshot::Receiver<Inspected>,
        limit: Duration,
    ) -> Result<Executed, StartError> {
        let clock = &self.ports().clock;
        let until = clock.now().after(millis(limit));
        let ended = tokio::select! {
            biased;
            ended = end => ended.ok(),
            () = clock.sleep_until(until) => None,
        };
        let started = if ended.is_some() {
            Started {
                run,
                replayed: false,
            }
        } else {
            self.started(answer).await?
        };
        Ok(Executed { started, ended })
    }

    /// Claims an idempotency key, or finds what an earlier request with it has started.
    async fn claim(&self, wanted: &Idempotency) -> Result<Admission, StartError> {
        loop {
            match self.claims.claim(wanted) {
                Claim::Reused => return Err(StartError::KeyReused),
                // It closes when the first is durable or refused; then the store knows.
                Claim::InFlight(ends) => ends.cancelled().await,
                Claim::Ours(claim) => {
                    let ports = self.ports();
                    let now = ports.clock.now();
                    let known = ports.store.idempotent(wanted.key, now).await;
                    let known = known.inspect_err(|error| self.notice(error))?;
                    return match known {
                        None => Ok(Admission::First(claim)),
                        Some((run, body)) if body == wanted.body => Ok(Admission::Replay(run)),
                        Some(_) => Err(StartError::KeyReused),
                    };
                }
            }
        }
    }

    /// Waits until a run is over on disk.
    async fn wait_for_end(&self, run: RunId) -> Result<bool, CommandError> {
        loop {
            // Watched first and looked at then, so that no end falls in between.
            let mut watched = self.watch(run, false).await?;
            let summary = self.ports().views.summary(run).await;
            let summary = summary.inspect_err(|error| self.notice(error))?;
            let summary = summary.ok_or(CommandError::NotFound(run))?;
            if summary.status.is_over() {
                return Ok(true);
            }
            while let Some(progress) = watched.next().await {
                if progress.over {
                    return Ok(true);
                }
            }
            if self.stop.is_cancelled() {
                return Ok(false);
            }
        }
    }

    /// Asks the owner of a run to tell how far it is, at each of its steps or at its end alone.
    pub(crate) async fn watch(&self, run: RunId, steps: bool) -> Result<Watcher, CommandError> {
        let (reply, receiver) = oneshot::channel();
        let request = Request::Watch { run, steps, reply };
        let sent = self.lane(run).requests.send(request).await;
        sent.map_err(|_| CommandError::Busy)?;
        receiver.await.map_err(|_| CommandError::Store(unknown()))
    }
}

/// What a claim that was not given means to a command.
fn claim_error(error: StartError) -> CommandError {
    match error {
        StartError::KeyReused => CommandError::KeyReused,
        StartError::Store(error) => CommandError::Store(error),
        StartError::Busy | StartError::Stopping => CommandError::Busy,
    }
}

/// The answer when the store failed under a request.
fn unknown() -> StoreError {
    StoreError::Io("the store failed while the request was under way".into())
}

fn birth(
    run: RunId,
    start: StartRun,
    reply: StartReply,
    ended: Option<oneshot::Sender<Inspected>>,
) -> Birth {
    let started = RunStarted {
        run,
        workflow: start.workflow,
        pins: start.pins,
        parameters: start.parameters,
        labels: start.labels,
        trigger: start.trigger,
        parent: None,
        depth: 1,
        identity: start.identity,
        start_at: start.start_at,
        priority: start.priority,
        fuel: start.fuel,
        fork: start.fork,
    };
    Birth {
        started: Box::new(started),
        definition: start.definition,
        idempotency: start.idempotency,
        reply: Some(reply),
        ended,
    }
}

fn event_of(command: Command, by: Arc<str>) -> EventKind {
    match command {
        Command::Pause { reason } => EventKind::PauseRequested { reason, by },
        Command::Resume => EventKind::ResumeRequested { by },
        Command::Cancel { mode } => EventKind::CancelRequested { mode, by },
        Command::Rerun { tasks } => EventKind::RerunRequested { tasks, by },
        Command::Respond { task, value } => EventKind::InquiryAnswered { task, value, by },
    }
}
