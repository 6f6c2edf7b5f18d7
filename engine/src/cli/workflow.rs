//! `attune workflow …`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::action::Inputs;

/// What to do with workflows.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkflowCommand {
    /// Checks workflow files and shows every problem with its place.
    Validate {
        /// Files, or folders with workflows.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Warnings fail the check as well.
        #[arg(long)]
        strict: bool,
        /// Checks inputs and results against the actions and workflows of this pack, too.
        #[arg(long, value_name = "DIR", conflicts_with = "on_server")]
        pack: Option<PathBuf>,
        /// Checks them against what the server has.
        #[arg(long)]
        on_server: bool,
    },
    /// Runs rehearsal files: workflows with mocked actions in virtual time.
    Test {
        /// Rehearsal files, or folders with them.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Only cases whose id or title contains this.
        #[arg(long)]
        filter: Option<String>,
        /// Also writes a JUnit report.
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
    },
    /// Puts workflow files on the server.
    Apply {
        /// Files, or folders with workflows.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Runs a workflow: a file locally (nothing is stored), a ref on the server.
    Run {
        /// A file, or `pack.name`.
        target: String,
        /// Its parameters.
        #[command(flatten)]
        inputs: Inputs,
        /// Runs a file on the server, without saving it there.
        #[arg(long)]
        on_server: bool,
        /// Prints the run's id and does not wait.
        #[arg(long)]
        detach: bool,
    },
    /// Lists workflows.
    List {
        /// Of this pack.
        #[arg(long)]
        pack: Option<String>,
    },
    /// Shows one workflow; `--output yaml` prints its source.
    Show {
        /// `pack.name`.
        reference: String,
    },
    /// Lists the revisions of a workflow, newest first.
    Versions {
        /// `pack.name`.
        reference: String,
    },
    /// Lets a workflow start runs.
    Enable {
        /// `pack.name`.
        reference: String,
    },
    /// Lets a workflow start no more runs; those under way go on.
    Disable {
        /// `pack.name`.
        reference: String,
    },
    /// Draws a workflow's graph.
    Graph {
        /// A workflow file, or `pack.name` of one on the server.
        target: String,
        /// In which language.
        #[arg(long, value_enum, default_value_t = GraphFormat::Mermaid)]
        format: GraphFormat,
    },
    /// Removes a workflow; its runs stay.
    Remove {
        /// `pack.name`.
        reference: String,
    },
    /// Prints the JSON Schema of workflow files, for editors.
    Schema,
}

/// How a graph is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// A Mermaid flowchart.
    Mermaid,
    /// Graphviz.
    Dot,
    /// Nodes and edges.
    Json,
    /// A picture.
    Svg,
}

impl GraphFormat {
    /// Returns the word of the API.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Mermaid => "mermaid",
            Self::Dot => "dot",
            Self::Json => "json",
            Self::Svg => "svg",
        }
    }
}
