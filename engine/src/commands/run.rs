//! `attune run …`.

use serde_json::{Map, Value as Json, json};

use super::inquiry::cell;
use super::{audit, explain, steer, watch};
use crate::cli::{Global, RunCommand, RunFilter};
use crate::client::{Client, Request, encode, unexpected};
use crate::inputs;
use crate::output::error::{CliError, Kind, Result};
use crate::output::text::duration;
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
            filter,
            limit,
            after,
        } => {
            let mut query = filter_query(&filter)?;
            query.extend([format!("limit={limit}")]);
            query.extend(after.map(|after| format!("after={after}")));
            let list = client.get(format!("/runs?{}", query.join("&"))).await?;
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
        RunCommand::Explain { id, task } => explain::run(ui, &client, id, task.as_deref()).await,
        RunCommand::Audit { id } => audit::run(ui, &client, id).await,
        RunCommand::Pause { id, reason } => {
            steer::tell(ui, &client, id, "pause", json!({ "reason": reason })).await
        }
        RunCommand::Resume { id } => steer::tell(ui, &client, id, "resume", json!({})).await,
        RunCommand::Cancel { id, many, mode } => steer::cancel(ui, &client, id, &many, mode).await,
        RunCommand::Retry { id, many, again } => steer::retry(ui, &client, id, &many, &again).await,
        RunCommand::Fork { id, fork } => steer::fork(ui, &client, id, &fork).await,
    }
}

/// Returns what a run has of `what`.
async fn list(client: &Client, id: Option<u64>, what: &str) -> Result<Json> {
    let id = pick(client, id).await?;
    client
        .get(format!("/runs/{id}/{what}?limit={MAX_TASKS}"))
        .await
}

/// Makes the request that starts a workflow.
pub(crate) fn execute(workflow: &str) -> Request {
    Request::new("POST", format!("/workflows/{}/execute", encode(workflow)))
}

fn labels(labels: &[String]) -> Result<Json> {
    let mut map = Map::new();
    for label in labels {
        let (name, value) = pair(label)?;
        map.insert(name.to_owned(), value.into());
    }
    Ok(Json::Object(map))
}

fn pair(label: &str) -> Result<(&str, &str)> {
    label.split_once('=').ok_or_else(|| {
        CliError::usage(format!("`{label}` is not a label")).hint("write `team=web`")
    })
}

/// Makes the query parameters of a filter.
pub(super) fn filter_query(filter: &RunFilter) -> Result<Vec<String>> {
    let mut query = Vec::new();
    for (name, value) in [
        ("workflow", &filter.workflow),
        ("since", &filter.since),
        ("until", &filter.until),
        ("search", &filter.search),
    ] {
        query.extend(
            value
                .iter()
                .map(|value| format!("{name}={}", encode(value))),
        );
    }
    query.extend(filter.parent.map(|parent| format!("parent={parent}")));
    query.extend(
        filter
            .status
            .iter()
            .map(|word| format!("status={}", encode(word))),
    );
    for label in &filter.label {
        let (name, value) = pair(label)?;
        query.push(format!("label={}", encode(&format!("{name}:{value}"))));
    }
    Ok(query)
}

/// Returns the given run, or the latest.
pub(super) async fn pick(client: &Client, id: Option<u64>) -> Result<u64> {
    if let Some(id) = id {
        return Ok(id);
    }
    let list = client.get("/runs?limit=1").await?;
    list[0]["id"].as_u64().ok_or_else(|| {
        CliError::new(Kind::NotFound, "there is no run yet")
            .hint("start one with `attune run start REF`")
    })
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
