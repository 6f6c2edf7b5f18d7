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
        /// Which.
        #[command(flatten)]
        filter: RunFilter,
        /// How many, at most 500.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
        /// Behind this run, as the list before said.
        #[arg(long, value_name = "ID")]
        after: Option<u64>,
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
    /// Cancels a run, or all that the filters match.
    Cancel {
        /// The run.
        #[arg(conflicts_with_all = ["workflow", "status", "label", "since", "until", "parent", "search", "all", "dry_run"])]
        id: Option<u64>,
        /// Many runs instead.
        #[command(flatten)]
        many: Many,
        /// What becomes of tasks that run.
        #[arg(long, value_enum, default_value_t = CancelMode::AllowFinish)]
        mode: CancelMode,
    },
    /// Runs what failed in a run again, or in all that the filters match.
    Retry {
        /// The run.
        #[arg(conflicts_with_all = ["workflow", "status", "label", "since", "until", "parent", "search", "all", "dry_run"])]
        id: Option<u64>,
        /// Many runs instead.
        #[command(flatten)]
        many: Many,
        /// How.
        #[command(flatten)]
        again: Again,
    },
    /// Starts a new run that takes over what a run had recorded before a task.
    Fork {
        /// The run.
        id: Option<u64>,
        /// How.
        #[command(flatten)]
        fork: ForkArgs,
    },
    /// Tells why a task ran, waits, was skipped or went where it went.
    #[command(allow_missing_positional = true)]
    Explain {
        /// The run.
        id: Option<u64>,
        /// The task's name, or the id of one of its executions.
        #[arg(required = true)]
        task: Option<String>,
    },
    /// Executes what a run's cacheable actions did again and compares the results.
    Audit {
        /// The run.
        id: Option<u64>,
    },
}

/// Which runs.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct RunFilter {
    /// Of this workflow.
    #[arg(long, value_name = "REF")]
    pub(crate) workflow: Option<String>,
    /// In this status; may be given several times.
    #[arg(long)]
    pub(crate) status: Vec<String>,
    /// With this label, like `team=web`; may be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) label: Vec<String>,
    /// Created at or after this time, like `2026-01-31T12:00:00Z`.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Created before this time.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Children of this run.
    #[arg(long, value_name = "ID")]
    pub(crate) parent: Option<u64>,
    /// With this text in name, workflow or error.
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
}

/// Many runs.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Many {
    /// Which.
    #[command(flatten)]
    pub(crate) filter: RunFilter,
    /// Every run whose state allows it.
    #[arg(long)]
    pub(crate) all: bool,
    /// Only counts the runs that the filters match.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// How to run again.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Again {
    /// Only this task; may be given several times.
    #[arg(long)]
    pub(crate) task: Vec<String>,
    /// Runs all items of the named tasks again, not only the failed ones.
    #[arg(long)]
    pub(crate) reset_items: bool,
    /// Only tells what would run again.
    #[arg(long)]
    pub(crate) preview: bool,
    /// Does not wait for the end.
    #[arg(long)]
    pub(crate) detach: bool,
}

/// How to fork.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct ForkArgs {
    /// Everything from this task on runs again; else from the task that failed.
    #[arg(long, value_name = "TASK")]
    pub(crate) from: Option<String>,
    /// Goes on by the workflow's newest revision.
    #[arg(long)]
    pub(crate) newest: bool,
    /// Replaces a parameter: `name=text`, `n:=3` (JSON), `body=@file`.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) param: Vec<String>,
    /// Replaces a variable, in the same forms.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) var: Vec<String>,
    /// Replaces the task's input by JSON or YAML: a file, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<String>,
    /// Only tells what would run again.
    #[arg(long)]
    pub(crate) preview: bool,
    /// Prints the new run's id and does not wait.
    #[arg(long)]
    pub(crate) detach: bool,
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
