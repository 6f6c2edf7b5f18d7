//! A run as text: its summary, and for a failed one what a person needs next.

use serde_json::Value as Json;

use super::error::Result;
use super::text::{duration, escape, one_line};
use super::ui::{Role, paint, pretty};
use crate::client::{Client, Request, encode};
use crate::commands::Kept;

/// Log lines shown of a failed task.
const LAST_LINES: usize = 10;
/// Longest input shown of a failed task, in characters.
const MAX_INPUT: usize = 2_000;

/// Returns the role of a status.
pub(crate) fn role(status: &str) -> Role {
    match status {
        "completed" => Role::Good,
        "failed" | "timeout" | "abandoned" => Role::Error,
        "cancelled" | "canceling" | "skipped" => Role::Faint,
        _ => Role::Busy,
    }
}

/// Formats a run's summary.
pub(crate) fn run(run: &Json) -> String {
    let status = run["status"].as_str().unwrap_or("unknown");
    let mut out = format!(
        "run {} of {} (revision {}): {}",
        run["id"],
        run["workflow"].as_str().unwrap_or("-"),
        run["revision"],
        paint(role(status), status)
    );
    if let Some(ms) = run["duration_ms"].as_u64() {
        out.push_str(&format!(" after {}", duration(ms)));
    }
    out.push('\n');
    let usage = &run["usage"];
    if let Some(fuel) = usage["fuel"].as_u64().filter(|fuel| *fuel > 0) {
        let attempts = usage["attempts"].as_u64().unwrap_or(0);
        out.push_str(&format!("usage: {attempts} attempts, {fuel} fuel\n"));
    }
    for key in ["parameters", "output"] {
        if !run[key].is_null() {
            out.push_str(&format!("{key}: {}\n", escape(&pretty(&run[key]))));
        }
    }
    if let Some(message) = run["error"]["message"].as_str() {
        let kind = run["error"]["type"].as_str().unwrap_or("error");
        out.push_str(&format!(
            "{} {kind}: {}\n",
            paint(Role::Error, "error:"),
            escape(message)
        ));
    }
    out
}

/// Formats one log line.
pub(crate) fn log_line(line: &Json) -> String {
    let text = |key: &str| escape(line[key].as_str().unwrap_or_default());
    let level = text("level");
    let role = match &*level {
        "error" => Role::Error,
        "warn" => Role::Warning,
        _ => Role::Faint,
    };
    let mut out = format!(
        "{} {} {}",
        text("at"),
        paint(role, &format!("{level:5}")),
        text("message")
    );
    for (name, value) in line["fields"].as_object().into_iter().flatten() {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        out.push_str(&format!(" {}={}", escape(name), one_line(&value, 200)));
    }
    out
}

/// Returns the ids of a task's executions.
pub(crate) async fn task_ids(client: &Client, run: u64, name: &str) -> Result<Vec<Json>> {
    let path = format!("/runs/{run}/tasks?limit=500&name={}", encode(name));
    let tasks = client.get(path).await?;
    let of_task = tasks.as_array().into_iter().flatten();
    let ids: Vec<Json> = of_task.map(|task| task["id"].clone()).collect();
    if ids.is_empty() {
        let message = format!("run {run} has no execution of a task `{name}`");
        return Err(super::CliError::new(super::Kind::NotFound, message)
            .hint(format!("list them with `attune run tasks {run}`")));
    }
    Ok(ids)
}

/// Describes why a run failed: the task, its error, the line of the file, its rendered input and
/// last log lines, and what to type next.
pub(crate) async fn failure(client: &Client, run: &Json, kept: Kept) -> Result<String> {
    let id = run["id"].as_u64().unwrap_or_default();
    let error = &run["error"];
    let message = error["message"]
        .as_str()
        .unwrap_or("the run did not complete");
    let mut out = String::new();
    let kind = error["type"].as_str().unwrap_or("error");
    let Some(name) = error["task"].as_str() else {
        let status = run["status"].as_str().unwrap_or("failed");
        let status = paint(role(status), &format!("{status}:"));
        let kind = if error.is_null() {
            String::new()
        } else {
            format!(" ({kind})")
        };
        return Ok(format!("{status} {}{kind}\n", escape(message)));
    };
    out.push_str(&format!(
        "{} task {}: {} ({kind})\n",
        paint(Role::Error, "failed:"),
        paint(Role::Strong, name),
        escape(message)
    ));
    if let Some(place) = source_line(client, run, name).await {
        out.push_str(&place);
    }
    if let Some(task) = failed_task(client, id, name).await? {
        out.push_str(&task_details(client, id, &task).await?);
    }
    if kept == Kept::Stored {
        out.push_str(&format!(
            "\n{} attune run explain {id} {name}\n      attune run retry {id}\n",
            paint(Role::Hint, "next:")
        ));
    }
    Ok(out)
}

async fn failed_task(client: &Client, run: u64, name: &str) -> Result<Option<Json>> {
    let path = format!(
        "/runs/{run}/tasks?limit=500&status=failed&status=timeout&name={}",
        encode(name)
    );
    let tasks = client.get(path).await?;
    let found = tasks.as_array().and_then(|tasks| tasks.last());
    let Some(id) = found.map(|task| task["id"].clone()) else {
        return Ok(None);
    };
    client
        .get(format!("/runs/{run}/tasks/{id}"))
        .await
        .map(Some)
}

async fn task_details(client: &Client, run: u64, task: &Json) -> Result<String> {
    let mut out = String::new();
    if !task["input"].is_null() {
        let input: String = pretty(&task["input"]).chars().take(MAX_INPUT).collect();
        out.push_str(&format!(
            "\n{}\n{}\n",
            paint(Role::Faint, "input"),
            indent(&escape(&input))
        ));
    }
    if !task["error"]["details"].is_null() {
        let details: String = pretty(&task["error"]["details"])
            .chars()
            .take(MAX_INPUT)
            .collect();
        let heading = paint(Role::Faint, "details");
        out.push_str(&format!("\n{heading}\n{}\n", indent(&escape(&details))));
    }
    let lines = last_lines(client, run, &task["id"]).await?;
    if !lines.is_empty() {
        out.push_str(&format!("\n{}\n", paint(Role::Faint, "last log lines")));
        for line in &lines {
            out.push_str(&format!("  {}\n", log_line(line)));
        }
    }
    Ok(out)
}

/// Returns the last log lines of a task execution.
async fn last_lines(client: &Client, run: u64, task: &Json) -> Result<Vec<Json>> {
    let path = format!("/runs/{run}/logs?task_id={task}&limit=500");
    let (mut lines, mut after) = (Vec::new(), String::new());
    loop {
        let request = Request::new("GET", format!("{path}{after}"));
        let page = client.json(request).await?;
        lines.extend(page["data"].as_array().cloned().unwrap_or_default());
        lines.drain(..lines.len().saturating_sub(LAST_LINES));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={}", encode(next)),
            None => return Ok(lines),
        }
    }
}

/// Finds the line of the workflow's source that names the task, and underlines it.
async fn source_line(client: &Client, run: &Json, task: &str) -> Option<String> {
    let path = format!("/runs/{}/source", run["id"]);
    let source = client.bytes(Request::new("GET", path)).await.ok()?;
    // A single action's run has a file that nobody wrote.
    if source.starts_with(b"{") {
        return None;
    }
    underline(std::str::from_utf8(&source).ok()?, task)
}

fn underline(source: &str, task: &str) -> Option<String> {
    let names = |line: &str| {
        let rest = line.split_once("name:").map(|(_, rest)| rest.trim_start());
        rest.is_some_and(|rest| {
            let rest = rest.trim_start_matches(['"', '\'']);
            rest.strip_prefix(task).is_some_and(|end| {
                !end.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-')
            })
        })
    };
    let (number, line) = source.lines().enumerate().find(|(_, line)| names(line))?;
    let start = line.find(task)?;
    let column = line[..start].chars().count();
    let marks = "^".repeat(task.chars().count());
    let gutter = (number + 1).to_string();
    let blank = " ".repeat(gutter.len());
    Some(format!(
        "{blank} |\n{gutter} | {}\n{blank} | {}{}\n",
        escape(line),
        " ".repeat(column),
        paint(Role::Error, &marks)
    ))
}

fn indent(text: &str) -> String {
    text.lines()
        .map(|line| format!("  {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_task_is_underlined_where_it_is_named() {
        let source = "tasks:\n  - name: build-all\n  - name: build\n    action: x.y\n";
        let plain = anstream::adapter::strip_str(&underline(source, "build").unwrap()).to_string();
        assert_eq!(plain, "  |\n3 |   - name: build\n  |           ^^^^^\n");
        assert_eq!(underline(source, "deploy"), None);
    }
}
