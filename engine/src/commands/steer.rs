//! `attune run pause|resume|cancel|retry|fork`: one run, or many by filters.

use serde_json::{Map, Value as Json, json};

use super::inquiry::cell;
use super::run::{filter_query, pick};
use super::watch;
use crate::cli::{Again, CancelMode, ForkArgs, Inputs, Many};
use crate::client::{Client, Request, unexpected};
use crate::inputs;
use crate::output::Ui;
use crate::output::error::{CliError, Result};
use crate::output::ui::Role;

/// Tells a run something and says how it is then.
pub(super) async fn tell(
    ui: Ui,
    client: &Client,
    id: Option<u64>,
    verb: &str,
    body: Json,
) -> Result {
    let id = pick(client, id).await?;
    let request = Request::new("POST", format!("/runs/{id}/{verb}")).json(&body);
    let run = client.data(request).await?;
    ui.value(&run, |run| format!("run {id} is {}", cell(&run["status"])))
}

/// Cancels one run or many.
pub(super) async fn cancel(
    ui: Ui,
    client: &Client,
    id: Option<u64>,
    many: &Many,
    mode: CancelMode,
) -> Result {
    let body = json!({ "mode": mode.as_str() });
    if many.is_wanted() {
        return bulk(ui, client, "cancel", many, body).await;
    }
    tell(ui, client, id, "cancel", body).await
}

/// Runs again what failed in one run or in many.
pub(super) async fn retry(
    ui: Ui,
    client: &Client,
    id: Option<u64>,
    many: &Many,
    again: &Again,
) -> Result {
    if many.is_wanted() {
        return bulk(ui, client, "retry", many, json!({})).await;
    }
    let tasks: Vec<Json> = again
        .task
        .iter()
        .map(|name| json!({ "name": name, "reset_items": again.reset_items }))
        .collect();
    if again.reset_items && tasks.is_empty() {
        return Err(CliError::usage("`--reset-items` needs a task")
            .hint("name the task whose items run again with `--task NAME`"));
    }
    let id = pick(client, id).await?;
    let mut body = json!({ "tasks": tasks });
    if again.preview {
        body["preview"] = true.into();
        let request = Request::new("POST", format!("/runs/{id}/retry")).json(&body);
        return ui.value(&client.data(request).await?, preview);
    }
    let before = watch::last_event(client, id).await?;
    let request = Request::new("POST", format!("/runs/{id}/retry")).json(&body);
    let run = client.data(request).await?;
    if again.detach {
        return ui.value(&run, |run| format!("run {id} is {}", cell(&run["status"])));
    }
    ui.say(Role::Faint, &format!("run {id} goes on"));
    watch::again(ui, client, id, before).await
}

/// Forks a run and follows the new one.
pub(super) async fn fork(ui: Ui, client: &Client, id: Option<u64>, fork: &ForkArgs) -> Result {
    let id = pick(client, id).await?;
    let mut body = Map::new();
    if let Some(task) = &fork.from {
        body.insert("task".to_owned(), task.as_str().into());
    }
    if fork.newest {
        body.insert("definition".to_owned(), "newest".into());
    }
    for (key, values) in [("parameters", &fork.param), ("vars", &fork.var)] {
        if !values.is_empty() {
            let values = values.clone();
            let given = inputs::collect(&Inputs {
                values,
                input: None,
            })?;
            body.insert(key.to_owned(), given);
        }
    }
    if let Some(file) = &fork.input {
        body.insert("input".to_owned(), inputs::read_data(file)?);
    }
    if fork.preview {
        body.insert("preview".to_owned(), true.into());
    }
    let request = Request::new("POST", format!("/runs/{id}/fork")).json(&Json::Object(body));
    let answer = client.data(request).await?;
    if fork.preview {
        return ui.value(&answer, preview);
    }
    if fork.detach {
        return ui.value(&answer, |run| cell(&run["id"]));
    }
    let new = answer["id"].as_u64().ok_or_else(|| unexpected("id"))?;
    ui.say(Role::Faint, &format!("run {new} goes on from run {id}"));
    watch::to_end(ui, client, new).await
}

fn preview(told: &Json) -> String {
    let names = |key: &str| {
        let names = told[key].as_array().into_iter().flatten().map(cell);
        let names: Vec<String> = names.collect();
        if names.is_empty() {
            "nothing".to_owned()
        } else {
            names.join(", ")
        }
    };
    format!(
        "runs again: {}\nis kept:    {}",
        names("again"),
        names("kept")
    )
}

/// Tells all runs that the filters match, batch after batch.
async fn bulk(ui: Ui, client: &Client, verb: &str, many: &Many, body: Json) -> Result {
    let mut query = filter_query(&many.filter)?;
    if query.is_empty() && !many.all {
        return Err(
            CliError::usage("which runs?").hint("name one by its id, filter, or say `--all`")
        );
    }
    if many.dry_run {
        query.push("dry_run=true".to_owned());
    }
    let (mut count, mut told, mut refused) = (0, Vec::new(), Vec::new());
    let mut after = None;
    loop {
        let mut query = query.clone();
        query.extend(after.take().map(|after: String| format!("after={after}")));
        let path = format!("/runs/{verb}?{}", query.join("&"));
        let page = client.data(Request::new("POST", path).json(&body)).await?;
        count += page["count"].as_u64().unwrap_or(0);
        let list = |key: &str| page[key].as_array().cloned().unwrap_or_default();
        told.extend(list("runs"));
        refused.extend(list("refused"));
        match page["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => break,
        }
    }
    let all = json!({"dry_run": many.dry_run, "count": count, "runs": told, "refused": refused});
    ui.value(&all, |all| summary(verb, all))
}

fn summary(verb: &str, all: &Json) -> String {
    let count = &all["count"];
    if all["dry_run"] == true {
        return format!("{verb} would be told to {count} runs");
    }
    let list = |key: &str| all[key].as_array().cloned().unwrap_or_default();
    let mut out = format!("{verb} was told to {} of {count} runs", list("runs").len());
    for refused in list("refused") {
        out.push_str(&format!(
            "\nrun {} refused: {}",
            refused["run"],
            cell(&refused["detail"])
        ));
    }
    out
}

impl Many {
    /// Tells whether many runs are meant.
    fn is_wanted(&self) -> bool {
        let filter = &self.filter;
        let by_text = [
            &filter.workflow,
            &filter.since,
            &filter.until,
            &filter.search,
        ];
        self.all
            || self.dry_run
            || by_text.iter().any(|text| text.is_some())
            || filter.parent.is_some()
            || !filter.status.is_empty()
            || !filter.label.is_empty()
    }
}
