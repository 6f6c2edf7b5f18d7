//! `attune run audit`: what a run's cacheable actions did, executed again and compared.

use serde_json::{Value as Json, json};

use super::inquiry::cell;
use super::run::pick;
use crate::client::{Client, Request};
use crate::output::error::{CliError, Result};
use crate::output::text::one_line;
use crate::output::ui::{Role, paint};
use crate::output::{Table, Ui};

/// Longest value shown, in characters.
const MAX_VALUE: usize = 500;

/// Audits a run; one that differs fails the command.
pub(super) async fn run(ui: Ui, client: &Client, id: Option<u64>) -> Result {
    let id = pick(client, id).await?;
    let (mut tasks, mut after) = (Vec::new(), String::new());
    loop {
        let request = Request::new("POST", format!("/runs/{id}/audit{after}"));
        let page = client.data(request).await?;
        tasks.extend(page["tasks"].as_array().cloned().unwrap_or_default());
        match page["next"].as_str() {
            Some(next) => after = format!("?after={next}"),
            None => break,
        }
    }
    let count = |verdict: &str| {
        tasks
            .iter()
            .filter(|task| task["verdict"] == verdict)
            .count()
    };
    let different = count("different");
    let told = format!(
        "{} the same, {different} different, {} not compared",
        count("same"),
        count("skipped")
    );
    ui.value(&json!({"run": id, "tasks": tasks}), text)?;
    if different > 0 {
        return Err(CliError::failed(told));
    }
    ui.say(Role::Good, &told);
    Ok(())
}

fn text(audit: &Json) -> String {
    let mut table = Table::new(&["id", "task", "action", "verdict", "why"]);
    let mut differences = String::new();
    for task in audit["tasks"].as_array().into_iter().flatten() {
        let place = task["index"]
            .as_u64()
            .map_or_else(String::new, |index| format!("[{index}]"));
        let name = format!("{}{place}", cell(&task["name"]));
        if task["verdict"] == "different" {
            for (key, mark) in [("recorded", "-"), ("found", "+")] {
                let value = one_line(&task[key].to_string(), MAX_VALUE);
                let role = if mark == "-" { Role::Good } else { Role::Error };
                let line = paint(role, &format!("{mark} {value}"));
                differences.push_str(&format!("\n{name} {line}"));
            }
        }
        table.row([
            cell(&task["id"]),
            name,
            cell(&task["action"]),
            cell(&task["verdict"]),
            cell(&task["reason"]),
        ]);
    }
    format!("{}{differences}", table.render("no task executions"))
}
