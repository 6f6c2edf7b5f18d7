//! Logs of the server on standard error: for people on a terminal, JSON otherwise.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::LogFormat;

/// What is logged unless `ATTUNE_LOG` says otherwise.
const DEFAULT_FILTER: &str = "info";

/// Starts logging.
pub(crate) fn init(format: Option<LogFormat>) {
    let filter = EnvFilter::try_from_env("ATTUNE_LOG")
        .unwrap_or_else(|_unset| EnvFilter::new(DEFAULT_FILTER));
    let is_terminal = std::io::stderr().is_terminal();
    let format = format.unwrap_or(if is_terminal {
        LogFormat::Text
    } else {
        LogFormat::Json
    });
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => builder.with_ansi(is_terminal).finish().try_init(),
        LogFormat::Json => builder.json().finish().try_init(),
    };
    // Logging that has been started already is kept.
    drop(started);
}
