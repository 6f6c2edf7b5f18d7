//! `attune pack …`.

use serde_json::{Value as Json, json};

use super::inquiry::cell;
use crate::cli::{Global, Inputs, PackCommand};
use crate::client::{Client, Request, encode};
use crate::output::error::Result;
use crate::output::ui::{Role, paint, pretty};
use crate::output::{Table, Ui};
use crate::{inputs, profile};

/// Runs a command about packs.
pub(crate) async fn run(ui: Ui, global: &Global, command: PackCommand) -> Result {
    let client = profile::client(global)?;
    match command {
        PackCommand::List => ui.value(&client.get("/packs?limit=500").await?, table),
        PackCommand::Show { name } => show(ui, &client, &name).await,
        PackCommand::Config { name, inputs } => config(ui, &client, &name, &inputs).await,
        PackCommand::Remove { name, force } => {
            let query = if force { "?force=true" } else { "" };
            let path = format!("/packs/{}{query}", encode(&name));
            client.data(Request::new("DELETE", path)).await?;
            ui.say(Role::Good, &format!("pack {name} is removed"));
            Ok(())
        }
    }
}

async fn show(ui: Ui, client: &Client, name: &str) -> Result {
    let path = format!("/packs/{}", encode(name));
    let pack = client.get(path.clone()).await?;
    let part = async |what: &str| client.get(format!("{path}/{what}?limit=500")).await;
    let all = json!({
        "name": pack["name"],
        "created": pack["created"],
        "updated": pack["updated"],
        "actions": refs(&part("actions").await?),
        "workflows": refs(&part("workflows").await?),
        "config": client.get(format!("{path}/config")).await?,
    });
    ui.value(&all, text)
}

fn refs(list: &Json) -> Json {
    let rows = list.as_array().into_iter().flatten();
    rows.map(|row| row["ref"].clone()).collect()
}

fn text(pack: &Json) -> String {
    let mut out = paint(Role::Strong, &cell(&pack["name"]));
    for what in ["actions", "workflows"] {
        out.push_str(&format!("\n{what}:"));
        for reference in pack[what].as_array().into_iter().flatten() {
            out.push_str(&format!("\n  {}", cell(reference)));
        }
    }
    out.push_str(&format!("\nconfig: {}", pretty(&pack["config"])));
    out
}

async fn config(ui: Ui, client: &Client, name: &str, given: &Inputs) -> Result {
    let path = format!("/packs/{}/config", encode(name));
    if given.values.is_empty() && given.input.is_none() {
        return ui.value(&client.get(path).await?, pretty);
    }
    let request = Request::new("PUT", path).json(&inputs::collect(given)?);
    ui.value(&client.data(request).await?, pretty)
}

fn table(list: &Json) -> String {
    let mut table = Table::new(&["pack", "created", "updated"]);
    for pack in list.as_array().into_iter().flatten() {
        table.row(["name", "created", "updated"].map(|key| cell(&pack[key])));
    }
    table.render("no packs")
}
