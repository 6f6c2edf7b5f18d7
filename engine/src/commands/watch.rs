//! Follows a run to its end: tasks live, then the output or what went wrong.

use std::collections::BTreeMap;
use std::io::Write;

use futures::StreamExt;
use serde_json::Value as Json;

use super::inquiry::cell;
use crate::client::Client;
use crate::output::error::{CliError, Context, Kind, Result};
use crate::output::text::{duration, one_line};
use crate::output::ui::{Role, paint};
use crate::output::{Ui, report};

/// Tasks drawn at most; the rest is summed up in one line.
const MAX_LINES: usize = 30;
/// Events asked for at once.
const EVENTS: usize = 500;
/// Width of the bar of an iteration.
const BAR: usize = 20;

/// Whether the run can be looked at again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It lives on a server.
    Stored,
    /// It lives in this process only.
    Local,
}

/// Follows a run on a server; a run that did not complete is an error.
pub(crate) async fn to_end(ui: Ui, client: &Client, id: u64) -> Result {
    follow(ui, client, id, Kept::Stored).await
}

/// Follows a run that goes on behind its event number `after`: what was before is not told again.
pub(crate) async fn again(ui: Ui, client: &Client, id: u64, after: Option<u64>) -> Result {
    watch(Board::new(ui), client, (id, after), Kept::Stored).await
}

/// Returns the number of a run's last event.
pub(crate) async fn last_event(client: &Client, id: u64) -> Result<Option<u64>> {
    let path = format!("/runs/{id}/events?limit={EVENTS}");
    let mut last = None;
    loop {
        let page = match last {
            None => client.get(&path).await?,
            Some(last) => client.get(format!("{path}&after={last}")).await?,
        };
        let events = page.as_array().map_or(&[][..], Vec::as_slice);
        last = events.last().map_or(last, |event| event["number"].as_u64());
        if events.len() < EVENTS {
            return Ok(last);
        }
    }
}

/// Follows a run; prints its output, or reports why it failed.
pub(crate) async fn follow(ui: Ui, client: &Client, id: u64, kept: Kept) -> Result {
    watch(Board::new(ui), client, (id, None), kept).await
}

async fn watch(
    mut board: Board,
    client: &Client,
    (id, after): (u64, Option<u64>),
    kept: Kept,
) -> Result {
    let ui = board.ui;
    let path = format!("/runs/{id}/stream");
    let mut messages = client.stream(&path, after).await?;
    let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        let message = tokio::select! {
            message = messages.next() => message,
            _ = &mut interrupt => return Err(interrupted(id, kept)),
        };
        let Some(message) = message.transpose()? else {
            break;
        };
        let event: Json = serde_json::from_str(&message.data)
            .context(|| "the server sent an event that is not JSON".into())?;
        board.take(&event);
        board.draw();
    }
    board.finish();
    let run = client.get(format!("/runs/{id}")).await?;
    let status = run["status"].as_str().unwrap_or_default().to_owned();
    if status == "completed" {
        let time = run["duration_ms"]
            .as_u64()
            .map(duration)
            .unwrap_or_default();
        ui.say(Role::Good, &format!("run {id} completed in {time}"));
        return ui.result(&run["output"]);
    }
    if !matches!(&*status, "failed" | "timeout" | "cancelled") {
        return Err(
            CliError::failed(format!("the stream of run {id} ended while it is {status}"))
                .hint(format!("follow it again with `attune run watch {id}`")),
        );
    }
    ui.note(&report::failure(client, &run, kept).await?);
    if !run["output"].is_null() {
        ui.result(&run["output"])?;
    }
    ui.note(&format!(
        "run {id} ended: {}",
        paint(report::role(&status), &status)
    ));
    Err(CliError::silent())
}

/// Says what becomes of a run whose watcher leaves.
fn interrupted(id: u64, kept: Kept) -> CliError {
    match kept {
        Kept::Stored => CliError::new(Kind::Interrupted, format!("run {id} goes on")).hint(
            format!("`attune run watch {id}` follows it again, `attune run cancel {id}` ends it"),
        ),
        Kept::Local => CliError::new(
            Kind::Interrupted,
            format!("run {id} was given up: it lived in this process only"),
        ),
    }
}

/// What is known of a task while the run goes on.
#[derive(Debug, Default)]
struct Line {
    order: usize,
    status: String,
    attempt: u64,
    items: BTreeMap<u64, String>,
}

/// The tasks as they stand, drawn on a terminal or told line by line.
struct Board {
    ui: Ui,
    lines: BTreeMap<String, Line>,
    drawn: usize,
}

impl Board {
    fn new(ui: Ui) -> Self {
        Self {
            ui,
            lines: BTreeMap::new(),
            drawn: 0,
        }
    }

    fn take(&mut self, event: &Json) {
        for change in event["changes"].as_array().into_iter().flatten() {
            match change["type"].as_str() {
                Some("task_status") => self.task(change),
                Some("task_ended") => self.ended(change),
                _ => {}
            }
        }
    }

    fn task(&mut self, change: &Json) {
        let name = cell(&change["name"]);
        let status = cell(&change["status"]);
        let order = self.lines.len();
        let line = self.lines.entry(name).or_insert_with(|| Line {
            order,
            ..Line::default()
        });
        line.attempt = change["attempt"].as_u64().unwrap_or(0);
        match change["item"].as_u64() {
            Some(item) => {
                line.items.insert(item, status);
                "running".clone_into(&mut line.status);
            }
            None => line.status = status,
        }
    }

    fn ended(&mut self, change: &Json) {
        let (name, status) = (cell(&change["name"]), cell(&change["status"]));
        if let Some(line) = self.lines.get_mut(&name) {
            status.clone_into(&mut line.status);
        }
        if !self.ui.is_interactive() {
            self.ui
                .note(&format!("{} {name}", paint(report::role(&status), &status)));
        }
    }

    /// Draws all lines over the ones drawn before.
    fn draw(&mut self) {
        if !self.ui.is_interactive() {
            return;
        }
        let mut sorted: Vec<(&String, &Line)> = self.lines.iter().collect();
        sorted.sort_by_key(|(_, line)| line.order);
        let skipped = sorted.len().saturating_sub(MAX_LINES);
        let mut text = String::new();
        if self.drawn > 0 {
            text.push_str(&format!("\u{1b}[{}A", self.drawn));
        }
        if skipped > 0 {
            text.push_str(&format!("\u{1b}[2K  … {skipped} more tasks\n"));
        }
        for (name, line) in &sorted[skipped..] {
            text.push_str(&format!("\u{1b}[2K{}\n", line.text(name)));
        }
        self.drawn = sorted.len() - skipped + usize::from(skipped > 0);
        let mut err = anstream::stderr().lock();
        let _closed = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    fn finish(&mut self) {
        self.drawn = 0;
    }
}

impl Line {
    fn text(&self, name: &str) -> String {
        let status = format!("{:13}", self.status);
        let mut out = format!(
            "  {} {}",
            paint(report::role(&self.status), &status),
            one_line(name, 40)
        );
        if !self.items.is_empty() {
            let done = self.items.values().filter(|status| is_over(status)).count();
            let total = self.items.len();
            let filled = done * BAR / total.max(1);
            let bar = format!("{}{}", "█".repeat(filled), "░".repeat(BAR - filled));
            out.push_str(&format!("  {bar} {done}/{total}"));
        } else if self.attempt > 1 {
            out.push_str(&format!("  attempt {}", self.attempt));
        }
        out
    }
}

fn is_over(status: &str) -> bool {
    matches!(
        status,
        "completed" | "failed" | "timeout" | "cancelled" | "abandoned" | "skipped"
    )
}
