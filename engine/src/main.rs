//! The `attune` binary: parses the command line, runs the command, exits.

#![expect(
    clippy::format_push_string,
    reason = "text for a person is made once; `write!` would add a result to ignore"
)]

mod build;
mod cli;
mod client;
mod commands;
mod config;
mod engine;
mod inputs;
mod install;
mod local;
mod output;
mod paths;
mod profile;
mod serve;
mod standard;
mod telemetry;
mod template;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::output::{CliError, Ui};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(cause) => {
            let error = CliError::failed("cannot start the threads").caused_by(&cause);
            Ui::error(&error);
            return ExitCode::from(error.kind.exit_code());
        }
    };
    // On the heap: the future of all commands together is large.
    match runtime.block_on(Box::pin(commands::run(cli))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            Ui::error(&error);
            ExitCode::from(error.kind.exit_code())
        }
    }
}
