//! `attune pack …`.

use clap::Subcommand;

use super::action::Inputs;

/// What to do with packs.
#[derive(Debug, Subcommand)]
pub(crate) enum PackCommand {
    /// Lists packs.
    List,
    /// Shows a pack: its actions, workflows and configuration.
    Show {
        /// Its name.
        name: String,
    },
    /// Prints a pack's configuration, or replaces it.
    Config {
        /// The pack.
        name: String,
        /// The new configuration: `name=text`, `n:=3`, or `--input FILE`.
        #[command(flatten)]
        inputs: Inputs,
    },
    /// Removes a pack with its actions, workflows, configuration, kv and secrets; runs stay.
    Remove {
        /// Its name.
        name: String,
        /// Even if workflows of other packs use it.
        #[arg(long)]
        force: bool,
    },
}
