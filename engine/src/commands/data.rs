//! `attune kv …` and `attune secret …`.

use serde_json::{Value as Json, json};

use super::inquiry::cell;
use crate::cli::{Global, KvCommand, SecretCommand};
use crate::client::{Client, Request, encode};
use crate::output::error::{CliError, Context, Kind, Result};
use crate::output::ui::Role;
use crate::output::{Table, Ui};
use crate::{inputs, profile};

/// Keys asked for at once.
const PAGE: usize = 500;

/// Runs a command about kv.
pub(crate) async fn kv(ui: Ui, global: &Global, command: KvCommand) -> Result {
    let client = profile::client(global)?;
    match command {
        KvCommand::List { pack, prefix } => ui
            .value(&keys(&client, &pack, &prefix).await?, |keys| {
                table(keys, "key", "no keys")
            }),
        KvCommand::Get { pack, key } => {
            let entry = client.get(entry_path(&pack, &key)).await?;
            ui.result(&entry["value"])
        }
        KvCommand::Set {
            pack,
            key,
            value,
            json: is_json,
            ttl,
            expect,
        } => {
            let mut body = json!({ "value": given(&value, is_json)? });
            if let Some(ttl) = ttl {
                body["expires_in"] = ttl.into();
            }
            if let Some(expect) = expect {
                body["expected_version"] = expect.into();
            }
            let request = Request::new("PUT", entry_path(&pack, &key)).json(&body);
            let entry = client.data(request).await?;
            ui.value(&entry, |entry| {
                format!("{key} has version {}", entry["version"])
            })
        }
        KvCommand::Remove { pack, key } => {
            let request = Request::new("DELETE", entry_path(&pack, &key));
            client.data(request).await?;
            ui.say(Role::Good, &format!("{key} is removed"));
            Ok(())
        }
    }
}

fn entry_path(pack: &str, key: &str) -> String {
    format!("/packs/{}/kv/{}", encode(pack), encode(key))
}

/// Returns all keys with a prefix, in order.
async fn keys(client: &Client, pack: &str, prefix: &str) -> Result<Json> {
    let mut found = Vec::new();
    let path = format!(
        "/packs/{}/kv?limit={PAGE}&prefix={}",
        encode(pack),
        encode(prefix)
    );
    let mut after = String::new();
    loop {
        let page = client
            .json(Request::new("GET", format!("{path}{after}")))
            .await?;
        found.extend(page["data"].as_array().cloned().unwrap_or_default());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={}", encode(next)),
            None => return Ok(Json::Array(found)),
        }
    }
}

/// Reads a value: text as it is, `@file`, or standard input.
fn given(value: &str, is_json: bool) -> Result<Json> {
    let bytes = match value.strip_prefix('@') {
        Some(file) => inputs::read(file)?,
        None if value == "-" => inputs::read("-")?,
        None => value.as_bytes().to_vec(),
    };
    if is_json {
        return serde_json::from_slice(&bytes).context(|| "the value is not JSON".into());
    }
    let text = String::from_utf8(bytes).context(|| "the value is not UTF-8 text".into())?;
    Ok(text.into())
}

/// Runs a command about secrets.
pub(crate) async fn secret(ui: Ui, global: &Global, command: SecretCommand) -> Result {
    let client = profile::client(global)?;
    let path = |pack: &str, name: &str| {
        let (pack, name) = (encode(pack), encode(name));
        format!("/packs/{pack}/secrets/{name}")
    };
    match command {
        SecretCommand::List { pack } => {
            let list = client
                .get(format!("/packs/{}/secrets", encode(&pack)))
                .await?;
            ui.value(&list, |list| table(list, "name", "no secrets"))
        }
        SecretCommand::Set { pack, name, from } => {
            let bytes = inputs::read(&from)?;
            let text = String::from_utf8(bytes).map_err(|_invalid| {
                CliError::new(Kind::Usage, "the secret is not UTF-8 text")
                    .hint("encode it, as base64 for example")
            })?;
            let text = text.strip_suffix('\n').unwrap_or(&text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            if text.is_empty() {
                return Err(CliError::usage("the secret is empty"));
            }
            let request = Request::new("PUT", path(&pack, &name)).json(&json!({ "value": text }));
            client.data(request).await?;
            ui.say(Role::Good, &format!("secret {name} is stored"));
            Ok(())
        }
        SecretCommand::Remove { pack, name } => {
            client
                .data(Request::new("DELETE", path(&pack, &name)))
                .await?;
            ui.say(Role::Good, &format!("secret {name} is removed"));
            Ok(())
        }
    }
}

/// Formats a list of things of which each has a name.
fn table(list: &Json, key: &'static str, empty: &str) -> String {
    let mut table = Table::new(&[key]);
    for row in list.as_array().into_iter().flatten() {
        table.row([cell(&row[key])]);
    }
    table.render(empty)
}
