//! Attempts on their way to a runner and back.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use attune_core::event::{AttemptContext, Outcome, Usage};
use attune_core::pin::{ActionPin, AttemptLimits};
use attune_core::{AttemptId, Millis, Timestamp, Value};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// One attempt, with all that a runner needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Which.
    pub id: AttemptId,
    /// The task's name.
    pub name: Arc<str>,
    /// What to call.
    pub action: ActionPin,
    /// The pack whose configuration, kv and secrets the action may see.
    pub pack: Arc<str>,
    /// The pack's configuration as pinned.
    pub config: Value,
    /// The rendered input; the runner reveals secrets to the guest.
    pub input: Value,
    /// The smaller of the action's and the task's limits.
    pub limits: AttemptLimits,
    /// Deadline, seed, idempotency key.
    pub context: AttemptContext,
    /// When the attempt was started.
    pub started: Timestamp,
    /// Whether it runs purely (actions.md 5): virtual clock, seeded randomness, all denied.
    pub pure: bool,
    /// How old a result of the same action and input may be to be used again; only where the
    /// action is cacheable.
    pub cache: Option<Millis>,
}

/// An attempt that ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// Which.
    pub id: AttemptId,
    /// How.
    pub outcome: Outcome,
    /// What it used.
    pub usage: Usage,
    /// Log lines not yet published.
    pub logs: Vec<LogLine>,
}

/// One line that an attempt wrote: with `log`, or on stdout or stderr.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// How important; stdout is `Info`, stderr `Warn`.
    pub level: LogLevel,
    /// Where it was written.
    pub stream: Arc<str>,
    /// The text, at most 8 KiB.
    pub message: Arc<str>,
    /// Fields, by name.
    pub fields: Vec<(Arc<str>, Arc<str>)>,
}

/// Level of a log line, rising.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Finest.
    Trace,
    /// For developers.
    Debug,
    /// Normal.
    Info,
    /// Worth a look.
    Warn,
    /// Something failed.
    Error,
}

/// Every place of the dispatcher is taken: offer again after the next `finished`. Holds the
/// attempt that was not taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("no free place for an attempt")]
pub struct Full(pub Box<Attempt>);

/// Takes attempts and gives back how they ended: a local pool or a broker.
pub trait Dispatch: Send + Sync + 'static {
    /// Offers an attempt.
    ///
    /// # Errors
    /// [`Full`], with the attempt in it, when there is no place.
    fn offer(&self, attempt: Box<Attempt>) -> Result<(), Full>;
    /// Stops an attempt; it still comes out of [`Dispatch::finished`].
    fn interrupt(&self, id: AttemptId);
    /// Waits for the next attempt to end. Called from several tasks; each end is given once.
    fn finished(&self) -> impl Future<Output = Finished> + Send;
}

/// Executes an attempt by itself, outside any run: nothing of it is recorded.
#[async_trait]
pub trait Executor: Send + Sync + 'static {
    /// Executes `attempt`.
    async fn execute(&self, attempt: Attempt) -> Finished;
}

#[async_trait]
impl<R: Runner> Executor for R {
    async fn execute(&self, attempt: Attempt) -> Finished {
        self.run(attempt, CancellationToken::new()).await
    }
}

/// Runs one attempt to its end. Never fails: whatever goes wrong is an [`Outcome`].
pub trait Runner: Send + Sync + 'static {
    /// Runs `attempt`; `stop` interrupts it.
    fn run(
        &self,
        attempt: Attempt,
        stop: CancellationToken,
    ) -> impl Future<Output = Finished> + Send;
}
