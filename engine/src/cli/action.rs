//! `attune action …`.

use std::path::PathBuf;

use clap::Subcommand;

use crate::template::Language;

/// What to do with actions.
#[derive(Debug, Subcommand)]
pub(crate) enum ActionCommand {
    /// Makes a project for a new action.
    New {
        /// Name of the action and its folder.
        name: String,
        /// Its language.
        #[arg(long, value_enum, default_value_t = Language::Rust)]
        lang: Language,
    },
    /// Uploads a component; builds it first if a folder is given.
    Push {
        /// A `.wasm` file, or the folder of an action project.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// `pack.name` of the action; else from the project (pack `default`).
        #[arg(long = "as", value_name = "REF")]
        reference: Option<String>,
        /// Manifest; else the `.yaml` beside the component.
        #[arg(long, value_name = "FILE")]
        manifest: Option<PathBuf>,
        /// Approve the wanted grants at once (admin).
        #[arg(long)]
        approve: bool,
        /// Only show what the server would say.
        #[arg(long)]
        dry_run: bool,
    },
    /// Shows what a component is and wants, without a server.
    Inspect {
        /// A `.wasm` file, or the folder of an action project.
        file: PathBuf,
        /// Manifest; else the `.yaml` beside the component.
        #[arg(long, value_name = "FILE")]
        manifest: Option<PathBuf>,
    },
    /// Runs an action: a file or project in a local sandbox, a ref on the server.
    Run {
        /// A `.wasm` file, the folder of an action project, or `pack.name`.
        target: String,
        /// The input.
        #[command(flatten)]
        inputs: Inputs,
    },
    /// Lists actions.
    List {
        /// Of this pack.
        #[arg(long)]
        pack: Option<String>,
        /// With this text in ref, summary or description.
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// Downloads an action's component.
    Download {
        /// `pack.name`, optionally with `@revision`.
        reference: String,
        /// Where to; else `pack.name.wasm`.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Shows one action: what it is, wants, takes and gives.
    Show {
        /// `pack.name`, optionally with `@revision`.
        reference: String,
    },
    /// Lists the versions of an action.
    Versions {
        /// `pack.name`.
        reference: String,
    },
    /// Approves what a version wants (admin).
    Approve {
        /// `pack.name`, optionally with `@revision`.
        reference: String,
    },
    /// Removes an action.
    Remove {
        /// `pack.name`.
        reference: String,
        /// Even if workflows use it.
        #[arg(long)]
        force: bool,
    },
}

/// Input of a run, in whatever way is handy.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Inputs {
    /// `name=text`, `n:=3` (JSON), `body=@file` (text of a file), `body:=@file` (JSON of a file).
    #[arg(value_name = "NAME=VALUE")]
    pub(crate) values: Vec<String>,
    /// All input as JSON or YAML: a file, or `-` for standard input; values above are added.
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<String>,
}
