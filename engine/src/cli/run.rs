//! `attune run …`. A run is given by its id; without one the latest is meant.

use clap::{Subcommand, ValueEnum};

use super::action::Inputs;

/// What to do with runs.
#[derive(Debug, Subcommand)]
pub(crate) enum RunCommand {
    /// Starts a run of a workflow on the server and prints its id.
    Start {
        /// `pack.name`.
        workflow: String,
        /// Its parameters.
        #[command(flatten)]
        inputs: Inputs,
        /// Starts at most one run for each key.
        #[arg(long, value_name = "KEY")]
        idempotency_key: Option<String>,
        /// Label, like `team=web`.
        #[arg(long, value_name = "NAME=VALUE")]
        label: Vec<String>,
    },
    /// Lists runs, newest first.
    List {
        /// Of this workflow.
        #[arg(long, value_name = "REF")]
        workflow: Option<String>,
        /// In this status; may be given several times.
        #[arg(long)]
        status: Vec<String>,
        /// How many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Shows a run with its tasks.
    Show {
        /// The run.
        id: Option<u64>,
    },
    /// Follows a run to its end; the exit code is the run's.
    Watch {
        /// The run.
        id: Option<u64>,
    },
    /// Prints what a run's actions logged.
    Logs {
        /// The run.
        id: Option<u64>,
        /// Only of this task.
        #[arg(long)]
        task: Option<String>,
        /// Only from this level on: trace, debug, info, warn, error.
        #[arg(long)]
        level: Option<String>,
        /// Goes on until the run ends.
        #[arg(long, short)]
        follow: bool,
    },
    /// Lists a run's tasks.
    Tasks {
        /// The run.
        id: Option<u64>,
    },
    /// Prints a run's journal.
    Events {
        /// The run.
        id: Option<u64>,
    },
    /// Starts nothing new in a run until it is resumed.
    Pause {
        /// The run.
        id: Option<u64>,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Lets a paused run go on.
    Resume {
        /// The run.
        id: Option<u64>,
    },
    /// Cancels a run.
    Cancel {
        /// The run.
        id: Option<u64>,
        /// What becomes of tasks that run.
        #[arg(long, value_enum, default_value_t = CancelMode::AllowFinish)]
        mode: CancelMode,
    },
    /// Runs what failed in a run again.
    Retry {
        /// The run.
        id: Option<u64>,
        /// Only this task; may be given several times.
        #[arg(long)]
        task: Vec<String>,
        /// Runs all items of the named tasks again, not only the failed ones.
        #[arg(long)]
        reset_items: bool,
    },
}

/// What becomes of tasks that run when their run is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CancelMode {
    /// They may finish.
    AllowFinish,
    /// They are interrupted.
    CancelRunning,
}

impl CancelMode {
    /// Returns the word of the API.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AllowFinish => "allow_finish",
            Self::CancelRunning => "cancel_running",
        }
    }
}
