//! What server and command line may ask of the driver.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use attune_core::effect::Change;
use attune_core::event::{CancelMode, Fork, RerunTask, Trigger};
use attune_core::explain::KeyQueue;
use attune_core::pin::{Pins, WorkflowPin};
use attune_core::run::RunStatus;
use attune_core::step::Refusal;
use attune_core::{Definition, Event, Run, RunId, TaskId, Timestamp, Value};

use crate::port::{Idempotency, StoreError};

/// A run to be started: everything has been looked up and validated.
#[derive(Debug)]
pub struct StartRun {
    /// The workflow.
    pub definition: Arc<Definition>,
    /// Its exact revision.
    pub workflow: WorkflowPin,
    /// All that it can reach.
    pub pins: Pins,
    /// Validated, defaults filled in, secret ones marked.
    pub parameters: Value,
    /// Labels.
    pub labels: Vec<(Arc<str>, Arc<str>)>,
    /// What starts it.
    pub trigger: Trigger,
    /// Who starts it.
    pub identity: Arc<str>,
    /// Not before.
    pub start_at: Option<Timestamp>,
    /// Overrides the file's.
    pub priority: Option<i32>,
    /// Fuel budget.
    pub fuel: Option<u64>,
    /// What it takes over from another run.
    pub fork: Option<Box<Fork>>,
    /// Remembers the request.
    pub idempotency: Option<Idempotency>,
}

/// A started run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// The run.
    pub run: RunId,
    /// Whether an earlier request with the same key had started it.
    pub replayed: bool,
}

/// Why a run was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The same idempotency key came with another body.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Too much is under way: try again later.
    #[error("the server is busy")]
    Busy,
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a run may be told.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Dispatch nothing new.
    Pause {
        /// Why.
        reason: Option<Arc<str>>,
    },
    /// Go on.
    Resume,
    /// Cancel.
    Cancel {
        /// How.
        mode: CancelMode,
    },
    /// Run failed or named tasks again.
    Rerun {
        /// Named tasks; empty is every unhandled failure.
        tasks: Vec<RerunTask>,
    },
    /// Answer an inquiry.
    Respond {
        /// The task execution.
        task: TaskId,
        /// The answer.
        value: Value,
    },
}

/// Why a command did nothing.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is no such run.
    #[error("run `{0}` does not exist")]
    NotFound(RunId),
    /// Its state forbids it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The same idempotency key came with another body.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The server is busy or stopping.
    #[error("the server is busy")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One synced event of a run with what it made visible.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The event's number in the run's journal, from 0.
    pub number: u64,
    /// The event.
    pub event: Arc<Event>,
    /// What it made visible.
    pub changes: Arc<[Change]>,
    /// The run's status after it.
    pub status: RunStatus,
}

/// A run's synced state, rebuilt: what details, task lists and explanations are read from.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// Its workflow.
    pub definition: Arc<Definition>,
    /// Its machine.
    pub run: Arc<Run>,
    /// How many events the machine has seen.
    pub events: u64,
}

/// A run that was started and waited for.
#[derive(Clone, Debug)]
pub struct Executed {
    /// The run.
    pub started: Started,
    /// Its state, if it ended in time.
    pub ended: Option<Inspected>,
}

/// What server and command line hold of a running driver. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    desk: Arc<dyn Desk>,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

impl Handle {
    pub(crate) fn new(desk: Arc<dyn Desk>) -> Self {
        Self { desk }
    }

    /// Starts a run. Returns when it is durable.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(&self, start: StartRun) -> Result<Started, StartError> {
        self.desk.start(start).await
    }

    /// Starts a run and waits until it has ended (and that is durable), at most for `limit`. The
    /// disk is waited for once, not once for the start and once for the end.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn execute(&self, start: StartRun, limit: Duration) -> Result<Executed, StartError> {
        self.desk.execute(start, limit).await
    }

    /// Tells a run something. Returns when it is durable. `by` is who asks. An answer to an
    /// inquiry must fit the inquiry's schema: the caller checks that.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn command(
        &self,
        run: RunId,
        command: Command,
        by: Arc<str>,
    ) -> Result<(), CommandError> {
        self.desk.command(run, command, by, None).await.map(drop)
    }

    /// The same for a request that may be repeated: with a key that was used before, nothing
    /// happens again. Tells whether it was.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn command_once(
        &self,
        run: RunId,
        command: Command,
        by: Arc<str>,
        idempotency: Option<Idempotency>,
    ) -> Result<bool, CommandError> {
        self.desk.command(run, command, by, idempotency).await
    }

    /// Waits until the run has ended (and that is durable), at most for `limit`. Tells whether
    /// it has.
    ///
    /// # Errors
    /// If there is no such run or the store failed.
    pub async fn wait(&self, run: RunId, limit: Duration) -> Result<bool, CommandError> {
        self.desk.wait(run, limit).await
    }

    /// Rebuilds a run's synced state.
    ///
    /// # Errors
    /// If there is no such run or the store failed.
    pub async fn inspect(&self, run: RunId) -> Result<Inspected, CommandError> {
        self.desk.inspect(run).await
    }

    /// Tells where a run, or one of its task executions, stands in the queue of a concurrency key;
    /// `None` if it does not wait for that key.
    ///
    /// # Errors
    /// If the server is busy or stopping.
    pub async fn key_place(
        &self,
        key: Arc<str>,
        run: RunId,
        task: Option<TaskId>,
    ) -> Result<Option<KeyQueue>, CommandError> {
        self.desk.key_place(key, run, task).await
    }

    /// Lists synced events from number `first` on, each with what it made visible.
    ///
    /// # Errors
    /// If there is no such run or the store failed.
    pub async fn events(
        &self,
        run: RunId,
        first: u64,
        limit: usize,
    ) -> Result<Vec<Observed>, CommandError> {
        self.desk.events(run, first, limit).await
    }

    /// Follows a run live from event number `first` on. The channel ends after the run's last
    /// event, when the follower is too slow, or when the server stops; from the number after the
    /// last one received, another one goes on.
    ///
    /// # Errors
    /// If there is no such run or the store failed.
    pub async fn follow(
        &self,
        run: RunId,
        first: u64,
    ) -> Result<tokio::sync::mpsc::Receiver<Observed>, CommandError> {
        self.desk.follow(run, first).await
    }
}

/// What a handle asks of a driver whose ports it does not know.
#[async_trait]
pub(crate) trait Desk: Send + Sync {
    async fn start(&self, start: StartRun) -> Result<Started, StartError>;
    async fn execute(&self, start: StartRun, limit: Duration) -> Result<Executed, StartError>;
    async fn command(
        &self,
        run: RunId,
        command: Command,
        by: Arc<str>,
        idempotency: Option<Idempotency>,
    ) -> Result<bool, CommandError>;
    async fn wait(&self, run: RunId, limit: Duration) -> Result<bool, CommandError>;
    async fn inspect(&self, run: RunId) -> Result<Inspected, CommandError>;
    async fn key_place(
        &self,
        key: Arc<str>,
        run: RunId,
        task: Option<TaskId>,
    ) -> Result<Option<KeyQueue>, CommandError>;
    async fn events(
        &self,
        run: RunId,
        first: u64,
        limit: usize,
    ) -> Result<Vec<Observed>, CommandError>;
    async fn follow(
        &self,
        run: RunId,
        first: u64,
    ) -> Result<tokio::sync::mpsc::Receiver<Observed>, CommandError>;
}
