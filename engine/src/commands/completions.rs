//! `attune completions`.

use clap::CommandFactory;

use crate::cli::Cli;
use crate::output::{Ui, error::Result};

/// Prints the completion script of a shell.
pub(crate) fn run(ui: Ui, shell: clap_complete::Shell) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "attune", &mut script);
    ui.data(&String::from_utf8_lossy(&script))
}
