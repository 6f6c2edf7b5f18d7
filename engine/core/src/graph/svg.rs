//! SVG: tasks in layers from top to bottom, blocks as boxes around layers of their own.
//!
//! Nothing is fetched and nothing runs in it: shapes, and escaped text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Edge, End, edges, label, lines};
use crate::definition::{Definition, TaskKind};
use crate::id::TaskIndex;

/// Width of a character, about right for most fonts.
const CHAR: usize = 8;
/// Height of a line.
const LINE: usize = 18;
/// Space between a box and its text.
const PAD: usize = 12;
/// Space between boxes of a layer.
const GAP_X: usize = 36;
/// Space between layers: an edge's label fits.
const GAP_Y: usize = 56;
const STYLE: &str = "text{font:13px sans-serif;fill:#1f2328}.edge,.back{fill:none;stroke:#59636e}\
    .back{stroke-dasharray:4 3}.label{font-size:11px;fill:#59636e;text-anchor:middle}\
    rect{fill:#f6f8fa;stroke:#59636e}.block{fill:none;stroke-dasharray:6 3}";

/// Draws the workflow as SVG.
pub fn svg(definition: &Definition) -> String {
    let edges = edges(definition);
    let all = (0..definition.tasks.len()).map(|index| TaskIndex(index as u32));
    let roots: Vec<TaskIndex> = all
        .filter(|index| definition.task(*index).parent.is_none())
        .collect();
    let layout = Layout::new(definition, &edges, &roots);
    let (width, height) = (layout.width + 2 * GAP_X, layout.height + 2 * PAD);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n\
         <defs><marker id=\"end\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" \
         markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#59636e\"/></marker>\
         </defs>\n",
        escape(&definition.reference)
    );
    layout.draw(&edges, (GAP_X, PAD), &mut out);
    out.push_str("</svg>\n");
    out
}

/// A task's place within its layout.
struct Placed {
    task: TaskIndex,
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    layer: usize,
    lines: Vec<String>,
    inner: Option<Layout>,
}

/// Tasks side by side and below each other: those of the run, or of one block.
struct Layout {
    boxes: Vec<Placed>,
    width: usize,
    height: usize,
}

impl Layout {
    fn new(definition: &Definition, edges: &[Edge<'_>], tasks: &[TaskIndex]) -> Self {
        let layers = layers(edges, tasks);
        let place = |task: &TaskIndex| placed(definition, edges, *task, layers[task]);
        let mut boxes: Vec<Placed> = tasks.iter().map(place).collect();
        boxes.sort_by_key(|one| one.layer);
        let (mut width, mut y) = (0, 0);
        for layer in boxes.chunk_by_mut(|a, b| a.layer == b.layer) {
            let mut x = 0;
            for one in layer.iter_mut() {
                (one.x, one.y) = (x, y);
                x += one.width + GAP_X;
            }
            width = width.max(x - GAP_X);
            y += layer.iter().map(|one| one.height).max().unwrap_or(0) + GAP_Y;
        }
        for layer in boxes.chunk_by_mut(|a, b| a.layer == b.layer) {
            let right = layer.last().map_or(0, |one| one.x + one.width);
            for one in layer.iter_mut() {
                one.x += (width - right) / 2;
            }
        }
        Self {
            boxes,
            width,
            height: y.saturating_sub(GAP_Y),
        }
    }

    fn draw(&self, edges: &[Edge<'_>], (left, top): (usize, usize), out: &mut String) {
        for one in &self.boxes {
            let (x, y) = (left + one.x, top + one.y);
            let class = if one.inner.is_some() {
                " class=\"block\""
            } else {
                ""
            };
            let _ = writeln!(
                out,
                "<rect{class} x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"6\"/>",
                one.width, one.height
            );
            for (number, line) in (1..).zip(&one.lines) {
                let (x, y) = (x + PAD, y + PAD / 2 + number * LINE - 4);
                let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\">{}</text>", escape(line));
            }
            if let Some(inner) = &one.inner {
                let below = y + PAD + one.lines.len() * LINE;
                inner.draw(edges, (x + PAD, below), out);
            }
        }
        let places: BTreeMap<TaskIndex, &Placed> =
            self.boxes.iter().map(|one| (one.task, one)).collect();
        for edge in edges {
            if let (Some(from), End::Task(to)) = (places.get(&edge.from), edge.to)
                && let Some(to) = places.get(&to)
            {
                arrow(from, to, &label(edge.transition), (left, top), out);
            }
        }
    }
}

/// Measures a task; a block holds a layout of its own.
fn placed(definition: &Definition, edges: &[Edge<'_>], index: TaskIndex, layer: usize) -> Placed {
    let task = definition.task(index);
    let mut lines = lines(task);
    lines.extend(
        edges
            .iter()
            .filter(|edge| edge.from == index)
            .filter_map(|edge| match edge.to {
                End::Command(command) => {
                    let condition = label(edge.transition);
                    Some(format!("{condition} → {command}").trim_start().to_owned())
                }
                End::Task(_) => None,
            }),
    );
    let inner = match &task.kind {
        TaskKind::Parallel { tasks, .. } => Some(Layout::new(definition, edges, tasks)),
        TaskKind::Action { .. }
        | TaskKind::Workflow { .. }
        | TaskKind::Sleep
        | TaskKind::Inquiry => None,
    };
    let longest = lines.iter().map(|line| line.chars().count()).max();
    let text = longest.unwrap_or(0) * CHAR;
    let (width, height) = inner
        .as_ref()
        .map_or((0, 0), |inner| (inner.width, inner.height + PAD));
    Placed {
        task: index,
        x: 0,
        y: 0,
        width: text.max(width) + 2 * PAD,
        height: lines.len() * LINE + PAD + height,
        layer,
        lines,
        inner,
    }
}

/// Puts each task below all that lead to it, edges that close a cycle aside.
fn layers(edges: &[Edge<'_>], tasks: &[TaskIndex]) -> BTreeMap<TaskIndex, usize> {
    let mut next: BTreeMap<TaskIndex, Vec<TaskIndex>> = BTreeMap::new();
    for edge in edges {
        if let End::Task(to) = edge.to {
            next.entry(edge.from).or_default().push(to);
        }
    }
    let order = depth_first(&next, tasks);
    let rank: BTreeMap<TaskIndex, usize> = order.iter().rev().copied().zip(0..).collect();
    let mut layers: BTreeMap<TaskIndex, usize> = tasks.iter().map(|task| (*task, 0)).collect();
    for task in order.iter().rev() {
        let below = layers[task] + 1;
        for to in next.get(task).into_iter().flatten() {
            // In this order only what closes a cycle leads back.
            if rank.get(to) > rank.get(task)
                && let Some(layer) = layers.get_mut(to)
            {
                *layer = below.max(*layer);
            }
        }
    }
    layers
}

/// Returns the tasks in the order in which a walk is done with them: last those that lead on.
fn depth_first(next: &BTreeMap<TaskIndex, Vec<TaskIndex>>, tasks: &[TaskIndex]) -> Vec<TaskIndex> {
    let mut seen: BTreeMap<TaskIndex, bool> = tasks.iter().map(|task| (*task, false)).collect();
    let mut order = Vec::new();
    for root in tasks.iter().rev() {
        let mut open = vec![(*root, 0)];
        while let Some((task, at)) = open.pop() {
            if at == 0 && std::mem::replace(seen.entry(task).or_insert(true), true) {
                continue;
            }
            match next.get(&task).and_then(|next| next.get(at)) {
                Some(to) => {
                    open.push((task, at + 1));
                    if seen.get(to) == Some(&false) {
                        open.push((*to, 0));
                    }
                }
                None => order.push(task),
            }
        }
    }
    order
}

fn arrow(from: &Placed, to: &Placed, text: &str, (left, top): (usize, usize), out: &mut String) {
    if from.task == to.task {
        return;
    }
    let middle = |one: &Placed| left + one.x + one.width / 2;
    let (x1, x2) = (middle(from), middle(to));
    let (class, y1, y2) = if to.layer > from.layer {
        ("edge", top + from.y + from.height, top + to.y)
    } else {
        ("back", top + from.y, top + to.y + to.height)
    };
    let half = y1.midpoint(y2);
    let _ = writeln!(
        out,
        "<path class=\"{class}\" marker-end=\"url(#end)\" d=\"M{x1} {y1}C{x1} {half} {x2} {half} {x2} {y2}\"/>"
    );
    if !text.is_empty() {
        let x = x1.midpoint(x2);
        let _ = writeln!(
            out,
            "<text class=\"label\" x=\"{x}\" y=\"{half}\">{}</text>",
            escape(text)
        );
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
