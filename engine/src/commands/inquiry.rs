//! `attune inquiry …`.

use serde_json::{Value as Json, json};

use crate::cli::{Global, Inputs, InquiryCommand};
use crate::client::{Request, encode};
use crate::inputs;
use crate::output::error::{Context, Result};
use crate::output::text::{escape, escape_json};
use crate::output::ui::{Role, pretty};
use crate::output::{Table, Ui};
use crate::profile;

/// Runs a command about inquiries.
pub(crate) async fn run(ui: Ui, global: &Global, command: InquiryCommand) -> Result {
    let client = profile::client(global)?;
    match command {
        InquiryCommand::List => {
            let list = client.get("/inquiries?limit=500").await?;
            ui.value(&list, table)
        }
        InquiryCommand::Show { id } => {
            let path = format!("/inquiries/{}", encode(&id));
            ui.value(&client.get(path).await?, pretty)
        }
        InquiryCommand::Respond {
            id,
            values,
            input,
            json,
        } => {
            let value = match json {
                Some(text) => {
                    serde_json::from_str(&text).context(|| "the answer is not JSON".into())?
                }
                None => inputs::collect(&Inputs { values, input })?,
            };
            let path = format!("/inquiries/{}/respond", encode(&id));
            let body = json!({ "value": value });
            client.data(Request::new("POST", path).json(&body)).await?;
            ui.say(Role::Good, &format!("inquiry {id} is answered"));
            Ok(())
        }
    }
}

fn table(list: &Json) -> String {
    let mut table = Table::new(&["id", "run", "task", "prompt", "assigned to", "due"]);
    for row in list.as_array().into_iter().flatten() {
        table.row(["id", "run", "task", "prompt", "assigned_to", "due"].map(|key| cell(&row[key])));
    }
    table.render("no open inquiries")
}

/// Returns a JSON value as the text of a table's cell.
pub(crate) fn cell(value: &Json) -> String {
    match value {
        Json::Null => "-".to_owned(),
        Json::String(text) => escape(text),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            escape_json(&value.to_string())
        }
    }
}
