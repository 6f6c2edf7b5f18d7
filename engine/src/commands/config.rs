//! `attune config`: the server's effective configuration.

use serde_json::{Value as Json, json};

use crate::cli::ServeArgs;
use crate::config::Config;
use crate::output::error::Result;
use crate::output::{Table, Ui};

/// Prints every setting with its origin.
pub(crate) fn run(ui: Ui, args: &ServeArgs) -> Result {
    let rows = Config::load(args)?.rows();
    let all: Json = rows
        .iter()
        .map(|(key, value, origin)| {
            (
                (*key).to_owned(),
                json!({ "value": value, "origin": origin }),
            )
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    ui.value(&all, |_| {
        let mut table = Table::new(&["key", "value", "origin"]);
        for (key, value, origin) in rows {
            table.row([key.to_owned(), value, origin]);
        }
        table.render("nothing is configured")
    })
}
