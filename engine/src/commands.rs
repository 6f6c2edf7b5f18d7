//! One file per group of commands. Each turns arguments into requests and answers into text.

mod action;
mod api;
mod audit;
mod completions;
mod config;
mod data;
mod explain;
mod inquiry;
mod known;
mod new;
mod pack;
mod rehearsal;
mod run;
mod steer;
mod token;
mod validate;
mod watch;
mod workflow;

pub(crate) use action::upload;
pub(crate) use known::components;
pub(crate) use watch::Kept;

use crate::cli::{Cli, Command};
use crate::output::{Ui, error::Result};

/// Runs the command.
///
/// # Errors
/// Whatever the command ends with; its kind is the exit code.
pub(crate) async fn run(cli: Cli) -> Result {
    let ui = Ui::new(&cli.global);
    let global = &cli.global;
    match cli.command {
        Command::New { name } => new::pack(ui, &name),
        Command::Serve(args) => crate::serve::run(args).await,
        Command::Action(command) => action::run(ui, global, command).await,
        Command::Workflow(command) => workflow::run(ui, global, command).await,
        Command::Run(command) => run::run(ui, global, command).await,
        Command::Inquiry(command) => inquiry::run(ui, global, command).await,
        Command::Pack(command) => pack::run(ui, global, command).await,
        Command::Kv(command) => data::kv(ui, global, command).await,
        Command::Secret(command) => data::secret(ui, global, command).await,
        Command::Token(command) => token::run(ui, global, command).await,
        Command::Api {
            method,
            path,
            input,
            header,
        } => {
            api::run(
                ui,
                global,
                api::Call {
                    method,
                    path,
                    input,
                    header,
                },
            )
            .await
        }
        Command::Config(args) => config::run(ui, &args),
        Command::Completions { shell } => completions::run(ui, shell),
    }
}
