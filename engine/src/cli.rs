//! The command line as types: global flags and the tree of commands. No behaviour here.

mod action;
mod data;
mod pack;
#[cfg(test)]
mod reference;
mod run;
mod serve;
mod workflow;

use clap::{Parser, Subcommand, ValueEnum};

pub(crate) use action::{ActionCommand, Inputs};
pub(crate) use data::{KvCommand, SecretCommand, TokenCommand};
pub(crate) use pack::PackCommand;
pub(crate) use run::{Again, CancelMode, ForkArgs, Many, RunCommand, RunFilter};
pub(crate) use serve::{AuthMode, LogFormat, ServeArgs};
pub(crate) use workflow::{GraphFormat, WorkflowCommand};

/// A workflow engine whose tasks are WebAssembly components.
#[derive(Debug, Parser)]
#[command(
    name = "attune",
    version,
    max_term_width = 100,
    propagate_version = true
)]
pub(crate) struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Global {
    /// Address of the server, like `http://127.0.0.1:7878`; else the profile `local` is used.
    #[arg(
        long,
        global = true,
        env = "ATTUNE_SERVER",
        value_name = "URL",
        help_heading = "Server"
    )]
    pub(crate) server: Option<String>,
    /// Token for the server; else the profile's token file is read.
    #[arg(
        long,
        global = true,
        env = "ATTUNE_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        help_heading = "Server"
    )]
    pub(crate) token: Option<String>,
    /// How data is printed.
    #[arg(long, short, global = true, value_enum, default_value_t = Output::Table, help_heading = "Output")]
    pub(crate) output: Output,
    /// Print nothing but data and errors.
    #[arg(long, short, global = true, help_heading = "Output")]
    pub(crate) quiet: bool,
}

/// How data is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Table,
    /// As the API answers.
    Json,
    /// The same as YAML.
    Yaml,
    /// SARIF 2.1.0 (`workflow validate` only).
    Sarif,
    /// Annotations of GitHub Actions (`workflow validate` only).
    Github,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a pack to start from: a workflow, its rehearsal and an action to grow.
    New {
        /// Name of the pack and its folder.
        name: String,
    },
    /// Runs the server.
    Serve(ServeArgs),
    /// Works with actions: the WebAssembly components that tasks call.
    #[command(subcommand)]
    Action(ActionCommand),
    /// Works with workflows.
    #[command(subcommand)]
    Workflow(WorkflowCommand),
    /// Works with runs: executions of workflows.
    #[command(subcommand)]
    Run(RunCommand),
    /// Lists and answers the questions that runs wait for.
    #[command(subcommand)]
    Inquiry(InquiryCommand),
    /// Works with packs: what actions and workflows belong to.
    #[command(subcommand)]
    Pack(PackCommand),
    /// Works with the small durable state of packs.
    #[command(subcommand)]
    Kv(KvCommand),
    /// Works with the secrets of packs: written and listed, never read back.
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Works with tokens: who may do what (admin).
    #[command(subcommand)]
    Token(TokenCommand),
    /// Sends any request to the server's API and prints the answer.
    Api {
        /// GET, POST, PUT or DELETE.
        method: String,
        /// Path below `/api/v1`, like `/runs?limit=5`; `//healthz` is outside it.
        path: String,
        /// Body: a file, or `-` for standard input.
        #[arg(long, value_name = "FILE")]
        input: Option<String>,
        /// Header, like `Idempotency-Key: 7`.
        #[arg(long, short = 'H', value_name = "NAME: VALUE")]
        header: Vec<String>,
    },
    /// Prints the server's effective configuration with the origin of each value.
    Config(ServeArgs),
    /// Prints the completion script of a shell.
    Completions {
        /// Which.
        shell: clap_complete::Shell,
    },
}

/// Questions that runs wait for.
#[derive(Debug, Subcommand)]
pub(crate) enum InquiryCommand {
    /// Lists open inquiries.
    List,
    /// Shows one, with the schema of its answer.
    Show {
        /// Its id, as `inquiry list` shows it.
        id: String,
    },
    /// Answers one.
    Respond {
        /// Its id, as `inquiry list` shows it.
        id: String,
        /// The answer: `name=text`, `n:=3` (JSON), `body=@file`.
        #[arg(value_name = "NAME=VALUE")]
        values: Vec<String>,
        /// The answer as JSON or YAML: a file, or `-` for standard input.
        #[arg(long, value_name = "FILE")]
        input: Option<String>,
        /// The answer as JSON text, for one that is no object: `--json true`.
        #[arg(long, value_name = "JSON", conflicts_with_all = ["values", "input"])]
        json: Option<String>,
    },
}
