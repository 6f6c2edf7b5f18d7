//! A workflow as a picture: SVG, Mermaid, DOT, or JSON for whoever draws it himself.
//!
//! Pure functions of the definition; every name is escaped for the language it goes to.

mod dot;
mod mermaid;
mod svg;

use serde_json::{Value, json};

use crate::definition::{Definition, Target, Task, TaskKind, Transition, TransitionKind};
use crate::id::TaskIndex;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;

/// Longest condition that is shown on an edge, in characters.
const MAX_LABEL: usize = 60;

/// Returns `{nodes, edges}`: nodes with name, kind, block and join, edges with kind and condition.
pub fn json(definition: &Definition) -> Value {
    let nodes: Vec<Value> = definition
        .tasks
        .iter()
        .enumerate()
        .map(|(index, task)| node(definition, index, task))
        .collect();
    let edges: Vec<Value> = edges(definition)
        .iter()
        .map(|edge| {
            json!({
                "from": definition.task(edge.from).name,
                "to": edge.to.name(definition),
                "command": matches!(edge.to, End::Command(_)),
                "kind": word(edge.transition.kind),
                "when": edge.transition.when_text,
            })
        })
        .collect();
    json!({"nodes": nodes, "edges": edges})
}

fn node(definition: &Definition, index: usize, task: &Task) -> Value {
    let (kind, action) = match &task.kind {
        TaskKind::Action { reference } => ("action", Some(&**reference)),
        TaskKind::Workflow { reference } => ("workflow", Some(&**reference)),
        TaskKind::Sleep => ("action", Some("core.sleep")),
        TaskKind::Inquiry => ("action", Some("core.inquiry")),
        TaskKind::Parallel { .. } => ("parallel", None),
    };
    let this = TaskIndex(u32::try_from(index).unwrap_or(u32::MAX));
    let role = if definition.on_failure.contains(&this) {
        Some("on_failure")
    } else if definition.finally.contains(&this) {
        Some("finally")
    } else if is_entry(definition, task, this) {
        Some("entry")
    } else {
        None
    };
    json!({
        "name": task.name,
        "label": task.label,
        "type": kind,
        "action": action,
        "parent": task.parent.map(|parent| definition.task(parent).name.clone()),
        "role": role,
        "join": task.join.map(|join| join.to_string()),
        "with_items": task.items.is_some(),
        "when": task.when_text,
    })
}

fn is_entry(definition: &Definition, task: &Task, index: TaskIndex) -> bool {
    match task.parent.map(|parent| &definition.task(parent).kind) {
        Some(TaskKind::Parallel { entry, .. }) => entry.contains(&index),
        Some(_) => false,
        None => definition.entry.contains(&index),
    }
}

/// Where an edge ends.
#[derive(Clone, Copy)]
enum End {
    Task(TaskIndex),
    Command(&'static str),
}

impl End {
    fn name(self, definition: &Definition) -> &str {
        match self {
            Self::Task(index) => &definition.task(index).name,
            Self::Command(name) => name,
        }
    }
}

struct Edge<'d> {
    from: TaskIndex,
    to: End,
    transition: &'d Transition,
}

/// Returns every edge that leads somewhere, in the file's order.
fn edges(definition: &Definition) -> Vec<Edge<'_>> {
    let mut edges = Vec::new();
    for (index, task) in definition.tasks.iter().enumerate() {
        let from = TaskIndex(u32::try_from(index).unwrap_or(u32::MAX));
        for transition in &task.transitions {
            let ends = transition.targets.iter().filter_map(|target| match target {
                Target::Task(index) => Some(End::Task(*index)),
                Target::Fail => Some(End::Command("fail")),
                Target::Retry => Some(End::Command("retry")),
                Target::Noop | Target::Continue => None,
            });
            edges.extend(ends.map(|to| Edge {
                from,
                to,
                transition,
            }));
        }
    }
    edges
}

fn word(kind: TransitionKind) -> &'static str {
    match kind {
        TransitionKind::OnSuccess => "on_success",
        TransitionKind::Decision { default: false } => "decision",
        TransitionKind::Decision { default: true } => "default",
        TransitionKind::OnFailure => "on_failure",
        TransitionKind::OnTimeout => "on_timeout",
        TransitionKind::OnSkip => "on_skip",
        TransitionKind::OnComplete => "on_complete",
        TransitionKind::Next => "next",
    }
}

/// Returns what stands on an edge: nothing on a plain success, else what it waits for.
fn label(transition: &Transition) -> String {
    let condition = transition.when_text.as_deref().map(|text| {
        let text = text.trim();
        let inner = text
            .strip_prefix("{{")
            .and_then(|text| text.strip_suffix("}}"))
            .unwrap_or(text);
        short(inner.trim())
    });
    let kind = match transition.kind {
        TransitionKind::OnSuccess
        | TransitionKind::Decision { default: false }
        | TransitionKind::Next => None,
        TransitionKind::Decision { default: true } => Some("else"),
        TransitionKind::OnFailure => Some("on failure"),
        TransitionKind::OnTimeout => Some("on timeout"),
        TransitionKind::OnSkip => Some("on skip"),
        TransitionKind::OnComplete => Some("on complete"),
    };
    match (kind, condition) {
        (None, None) => String::new(),
        (Some(kind), None) => kind.to_owned(),
        (None, Some(condition)) => condition,
        (Some(kind), Some(condition)) => format!("{kind}: {condition}"),
    }
}

fn short(text: &str) -> String {
    if text.chars().count() <= MAX_LABEL {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(MAX_LABEL - 1).collect();
    cut.push('…');
    cut
}

/// Returns the lines of a node: what it is called, and what it does if that is something else.
fn lines(task: &Task) -> Vec<String> {
    let mut lines = vec![task.label.clone().unwrap_or_else(|| task.name.to_string())];
    match &task.kind {
        TaskKind::Action { reference } | TaskKind::Workflow { reference } => {
            lines.push(reference.to_string());
        }
        TaskKind::Sleep => lines.push("core.sleep".to_owned()),
        TaskKind::Inquiry => lines.push("core.inquiry".to_owned()),
        TaskKind::Parallel { .. } => {}
    }
    if task.items.is_some() {
        lines.push("for each item".to_owned());
    }
    if let Some(join) = task.join {
        lines.push(format!("join: {join}"));
    }
    lines
}

#[cfg(test)]
mod tests;
