//! `attune serve`: flags of the server. Each has a key of the same name in the configuration.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::ValueEnum;

/// Flags of the server.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct ServeArgs {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where the state is kept; default: the user's data folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Who may do what; `none` is allowed only on a loopback address.
    #[arg(long, value_enum)]
    pub(crate) auth: Option<AuthMode>,
    /// How logs are written to standard error; default: by whether it is a terminal.
    #[arg(long, value_enum)]
    pub(crate) log_format: Option<LogFormat>,
}

/// Who may do what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AuthMode {
    /// Bearer tokens with roles.
    #[default]
    Token,
    /// Everybody everything, on a loopback address only.
    None,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// A JSON object a line.
    Json,
}
