//! `attune run …`.

use serde_json::{Map, Value as Json, json};

use super::inquiry::cell;
use super::watch;
use crate::cli::{Global, RunCommand};
use crate::client::{Client, Request, encode, unexpected};
use crate::inputs;
use crate::output::error::{CliError, Kind, Result};
use crate::output::text::duration;
use crate::output::ui::Role;
use crate::output::{Table, Ui, report};
use crate::profile;

/// Tasks shown with a run; a run with more is listed by `run tasks`.
const MAX_TASKS: u32 = 500;

/// Runs a command about runs.
pub(crate) async fn run(ui: Ui, global: &Global, command: RunCommand) -> Result {
    let client = profile::client(global)?;
    match command {
        RunCommand::Start {
            workflow,
            inputs,
            idempotency_key,
            label,
        } => {
            let body = json!({"parameters": inputs::collect(&inputs)?, "labels": labels(&label)?});
            let mut request = execute(&workflow).json(&body);
            if let Some(key) = idempotency_key {
                request = request.header("idempotency-key", key);
            }
            let started = client.data(request).await?;
            ui.value(&started, |started| cell(&started["id"]))
        }
        RunCommand::List {
            workflow,
            status,
            limit,
        } => {
            let list = client
                .get(list_path(workflow.as_deref(), &status, limit))
                .await?;
            ui.value(&list, runs_table)
        }
        RunCommand::Show { id } => show(ui, &client, id).await,
        RunCommand::Watch { id } => {
            let id = pick(&client, id).await?;
            watch::to_end(ui, &client, id).await
        }
        RunCommand::Logs {
            id,
            task,
            level,
            follow,
        } => {
            let id = pick(&client, id).await?;
            logs(
                ui,
                &client,
                id,
                &LogQuery {
                    task,
                    level,
                    follow,
                },
            )
            .await
        }
        RunCommand::Tasks { id } => ui.value(&list(&client, id, "tasks").await?, tasks_table),
        RunCommand::Events { id } => ui.value(&list(&client, id, "events").await?, events_text),
        steering @ (RunCommand::Pause { .. }
        | RunCommand::Resume { .. }
        | RunCommand::Cancel { .. }
        | RunCommand::Retry { .. }) => steer_run(ui, &client, steering).await,
    }
}

/// Returns what a run has of `what`.
async fn list(client: &Client, id: Option<u64>, what: &str) -> Result<Json> {
    let id = pick(client, id).await?;
    client
        .get(format!("/runs/{id}/{what}?limit={MAX_TASKS}"))
        .await
}

/// Runs a command that changes what a run does; the others are none of its business.
async fn steer_run(ui: Ui, client: &Client, command: RunCommand) -> Result {
    match command {
        RunCommand::Pause { id, reason } => {
            steer(ui, client, id, "pause", json!({ "reason": reason })).await
        }
        RunCommand::Resume { id } => steer(ui, client, id, "resume", json!({})).await,
        RunCommand::Cancel { id, mode } => {
            steer(ui, client, id, "cancel", json!({ "mode": mode.as_str() })).await
        }
        RunCommand::Retry {
            id,
            task,
            reset_items,
        } => {
            let tasks: Vec<Json> = task
                .iter()
                .map(|name| json!({ "name": name, "reset_items": reset_items }))
                .collect();
            let body = if tasks.is_empty() {
                json!({})
            } else {
                json!({ "tasks": tasks })
            };
            let id = pick(client, id).await?;
            steer(ui, client, Some(id), "retry", body).await?;
            watch::to_end(ui, client, id).await
        }
        RunCommand::Start { .. }
        | RunCommand::List { .. }
        | RunCommand::Show { .. }
        | RunCommand::Watch { .. }
        | RunCommand::Logs { .. }
        | RunCommand::Tasks { .. }
        | RunCommand::Events { .. } => Ok(()),
    }
}

/// Makes the request that starts a workflow.
pub(crate) fn execute(workflow: &str) -> Request {
    Request::new("POST", format!("/workflows/{}/execute", encode(workflow)))
}

fn labels(labels: &[String]) -> Result<Json> {
    let mut map = Map::new();
    for label in labels {
        let (name, value) = label.split_once('=').ok_or_else(|| {
            CliError::usage(format!("`{label}` is not a label")).hint("write `team=web`")
        })?;
        map.insert(name.to_owned(), value.into());
    }
    Ok(Json::Object(map))
}

fn list_path(workflow: Option<&str>, status: &[String], limit: u32) -> String {
    let mut path = format!("/runs?limit={limit}");
    if let Some(workflow) = workflow {
        path.push_str(&format!("&workflow={}", encode(workflow)));
    }
    for status in status {
        path.push_str(&format!("&status={}", encode(status)));
    }
    path
}

/// Returns the given run, or the latest.
async fn pick(client: &Client, id: Option<u64>) -> Result<u64> {
    if let Some(id) = id {
        return Ok(id);
    }
    let list = client.get("/runs?limit=1").await?;
    list[0]["id"].as_u64().ok_or_else(|| {
        CliError::new(Kind::NotFound, "there is no run yet")
            .hint("start one with `attune run start REF`")
    })
}

async fn steer(ui: Ui, client: &Client, id: Option<u64>, verb: &str, body: Json) -> Result {
    let id = pick(client, id).await?;
    let request = Request::new("POST", format!("/runs/{id}/{verb}")).json(&body);
    let run = client.data(request).await?;
    ui.say(Role::Good, &format!("run {id} is {}", cell(&run["status"])));
    Ok(())
}

async fn show(ui: Ui, client: &Client, id: Option<u64>) -> Result {
    let id = pick(client, id).await?;
    let run = client.get(format!("/runs/{id}")).await?;
    let tasks = client
        .get(format!("/runs/{id}/tasks?limit={MAX_TASKS}"))
        .await?;
    ui.value(&run, |run| {
        format!("{}\n{}", report::run(run), tasks_table(&tasks))
    })
}

fn runs_table(list: &Json) -> String {
    let mut table = Table::new(&["id", "workflow", "status", "time", "created", "error"]);
    for run in list.as_array().into_iter().flatten() {
        table.row([
            cell(&run["id"]),
            run["name"]
                .as_str()
                .map_or_else(|| cell(&run["workflow"]), str::to_owned),
            cell(&run["status"]),
            time(&run["duration_ms"]),
            cell(&run["created"]),
            cell(&run["error_message"]),
        ]);
    }
    table.render("no runs")
}

/// Formats a list of task executions.
pub(crate) fn tasks_table(list: &Json) -> String {
    let mut table = Table::new(&[
        "id", "task", "status", "time", "attempts", "action", "fuel", "error",
    ]);
    for task in list.as_array().into_iter().flatten() {
        let place = task["index"]
            .as_u64()
            .map_or_else(String::new, |index| format!("[{index}]"));
        table.row([
            cell(&task["id"]),
            format!("{}{place}", cell(&task["name"])),
            cell(&task["status"]),
            time(&task["duration_ms"]),
            cell(&task["attempt"]),
            cell(&task["action"]["ref"]),
            cell(&task["usage"]["fuel"]),
            cell(&task["error"]["message"]),
        ]);
    }
    table.render("no tasks")
}

/// Formats a number of milliseconds, if there is one.
fn time(value: &Json) -> String {
    value.as_u64().map_or_else(|| "-".to_owned(), duration)
}

fn events_text(list: &Json) -> String {
    let lines = list.as_array().into_iter().flatten().map(Json::to_string);
    lines.collect::<Vec<_>>().join("\n")
}

struct LogQuery {
    task: Option<String>,
    level: Option<String>,
    follow: bool,
}

async fn logs(ui: Ui, client: &Client, id: u64, query: &LogQuery) -> Result {
    let mut path = format!("/runs/{id}/logs?limit={MAX_TASKS}");
    if let Some(level) = &query.level {
        path.push_str(&format!("&level={}", encode(level)));
    }
    let mut ids = Vec::new();
    if let Some(task) = &query.task {
        ids = report::task_ids(client, id, task).await?;
    }
    let mut after: Option<String> = None;
    loop {
        let is_over = run_is_over(client, id).await?;
        let page_path = match &after {
            Some(cursor) => format!("{path}&after={}", encode(cursor)),
            None => path.clone(),
        };
        let page = client.json(Request::new("GET", page_path)).await?;
        let lines = page["data"].as_array().ok_or_else(|| unexpected("data"))?;
        for line in lines
            .iter()
            .filter(|line| ids.is_empty() || ids.contains(&line["task_id"]))
        {
            ui.value(line, report::log_line)?;
        }
        if let Some(last) = lines.last() {
            after = Some(cell(&last["id"]));
            continue;
        }
        if !query.follow || is_over {
            return Ok(());
        }
        tokio::time::sleep(FOLLOW_PAUSE).await;
    }
}

/// How often `--follow` asks for new lines.
const FOLLOW_PAUSE: std::time::Duration = std::time::Duration::from_millis(500);

async fn run_is_over(client: &Client, id: u64) -> Result<bool> {
    let run = client.get(format!("/runs/{id}")).await?;
    Ok(matches!(
        run["status"].as_str(),
        Some("completed" | "failed" | "timeout" | "cancelled")
    ))
}
