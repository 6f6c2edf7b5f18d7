//! `attune run explain`: why a task ran, waits, was skipped or went where it went, in sentences.

use serde_json::Value as Json;

use super::inquiry::cell;
use super::run::pick;
use crate::client::{Client, encode};
use crate::output::error::{CliError, Result};
use crate::output::text::one_line;
use crate::output::ui::{Role, paint};
use crate::output::{Ui, report};

/// Longest value shown, in characters.
const MAX_VALUE: usize = 200;

/// Explains a task of a run.
pub(super) async fn run(ui: Ui, client: &Client, id: Option<u64>, task: Option<&str>) -> Result {
    let task = task.ok_or_else(|| CliError::usage("which task?"))?;
    let id = pick(client, id).await?;
    let path = format!("/runs/{id}/tasks/{}/explain", encode(task));
    let told = client.get(path).await.map_err(|error| {
        if error.kind == crate::output::Kind::NotFound && error.hint.is_none() {
            error.hint(format!("list the run's tasks with `attune run tasks {id}`"))
        } else {
            error
        }
    })?;
    ui.value(&told, text)
}

fn text(told: &Json) -> String {
    let status = told["status"].as_str().unwrap_or("not reached");
    let mut out = format!(
        "task {}: {}",
        paint(Role::Strong, &cell(&told["task"])),
        paint(report::role(status), status)
    );
    if let Some(id) = told["task_id"].as_u64() {
        out.push_str(&format!(" (execution {id}, visit {})", told["visit"]));
    }
    for reason in told["reasons"].as_array().into_iter().flatten() {
        for line in sentence(reason).lines() {
            out.push_str(&format!("\n  {line}"));
        }
    }
    out
}

/// One reason as a sentence, with what conditions saw below it.
fn sentence(reason: &Json) -> String {
    let data = &reason["data"];
    match reason["type"].as_str().unwrap_or_default() {
        "first" => match data["of"].as_str().unwrap_or_default() {
            "entry" => "it is one of the run's first tasks".to_owned(),
            "block" => "it is one of its block's first tasks".to_owned(),
            other => format!("it is named in `{other}`"),
        },
        "led" => led(data),
        "unfinished" => {
            let status = data["status"].as_str().unwrap_or("not reached");
            format!("`{}` could lead here: it is {status}", cell(&data["task"]))
        }
        "join" => join(data),
        "condition" => seen(data),
        "waits" => waits(data),
        "ended" => ended(data),
        "stopped" => {
            "it did not start: `fail_fast` stopped what goes on beside a failure".to_owned()
        }
        "closed" => closed(data["by"].as_str().unwrap_or_default()),
        other => format!("{other}: {data}"),
    }
}

fn led(data: &Json) -> String {
    let verb = if data["led"] == true {
        "led here"
    } else {
        "did not lead here"
    };
    let from = format!(
        "`{}` (visit {}) ended {} and {verb}",
        cell(&data["from"]),
        data["visit"],
        cell(&data["status"])
    );
    if data["condition"].is_null() {
        return from;
    }
    format!("{from}: {}", seen(&data["condition"]))
}

/// A condition with its outcome and the values it read.
fn seen(seen: &Json) -> String {
    let place = cell(&seen["place"]);
    let mut out = match (&seen["held"], seen["error"].as_str()) {
        (_, Some(error)) => format!(
            "`{place}` could not be evaluated: {}",
            one_line(error, MAX_VALUE)
        ),
        (Json::Bool(true), None) => format!("`{place}` held"),
        (_, None) => format!("`{place}` did not hold"),
    };
    for (name, value) in seen["values"].as_object().into_iter().flatten() {
        let value = one_line(&value.to_string(), MAX_VALUE);
        out.push_str(&format!("\n  {} was {value}", one_line(name, MAX_VALUE)));
    }
    out
}

fn join(data: &Json) -> String {
    let mut out = format!("it joins branches and needs {}", data["needs"]);
    for arrival in data["arrivals"].as_array().into_iter().flatten() {
        let fate = match arrival["fate"].as_str().unwrap_or_default() {
            "waiting" => "has arrived and waits",
            "used" => "has arrived and was used",
            "absorbed" => "arrived when it had fired already",
            "left_over" => "has arrived and nothing came of it",
            other => other,
        };
        out.push_str(&format!("\n  `{}` {fate}", cell(&arrival["from"])));
    }
    for missing in data["missing"].as_array().into_iter().flatten() {
        out.push_str(&format!("\n  `{}` has not arrived", cell(missing)));
    }
    out
}

fn waits(data: &Json) -> String {
    let until = data["until"]
        .as_str()
        .map_or_else(String::new, |at| format!(" until {at}"));
    let queue = match data["ahead"].as_u64() {
        Some(0) => ", first in the queue".to_owned(),
        Some(ahead) => format!(", {ahead} before it in the queue"),
        None => String::new(),
    };
    match data["for"].as_str().unwrap_or_default() {
        "resume" => "it waits for the run to be resumed".to_owned(),
        "delay" => format!("it waits for its delay{until}"),
        "retry" => format!("it waits for its next attempt{until}"),
        "timer" => format!("it sleeps{until}"),
        "key" => {
            let holder = data["holder"].as_u64();
            let holder = holder.map_or_else(String::new, |run| format!(", which run {run} has"));
            let key = cell(&data["key"]);
            format!("it waits for the concurrency key `{key}`{holder}{queue}")
        }
        "parallel" => format!(
            "it waits for a place: the run has at most {} attempts at once{queue}",
            data["limit"]
        ),
        "concurrency" => format!(
            "it waits for a place: the task has at most {} at once",
            data["limit"]
        ),
        "block" => format!(
            "it waits for a place: its block has at most {} at once{queue}",
            data["limit"]
        ),
        "runner" => format!("it waits for a free runner{queue}"),
        "attempt" => format!("attempt {} is running", data["attempt"]),
        "answer" => "it waits for an answer: see `attune inquiry list`".to_owned(),
        "child" => match data["child"].as_u64() {
            Some(child) => format!("it waits for its run {child}"),
            None => "it waits until its run is started".to_owned(),
        },
        "tasks" => "it waits for the tasks of its block".to_owned(),
        other => format!("it waits for {other}{until}"),
    }
}

fn ended(data: &Json) -> String {
    let next: Vec<String> = data["next"]
        .as_array()
        .into_iter()
        .flatten()
        .map(cell)
        .collect();
    let mut out = if next.is_empty() {
        "it ended, and led nowhere".to_owned()
    } else {
        format!("it ended, and led to {}", next.join(", "))
    };
    for condition in data["conditions"].as_array().into_iter().flatten() {
        for line in seen(condition).lines() {
            out.push_str(&format!("\n  {line}"));
        }
    }
    out
}

fn closed(by: &str) -> String {
    match by {
        "cancelled" => "it did not start: the run was cancelled".to_owned(),
        "timeout" => "it did not start: the run had timed out".to_owned(),
        "limit" => "it did not start: the run had reached a limit".to_owned(),
        other => format!("it did not start: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reasons_are_told_in_sentences() {
        let told = json!({
            "task": "charge", "task_id": 3, "status": "waiting_retry", "visit": 1,
            "reasons": [
                {"type": "led", "data": {"from": "reserve", "visit": 1, "status": "completed", "led": true,
                    "condition": {"place": "on_success", "held": true, "error": null, "values": {"result().ok": true}}}},
                {"type": "waits", "data": {"for": "retry", "until": "2026-01-31T12:00:00.000Z"}},
                {"type": "join", "data": {"needs": 2, "arrivals": [{"from": "a", "fate": "waiting"}], "missing": ["b"]}},
            ],
        });
        let plain = anstream::adapter::strip_str(&text(&told)).to_string();
        let expected = [
            "task charge: waiting_retry (execution 3, visit 1)",
            "  `reserve` (visit 1) ended completed and led here: `on_success` held",
            "    result().ok was true",
            "  it waits for its next attempt until 2026-01-31T12:00:00.000Z",
            "  it joins branches and needs 2",
            "    `a` has arrived and waits",
            "    `b` has not arrived",
        ];
        assert_eq!(plain, expected.join("\n"));
    }
}
