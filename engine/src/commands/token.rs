//! `attune token …`.

use serde_json::{Value as Json, json};

use super::inquiry::cell;
use crate::cli::{Global, TokenCommand};
use crate::client::{Request, encode};
use crate::output::error::Result;
use crate::output::ui::Role;
use crate::output::{Table, Ui};
use crate::profile;

/// Runs a command about tokens.
pub(crate) async fn run(ui: Ui, global: &Global, command: TokenCommand) -> Result {
    let client = profile::client(global)?;
    match command {
        TokenCommand::List => ui.value(&client.get("/tokens").await?, table),
        TokenCommand::Create {
            name,
            role,
            packs,
            expires,
        } => {
            let mut body = json!({"name": name, "role": role.as_str(), "packs": packs});
            if let Some(expires) = expires {
                body["expires_in"] = expires.into();
            }
            let made = client
                .data(Request::new("POST", "/tokens").json(&body))
                .await?;
            ui.say(
                Role::Faint,
                "the token is shown this once: keep it where secrets are kept",
            );
            ui.value(&made, |made| cell(&made["token"]))
        }
        TokenCommand::Remove { name } => {
            let path = format!("/tokens/{}", encode(&name));
            client.data(Request::new("DELETE", path)).await?;
            ui.say(Role::Good, &format!("token {name} has ended"));
            Ok(())
        }
    }
}

fn table(list: &Json) -> String {
    let mut table = Table::new(&["token", "role", "packs", "expires", "created"]);
    for token in list.as_array().into_iter().flatten() {
        let packs = token["packs"].as_array().into_iter().flatten().map(cell);
        let packs: Vec<String> = packs.collect();
        table.row([
            cell(&token["name"]),
            cell(&token["role"]),
            if packs.is_empty() {
                "all".to_owned()
            } else {
                packs.join(" ")
            },
            cell(&token["expires"]),
            cell(&token["created"]),
        ]);
    }
    table.render("no tokens")
}
