//! The words for where a run and a task execution stand.

use serde::{Deserialize, Serialize};

/// Status of a run.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Accepted; waits for its concurrency key.
    #[default]
    Requested,
    /// Its first tasks are being found.
    Scheduling,
    /// Waits for `start_at`.
    Scheduled,
    /// Works or waits.
    Running,
    /// A pause was asked for; what runs may finish.
    Pausing,
    /// Nothing is dispatched.
    Paused,
    /// A cancel was asked for; what runs may finish.
    Canceling,
    /// Ended well.
    Completed,
    /// Ended with an unhandled failure.
    Failed,
    /// Ended by its own timeout.
    Timeout,
    /// Ended by a cancel.
    Cancelled,
}

impl RunStatus {
    /// All statuses, in declared order.
    pub const ALL: [Self; 11] = [
        Self::Requested,
        Self::Scheduling,
        Self::Scheduled,
        Self::Running,
        Self::Pausing,
        Self::Paused,
        Self::Canceling,
        Self::Completed,
        Self::Failed,
        Self::Timeout,
        Self::Cancelled,
    ];

    /// Tells whether the run has ended (a rerun can reopen it).
    pub fn is_over(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Failed | Self::Timeout | Self::Cancelled
        )
    }

    /// Returns the word that files, API and command line use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Scheduling => "scheduling",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Pausing => "pausing",
            Self::Paused => "paused",
            Self::Canceling => "canceling",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
        }
    }

    /// Parses the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// Status of a task execution.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Exists; not yet ready (held by a pause, a key).
    #[default]
    Requested,
    /// Ready: waits for a place.
    Scheduled,
    /// An attempt runs, or a block's tasks do.
    Running,
    /// Waits for a delay, a timer, an answer or a child.
    Waiting,
    /// Waits for its next attempt.
    WaitingRetry,
    /// Ended well.
    Completed,
    /// Ended with a failure.
    Failed,
    /// Ended by its timeout or deadline.
    Timeout,
    /// Ended by a cancel.
    Cancelled,
    /// Lost with the process too often.
    Abandoned,
    /// Its condition was false.
    Skipped,
}

impl TaskStatus {
    /// All statuses, in declared order.
    pub const ALL: [Self; 11] = [
        Self::Requested,
        Self::Scheduled,
        Self::Running,
        Self::Waiting,
        Self::WaitingRetry,
        Self::Completed,
        Self::Failed,
        Self::Timeout,
        Self::Cancelled,
        Self::Abandoned,
        Self::Skipped,
    ];

    /// Tells whether the execution has ended.
    pub fn is_over(self) -> bool {
        matches!(
            self,
            Self::Completed
                | Self::Failed
                | Self::Timeout
                | Self::Cancelled
                | Self::Abandoned
                | Self::Skipped
        )
    }

    /// Returns the word that files, API and command line use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::WaitingRetry => "waiting_retry",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Abandoned => "abandoned",
            Self::Skipped => "skipped",
        }
    }

    /// Parses the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}
