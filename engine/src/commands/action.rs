//! `attune action …`.

mod upload;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::inquiry::cell;
use super::{new, watch};
use crate::cli::{ActionCommand, Global, Inputs};
use crate::client::{Client, Request, encode, unexpected};
use crate::local::LocalEngine;
use crate::output::error::{CliError, Context, Kind, Result};
use crate::output::text::{bytes, duration, escape};
use crate::output::ui::{Role, paint, pretty};
use crate::output::{Table, Ui, report};
use crate::{build, inputs, profile};

pub(crate) use upload::upload;

/// Runs a command about actions.
pub(crate) async fn run(ui: Ui, global: &Global, command: ActionCommand) -> Result {
    match command {
        ActionCommand::New { name, lang } => new::action(ui, &name, lang),
        ActionCommand::Push {
            path,
            reference,
            manifest,
            approve,
            dry_run,
        } => {
            let push = Push {
                path,
                reference,
                manifest,
                approve,
                dry_run,
            };
            push.run(ui, &profile::client(global)?).await
        }
        ActionCommand::Inspect { file, manifest } => inspect(ui, &file, manifest.as_deref()).await,
        ActionCommand::Run { target, inputs } => execute(ui, global, &target, &inputs).await,
        ActionCommand::List { pack, search } => {
            let mut path = "/actions?limit=500".to_owned();
            for (name, value) in [("pack", pack), ("search", search)] {
                if let Some(value) = value {
                    path.push_str(&format!("&{name}={}", encode(&value)));
                }
            }
            ui.value(&profile::client(global)?.get(path).await?, actions_table)
        }
        ActionCommand::Show { reference } => {
            let path = revision_path(&reference, "")?;
            ui.value(&profile::client(global)?.get(path).await?, describe)
        }
        ActionCommand::Download { reference, to } => {
            let request = Request::new("GET", revision_path(&reference, "/component")?);
            let component = profile::client(global)?.bytes(request).await?;
            let file = to.unwrap_or_else(|| PathBuf::from(format!("{reference}.wasm")));
            fs::write(&file, component).context(|| format!("cannot write `{}`", file.display()))?;
            ui.say(Role::Good, &format!("wrote `{}`", file.display()));
            Ok(())
        }
        ActionCommand::Versions { reference } => {
            let path = format!("/actions/{}/versions", encode(&reference));
            ui.value(&profile::client(global)?.get(path).await?, versions_table)
        }
        ActionCommand::Approve { reference } => {
            let request = Request::new("POST", revision_path(&reference, "/approve")?);
            let action = profile::client(global)?.data(request).await?;
            ui.value(&action, |action| {
                format!(
                    "{} revision {} is {}\n{}",
                    cell(&action["ref"]),
                    action["revision"],
                    cell(&action["status"]),
                    difference(action)
                )
            })
        }
        ActionCommand::Remove { reference, force } => {
            let query = if force { "?force=true" } else { "" };
            let path = format!("/actions/{}{query}", encode(&reference));
            profile::client(global)?
                .data(Request::new("DELETE", path))
                .await?;
            ui.say(Role::Good, &format!("{reference} is removed"));
            Ok(())
        }
    }
}

/// Makes the path of an action given as `pack.name` or `pack.name@revision`.
fn revision_path(reference: &str, what: &str) -> Result<String> {
    let (name, revision) = match reference.split_once('@') {
        None => (reference, None),
        Some((name, revision)) => (name, Some(revision)),
    };
    let query = match revision {
        None => String::new(),
        Some(text) => {
            let revision: u32 = text.parse().map_err(|_no_number| {
                CliError::usage(format!("`{text}` is not a revision"))
                    .hint("a revision is a number, like `demo.greet@3`")
            })?;
            format!("?revision={revision}")
        }
    };
    Ok(format!("/actions/{}{what}{query}", encode(name)))
}

/// Says what a revision wants that the one before it did not, and the reverse.
fn difference(action: &Json) -> String {
    let told = &action["difference"];
    let lines = |key: &str, mark: &str, role| -> Vec<String> {
        let all = told[key].as_array().into_iter().flatten();
        all.map(|line| paint(role, &format!("  {mark} {}", cell(line))))
            .collect()
    };
    let mut all = lines("added", "+", Role::Warning);
    all.extend(lines("removed", "-", Role::Good));
    if all.is_empty() {
        return String::new();
    }
    let heading = match told["since"].as_u64() {
        Some(since) => format!("wants, compared with revision {since}:"),
        None => "wants:".to_owned(),
    };
    format!("{heading}\n{}\n", all.join("\n"))
}

struct Push {
    path: PathBuf,
    reference: Option<String>,
    manifest: Option<PathBuf>,
    approve: bool,
    dry_run: bool,
}

impl Push {
    async fn run(&self, ui: Ui, client: &Client) -> Result {
        let (file, project_reference) = if self.path.is_dir() {
            let built = build::project(ui, &self.path)?;
            (built.component, built.reference)
        } else {
            (self.path.clone(), build::reference_of_file(&self.path))
        };
        let reference = self
            .reference
            .clone()
            .or(project_reference)
            .ok_or_else(|| {
                CliError::usage(format!("which action is `{}`?", file.display()))
                    .hint("name it with `--as pack.name`")
            })?;
        let mut query = Vec::new();
        if self.approve {
            query.push("approve=true");
        }
        if self.dry_run {
            query.push("dry_run=true");
        }
        let upload = upload(
            &file,
            self.manifest.as_deref(),
            &reference,
            &query.join("&"),
        )?;
        let action = client.data(upload).await?;
        ui.value(&action, describe)?;
        if action["status"] == "pending_approval" && !self.dry_run {
            ui.note(&format!(
                "\n{} it wants more than every action may do; an admin approves it with\n      \
                 attune action approve {reference}@{}",
                paint(Role::Hint, "hint:"),
                action["revision"]
            ));
        }
        Ok(())
    }
}

/// Name of the pack that files belong to in the local engine.
const LOCAL_PACK: &str = "local";

fn local_reference(file: &Path) -> String {
    let stem = file
        .file_stem()
        .map(|stem| stem.to_string_lossy().to_lowercase());
    let mut name: String = stem
        .unwrap_or_default()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .collect();
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name.insert(0, 'a');
    }
    name.truncate(63);
    format!("{LOCAL_PACK}.{name}")
}

/// Returns the component of a project, after building it, or the file itself.
fn built(ui: Ui, path: &Path) -> Result<PathBuf> {
    if path.is_dir() {
        return Ok(build::project(ui, path)?.component);
    }
    Ok(path.to_owned())
}

async fn inspect(ui: Ui, path: &Path, manifest: Option<&Path>) -> Result {
    let file = &built(ui, path)?;
    let upload = upload(file, manifest, &local_reference(file), "dry_run=true")?;
    let engine = LocalEngine::start().await?;
    let inspected = engine.client().data(upload).await?;
    ui.value(&inspected, describe)
}

async fn execute(ui: Ui, global: &Global, target: &str, given: &Inputs) -> Result {
    let body = json!({ "parameters": inputs::collect(given)? });
    if Path::new(target).exists() {
        let file = built(ui, Path::new(target))?;
        return execute_file(ui, &file, &body).await;
    }
    if target.ends_with(".wasm") {
        return Err(CliError::new(
            Kind::NotFound,
            format!("there is no file `{target}`"),
        ));
    }
    let client = profile::client(global)?;
    let path = format!("/actions/{}/execute", encode(target));
    let run = client.data(Request::new("POST", path).json(&body)).await?;
    let id = run["id"].as_u64().ok_or_else(|| unexpected("id"))?;
    watch::to_end(ui, &client, id).await
}

async fn execute_file(ui: Ui, file: &Path, body: &Json) -> Result {
    let engine = LocalEngine::start().await?;
    let client = engine.client();
    let reference = local_reference(file);
    client
        .data(upload(file, None, &reference, "approve=true")?)
        .await?;
    let path = format!("/actions/{reference}/execute?wait=60s");
    let run = client.data(Request::new("POST", path).json(body)).await?;
    let id = run["id"].as_u64().ok_or_else(|| unexpected("id"))?;
    let ended = watch::follow(ui, client, id, watch::Kept::Local).await;
    tell(ui, client, id).await?;
    ended
}

/// Tells what an attempt logged and used.
async fn tell(ui: Ui, client: &Client, run: u64) -> Result {
    let lines = client.get(format!("/runs/{run}/logs?limit=500")).await?;
    for line in lines.as_array().into_iter().flatten() {
        ui.note(&report::log_line(line));
    }
    let tasks = client.get(format!("/runs/{run}/tasks")).await?;
    let usage = &tasks[0]["usage"];
    let number = |key: &str| usage[key].as_u64().unwrap_or(0);
    ui.say(
        Role::Faint,
        &format!(
            "used {} fuel, {} ms, {} of memory; read {}, wrote {}",
            number("fuel"),
            usage["wall_ms"].as_f64().unwrap_or(0.0),
            bytes(number("peak_memory_bytes")),
            bytes(number("input_bytes")),
            bytes(number("output_bytes"))
        ),
    );
    Ok(())
}

fn actions_table(list: &Json) -> String {
    let mut table = Table::new(&["action", "revision", "kind", "pure", "status", "summary"]);
    for action in list.as_array().into_iter().flatten() {
        let keys = ["ref", "revision", "kind", "pure", "status", "summary"];
        table.row(keys.map(|key| cell(&action[key])));
    }
    table.render("no actions")
}

fn versions_table(list: &Json) -> String {
    let mut table = Table::new(&[
        "revision", "status", "kind", "pure", "size", "digest", "created",
    ]);
    for action in list.as_array().into_iter().flatten() {
        let keys = [
            "revision",
            "status",
            "kind",
            "pure",
            "size_bytes",
            "digest",
            "updated",
        ];
        table.row(keys.map(|key| cell(&action[key])));
    }
    table.render("no versions")
}

fn describe(action: &Json) -> String {
    let mut out = format!(
        "{} revision {} ({}, {}{})\n",
        paint(Role::Strong, &cell(&action["ref"])),
        cell(&action["revision"]),
        cell(&action["kind"]),
        cell(&action["status"]),
        if action["pure"] == true { ", pure" } else { "" }
    );
    if let Some(summary) = action["summary"].as_str() {
        out.push_str(&format!("{}\n", escape(summary)));
    }
    out.push_str(&difference(action));
    for key in ["digest", "grants", "effective", "exports", "imports"] {
        let value = &action[key];
        // The operator takes nothing away: what it wants is what it has.
        if key == "effective" && *value == action["grants"] {
            continue;
        }
        let text = match value {
            Json::Array(items) => items
                .iter()
                .map(cell)
                .collect::<Vec<_>>()
                .join("\n           "),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => {
                cell(value)
            }
        };
        out.push_str(&format!("{:10} {text}\n", format!("{key}:")));
    }
    if let Some(ms) = action["limits"]["timeout_ms"].as_u64() {
        let limits = &action["limits"];
        out.push_str(&format!(
            "limits:    {} fuel, {}, {} of memory\n",
            limits["fuel"],
            duration(ms),
            bytes(limits["memory_bytes"].as_u64().unwrap_or(0))
        ));
    }
    for key in ["parameters", "output"] {
        out.push_str(&format!("{key}:\n{}\n", pretty(&action[key])));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_become_action_names() {
        assert_eq!(
            local_reference(Path::new("x/My Action.wasm")),
            "local.my-action"
        );
        assert_eq!(local_reference(Path::new("1.wasm")), "local.a1");
    }
}
