//! What the command line prints: data on standard output, everything else on standard error.

pub(crate) mod error;
pub(crate) mod report;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod ui;

pub(crate) use error::{CliError, Kind};
pub(crate) use table::Table;
pub(crate) use ui::Ui;
