//! Mermaid's flowchart language, which GitHub and many editors draw.

use std::fmt::Write as _;

use super::{End, edges, label, lines};
use crate::definition::{Definition, TaskKind};
use crate::id::TaskIndex;

/// Draws the workflow as a Mermaid flowchart.
pub fn mermaid(definition: &Definition) -> String {
    let mut out = String::from("flowchart TD\n");
    for index in 0..definition.tasks.len() {
        let index = TaskIndex(u32::try_from(index).unwrap_or(u32::MAX));
        if definition.task(index).parent.is_none() {
            node(definition, index, 1, &mut out);
        }
    }
    let mut fails = false;
    for edge in edges(definition) {
        let to = match edge.to {
            End::Task(to) => format!("t{to}"),
            End::Command("fail") => {
                fails = true;
                "fail".to_owned()
            }
            End::Command(_) => format!("t{}", edge.from),
        };
        let mut text = label(edge.transition);
        if matches!(edge.to, End::Command("retry")) {
            text = format!("{text} retry").trim_start().to_owned();
        }
        let arrow = match text.as_str() {
            "" => "-->".to_owned(),
            text => format!("-->|\"{}\"|", escape(text)),
        };
        let _ = writeln!(out, "  t{} {arrow} {to}", edge.from);
    }
    if fails {
        out.push_str("  fail((\"fail\"))\n");
    }
    out
}

fn node(definition: &Definition, index: TaskIndex, depth: usize, out: &mut String) {
    let task = definition.task(index);
    let indent = "  ".repeat(depth);
    let text: Vec<String> = lines(task).iter().map(|line| escape(line)).collect();
    if let TaskKind::Parallel { tasks, .. } = &task.kind {
        let _ = writeln!(out, "{indent}subgraph t{index}[\"{}\"]", text.join("<br/>"));
        for inner in tasks {
            node(definition, *inner, depth + 1, out);
        }
        let _ = writeln!(out, "{indent}end");
    } else {
        let _ = writeln!(out, "{indent}t{index}[\"{}\"]", text.join("<br/>"));
    }
}

/// Mermaid reads entities in quoted text; everything that means something to it or to HTML is one.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '#' | '&' | '<' | '>' | '`' | '|' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
