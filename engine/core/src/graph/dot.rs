//! Graphviz's language.

use std::fmt::Write as _;

use super::{End, edges, label, lines};
use crate::definition::{Definition, TaskKind};
use crate::id::TaskIndex;

/// Draws the workflow in DOT.
pub fn dot(definition: &Definition) -> String {
    let mut out = format!("digraph {} {{\n", quote(&definition.reference));
    out.push_str("  compound=true;\n  node [shape=box, style=rounded];\n");
    for index in 0..definition.tasks.len() {
        let index = TaskIndex(u32::try_from(index).unwrap_or(u32::MAX));
        if definition.task(index).parent.is_none() {
            node(definition, index, 1, &mut out);
        }
    }
    let mut fails = false;
    for edge in edges(definition) {
        let mut options = Vec::new();
        let mut text = label(edge.transition);
        let to = match edge.to {
            End::Task(to) => {
                if is_block(definition, to) {
                    options.push(format!("lhead=cluster_{to}"));
                }
                anchor(definition, to)
            }
            End::Command("fail") => {
                fails = true;
                "fail".to_owned()
            }
            End::Command(_) => {
                text = format!("{text} retry").trim_start().to_owned();
                anchor(definition, edge.from)
            }
        };
        if !text.is_empty() {
            options.push(format!("label={}", quote(&text)));
        }
        if is_block(definition, edge.from) {
            options.push(format!("ltail=cluster_{}", edge.from));
        }
        let options = match options.as_slice() {
            [] => String::new(),
            some => format!(" [{}]", some.join(", ")),
        };
        let _ = writeln!(out, "  {} -> {to}{options};", anchor(definition, edge.from));
    }
    if fails {
        out.push_str("  fail [shape=circle];\n");
    }
    out.push_str("}\n");
    out
}

fn node(definition: &Definition, index: TaskIndex, depth: usize, out: &mut String) {
    let task = definition.task(index);
    let indent = "  ".repeat(depth);
    let text = quote(&lines(task).join("\n"));
    if let TaskKind::Parallel { tasks, .. } = &task.kind {
        let _ = writeln!(out, "{indent}subgraph cluster_{index} {{");
        let _ = writeln!(out, "{indent}  label={text};");
        for inner in tasks {
            node(definition, *inner, depth + 1, out);
        }
        let _ = writeln!(out, "{indent}}}");
    } else {
        let _ = writeln!(out, "{indent}t{index} [label={text}];");
    }
}

fn is_block(definition: &Definition, index: TaskIndex) -> bool {
    matches!(definition.task(index).kind, TaskKind::Parallel { .. })
}

/// Edges of a block hang on a task inside it and are cut at the block's border.
fn anchor(definition: &Definition, index: TaskIndex) -> String {
    let mut index = index;
    while let TaskKind::Parallel { tasks, .. } = &definition.task(index).kind {
        let Some(first) = tasks.first() else { break };
        index = *first;
    }
    format!("t{index}")
}

fn quote(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}
