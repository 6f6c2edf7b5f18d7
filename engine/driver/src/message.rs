//! What actors are told: requests from outside, messages from other runs, events for a run.

use std::sync::Arc;

use attune_core::event::{Facts, Parent, RunStarted};
use attune_core::{Definition, EventKind, RunId, TaskId};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::actor::keys::KeyRequest;
use crate::handle::{CommandError, Inspected, StartError, Started};
use crate::port::{Idempotency, LogLine};
use crate::progress::Watcher;
use crate::shared::ClaimGuard;

/// The place of one attempt in flight; dropping it frees the place.
pub(crate) type Place = OwnedSemaphorePermit;

/// Where a command is answered.
#[derive(Debug)]
pub(crate) struct CommandReply {
    pub(crate) answer: oneshot::Sender<Result<(), CommandError>>,
    /// For a request that may be repeated.
    pub(crate) key: Option<Box<CommandKey>>,
}

/// The idempotency key of a command.
#[derive(Debug)]
pub(crate) struct CommandKey {
    /// Remembers the request once the run has taken it.
    pub(crate) idempotency: Idempotency,
    /// Keeps the key in flight until the answer is out.
    pub(crate) _claim: ClaimGuard,
}

impl CommandReply {
    /// Answers; nobody may be waiting any more.
    pub(crate) fn send(self, result: Result<(), CommandError>) {
        // The key is free again before the answer is out: a repeat then finds what is stored.
        drop(self.key);
        drop(self.answer.send(result));
    }
}

/// A request from outside.
#[derive(Debug)]
pub(crate) enum Request {
    /// Start a run.
    Start(Box<Birth>),
    /// Tell a run something.
    Command {
        run: RunId,
        kind: EventKind,
        reply: CommandReply,
    },
    /// Tell me how far the run is on disk: at each step, or at its end alone.
    Watch {
        run: RunId,
        steps: bool,
        reply: oneshot::Sender<Watcher>,
    },
    /// About a concurrency key.
    Key(KeyRequest),
}

/// A run to be born.
#[derive(Debug)]
pub(crate) struct Birth {
    pub(crate) started: Box<RunStarted>,
    pub(crate) definition: Arc<Definition>,
    pub(crate) idempotency: Option<Idempotency>,
    /// Told when the birth is durable; a child's parent is told instead.
    pub(crate) reply: Option<StartReply>,
    /// Given the machine when the run's end is durable.
    pub(crate) ended: Option<oneshot::Sender<Inspected>>,
}

/// Where a start is answered.
#[derive(Debug)]
pub(crate) struct StartReply {
    pub(crate) run: RunId,
    pub(crate) answer: oneshot::Sender<Result<Started, StartError>>,
    /// Keeps the idempotency key in flight until the answer is out.
    pub(crate) claim: Option<ClaimGuard>,
    /// Whether somebody waits for the birth itself, not only for the end.
    pub(crate) hurried: bool,
}

/// A message from one run to another, or to the home of a concurrency key.
#[derive(Debug)]
pub(crate) enum Peer {
    /// A child to be born.
    Birth(Box<Birth>),
    /// An event for a run.
    Deliver { run: RunId, kind: EventKind },
    /// If that run is over, its parent may not know: report again.
    Remind { run: RunId },
    /// A child of that task execution could not be born: create it again.
    Again { parent: Parent },
    /// Does the parent still wait for that child? If not, it is cancelled; if so, it is paused
    /// when the parent is, and let go on when only a parent's pause holds it.
    Orphan {
        parent: Parent,
        child: RunId,
        held: bool,
    },
    /// About a concurrency key.
    Key(KeyRequest),
}

/// What is meant for one run.
#[derive(Debug)]
pub(crate) enum Letter {
    /// An event.
    Event(Delivery),
    /// [`Peer::Again`].
    Again { task: TaskId },
    /// The question of [`Peer::Orphan`].
    Orphan {
        task: TaskId,
        child: RunId,
        held: bool,
    },
}

/// An event on its way into a machine.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) kind: EventKind,
    pub(crate) facts: Facts,
    /// How often facts were fetched for it.
    pub(crate) rounds: u32,
    pub(crate) origin: Origin,
}

/// Where an event comes from, and who must hear what became of it.
#[derive(Debug)]
pub(crate) enum Origin {
    /// A timer or another run.
    Internal,
    /// A command.
    Command(CommandReply),
    /// The run's birth.
    Birth(Option<StartReply>),
    /// The dispatch of an attempt, which holds a place; `ahead` of the disk or not.
    Attempt { place: Place, ahead: bool },
    /// The end of an attempt, with its log.
    Finished {
        task: TaskId,
        attempt: u32,
        logs: Vec<LogLine>,
    },
}

impl Letter {
    /// Answers a command that too many others wait before; anything else must not be lost and
    /// is given back.
    pub(crate) fn refuse_if_command(self) -> Option<Self> {
        match self {
            Self::Event(Delivery {
                origin: Origin::Command(reply),
                ..
            }) => {
                reply.send(Err(CommandError::Busy));
                None
            }
            other @ (Self::Event(_) | Self::Again { .. } | Self::Orphan { .. }) => Some(other),
        }
    }
}

impl Delivery {
    /// Makes a delivery without facts.
    pub(crate) fn new(kind: EventKind, origin: Origin) -> Self {
        Self {
            kind,
            facts: Facts::new(),
            rounds: 0,
            origin,
        }
    }
}
