//! `attune workflow …`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::inquiry::cell;
use super::{known, rehearsal, run as runs, validate, watch};
use crate::cli::{Global, GraphFormat, Inputs, Output, WorkflowCommand};
use crate::client::{Client, Request, encode, unexpected};
use crate::local::LocalEngine;
use crate::output::error::{CliError, Context, Kind, Result};
use crate::output::ui::{Role, paint, pretty};
use crate::output::{Table, Ui};
use crate::{inputs, profile};

/// Runs a command about workflows.
pub(crate) async fn run(ui: Ui, global: &Global, command: WorkflowCommand) -> Result {
    match command {
        WorkflowCommand::Validate {
            files,
            strict,
            pack,
            on_server,
        } => {
            let known = match pack {
                Some(pack) => Some(known::of_pack(&pack).await?),
                None if on_server => Some(known::of_server(&profile::client(global)?).await?),
                None => None,
            };
            validate::run(ui, &files, strict, known.as_ref())
        }
        WorkflowCommand::Test {
            files,
            filter,
            junit,
        } => rehearsal::run(ui, &files, filter.as_deref(), junit.as_deref()),
        WorkflowCommand::Apply { files } => apply(ui, &profile::client(global)?, &files).await,
        WorkflowCommand::Run {
            target,
            inputs,
            on_server,
            detach,
        } => {
            let start = Start {
                target,
                inputs,
                on_server,
                detach,
            };
            start.run(ui, global).await
        }
        WorkflowCommand::List { pack } => {
            let path = match pack {
                Some(pack) => format!("/packs/{}/workflows?limit=500", encode(&pack)),
                None => "/workflows?limit=500".to_owned(),
            };
            ui.value(&profile::client(global)?.get(path).await?, table)
        }
        WorkflowCommand::Show { reference } => {
            show(ui, &profile::client(global)?, &reference).await
        }
        WorkflowCommand::Graph { target, format } => graph(ui, global, &target, format).await,
        WorkflowCommand::Versions { reference } => {
            let path = format!("/workflows/{}/versions", encode(&reference));
            ui.value(&profile::client(global)?.get(path).await?, versions_table)
        }
        WorkflowCommand::Enable { reference } => switch(ui, global, &reference, "enable").await,
        WorkflowCommand::Disable { reference } => switch(ui, global, &reference, "disable").await,
        WorkflowCommand::Remove { reference } => {
            let path = format!("/workflows/{}", encode(&reference));
            profile::client(global)?
                .data(Request::new("DELETE", path))
                .await?;
            ui.say(Role::Good, &format!("{reference} is removed"));
            Ok(())
        }
        WorkflowCommand::Schema => validate::schema(ui),
    }
}

/// Returns the workflow files among `paths`, those in folders included, in order of name.
///
/// # Errors
/// If a path does not exist or a folder holds none.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut inside = list(path)?;
            if inside.is_empty() {
                return Err(CliError::new(
                    Kind::NotFound,
                    format!("`{}` holds no `.yaml` file", path.display()),
                ));
            }
            found.append(&mut inside);
        } else if path.is_file() || path.as_os_str() == "-" {
            found.push(path.clone());
        } else {
            let message = format!("there is no file `{}`", path.display());
            return Err(CliError::new(Kind::NotFound, message));
        }
    }
    Ok(found)
}

fn list(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).context(|| format!("cannot list `{}`", dir.display()))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|end| end == "yaml" || end == "yml")
        })
        .collect();
    files.sort();
    Ok(files)
}

/// Reads a file as UTF-8 text.
///
/// # Errors
/// If it cannot be read or is no text.
pub(crate) fn read(file: &Path) -> Result<String> {
    let bytes = inputs::read(&file.to_string_lossy())?;
    String::from_utf8(bytes).context(|| format!("`{}` is not UTF-8 text", file.display()))
}

async fn apply(ui: Ui, client: &Client, files: &[PathBuf]) -> Result {
    let files = find(files)?;
    let mut refused = 0;
    for file in &files {
        let source = read(file)?;
        let reference = validate::definition(ui, file)?.reference;
        let path = format!("/workflows/{}", encode(&reference));
        let request = Request::new("PUT", path).body("application/yaml", source.clone());
        match client.data(request).await {
            Ok(workflow) => ui.note(&format!(
                "{} {reference} revision {}",
                paint(Role::Good, "applied"),
                cell(&workflow["revision"])
            )),
            Err(error) if error.kind == Kind::Failed => {
                // The server refused the file: show the problems as `validate` does.
                if !validate::refused(ui, file, &source, &error) {
                    Ui::error(&error);
                }
                refused += 1;
            }
            Err(error) => return Err(error),
        }
    }
    if refused > 0 {
        return Err(CliError::failed(format!(
            "{refused} of {} files refused",
            files.len()
        )));
    }
    Ok(())
}

struct Start {
    target: String,
    inputs: Inputs,
    on_server: bool,
    detach: bool,
}

impl Start {
    async fn run(&self, ui: Ui, global: &Global) -> Result {
        let parameters = inputs::collect(&self.inputs)?;
        let file = Path::new(&self.target);
        if !file.is_file() {
            if self.target.ends_with(".yaml") || self.target.ends_with(".yml") {
                let message = format!("there is no file `{}`", self.target);
                return Err(CliError::new(Kind::NotFound, message));
            }
            let client = profile::client(global)?;
            let request = runs::execute(&self.target).json(&json!({ "parameters": parameters }));
            return self.follow(ui, &client, request).await;
        }
        let source = read(file)?;
        if !validate::report(ui, file, &source) {
            return Err(CliError::failed(format!(
                "`{}` is not a valid workflow",
                file.display()
            )));
        }
        let body = json!({ "source": source, "parameters": parameters });
        let request = Request::new("POST", "/workflows/preview").json(&body);
        if self.on_server {
            return self.follow(ui, &profile::client(global)?, request).await;
        }
        let engine = LocalEngine::start().await?;
        engine.add_what_it_uses(file, &source).await?;
        let run = engine.client().data(request).await?;
        let id = run["id"].as_u64().ok_or_else(|| unexpected("id"))?;
        ui.say(Role::Faint, "running in this process: nothing is stored");
        watch::follow(ui, engine.client(), id, watch::Kept::Local).await
    }

    async fn follow(&self, ui: Ui, client: &Client, request: Request) -> Result {
        let run = client.data(request).await?;
        let id = run["id"].as_u64().ok_or_else(|| unexpected("id"))?;
        if self.detach {
            return ui.value(&run, |run| cell(&run["id"]));
        }
        watch::to_end(ui, client, id).await
    }
}

/// Draws a file here, or has the server draw a workflow of its own.
async fn graph(ui: Ui, global: &Global, target: &str, format: GraphFormat) -> Result {
    let file = Path::new(target);
    if file.is_file() || target == "-" {
        return validate::graph(ui, file, format);
    }
    if target.ends_with(".yaml") || target.ends_with(".yml") {
        let message = format!("there is no file `{target}`");
        return Err(CliError::new(Kind::NotFound, message));
    }
    let client = profile::client(global)?;
    let path = format!("/workflows/{}/graph?format=", encode(target));
    let request = Request::new("GET", path + format.as_str());
    if format == GraphFormat::Json {
        return ui.result(&client.data(request).await?);
    }
    ui.data(&String::from_utf8_lossy(&client.bytes(request).await?))
}

async fn switch(ui: Ui, global: &Global, reference: &str, verb: &str) -> Result {
    let path = format!("/workflows/{}/{verb}", encode(reference));
    let client = profile::client(global)?;
    client.data(Request::new("POST", path)).await?;
    ui.say(Role::Good, &format!("{reference} is {verb}d"));
    Ok(())
}

fn versions_table(list: &Json) -> String {
    let mut table = Table::new(&["revision", "version", "digest", "created"]);
    for workflow in list.as_array().into_iter().flatten() {
        let keys = ["revision", "version", "digest", "updated"];
        table.row(keys.map(|key| cell(&workflow[key])));
    }
    table.render("no revisions")
}

fn table(list: &Json) -> String {
    let mut table = Table::new(&["workflow", "revision", "enabled", "label", "updated"]);
    for workflow in list.as_array().into_iter().flatten() {
        let keys = ["ref", "revision", "enabled", "label", "updated"];
        table.row(keys.map(|key| cell(&workflow[key])));
    }
    table.render("no workflows")
}

async fn show(ui: Ui, client: &Client, reference: &str) -> Result {
    let path = format!("/workflows/{}", encode(reference));
    if ui.output == Output::Yaml {
        let request = Request::new("GET", path).header("accept", "application/yaml");
        let source = client.bytes(request).await?;
        return ui.data(&String::from_utf8_lossy(&source));
    }
    let workflow = client.get(path).await?;
    ui.value(&workflow, |workflow| {
        let mut out = format!(
            "{} revision {}\n",
            paint(Role::Strong, &cell(&workflow["ref"])),
            cell(&workflow["revision"])
        );
        for key in [
            "label",
            "description",
            "version",
            "digest",
            "enabled",
            "updated",
        ] {
            if !workflow[key].is_null() {
                out.push_str(&format!(
                    "{:12} {}\n",
                    format!("{key}:"),
                    cell(&workflow[key])
                ));
            }
        }
        out.push_str(&format!(
            "parameters:\n{}\n",
            pretty(&workflow["param_schema"])
        ));
        out
    })
}
