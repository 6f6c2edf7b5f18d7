//! What conditions saw when they were evaluated: kept only where somebody explains a run.

use crate::definition::{Definition, TransitionKind};
use crate::event::Event;
use crate::explain::Seen;
use crate::expr::{Condition, PathStep, Read, Root, Scope};
use crate::run::{Run, VisitId};
use crate::value::Value;

use super::StepError;
use super::machine::{Machine, Rendered};
use super::view::View;

/// One evaluation of a condition.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    pub(crate) visit: VisitId,
    /// The transition, `None` for the task's own `when`.
    pub(crate) transition: Option<usize>,
    pub(crate) seen: Seen,
}

/// Applies an event of a journal and returns what the conditions saw.
pub(crate) fn replay_traced(
    definition: &Definition,
    run: &mut Run,
    event: &Event,
) -> Result<Vec<Trace>, StepError> {
    let mut machine = Machine::new(definition, run, event);
    machine.trace = Some(Vec::new());
    machine.apply(&event.kind)?;
    while machine.follow_next()? {}
    Ok(machine.trace.take().unwrap_or_default())
}

/// Makes the trace of a condition that was just evaluated.
pub(super) fn trace(
    (visit, transition): (VisitId, Option<(usize, TransitionKind)>),
    condition: &Condition,
    view: &View<'_>,
    held: &Rendered<bool>,
) -> Trace {
    let reads = condition.references().reads.iter();
    let values = reads.filter_map(|read| Some((written(read), value(read, view)?)));
    Trace {
        visit,
        transition: transition.map(|(place, _)| place),
        seen: Seen {
            place: transition.map_or("when", |(_, kind)| field(kind)),
            held: held.clone(),
            values: values.collect(),
        },
    }
}

/// Returns the field of the file that a transition stands in.
pub(crate) fn field(kind: TransitionKind) -> &'static str {
    match kind {
        TransitionKind::OnSuccess => "on_success",
        TransitionKind::Decision { .. } => "decision",
        TransitionKind::OnFailure => "on_failure",
        TransitionKind::OnTimeout => "on_timeout",
        TransitionKind::OnSkip => "on_skip",
        TransitionKind::OnComplete => "on_complete",
        TransitionKind::Next => "next",
    }
}

fn written(read: &Read) -> String {
    let mut text = match &read.root {
        Root::Parameters => "parameters".to_owned(),
        Root::Vars => "vars".to_owned(),
        Root::Task => "task".to_owned(),
        Root::Pack => "pack".to_owned(),
        Root::System => "system".to_owned(),
        Root::Item => "item".to_owned(),
        Root::Index => "index".to_owned(),
        Root::Batch => "batch".to_owned(),
        Root::Bare(name) => name.to_string(),
    };
    for step in &read.path {
        match step {
            PathStep::Name(name) => text.extend([".", name]),
            PathStep::Index(index) => text.extend(["[", &index.to_string(), "]"]),
            PathStep::Computed => text.push_str("[…]"),
        }
    }
    text
}

/// Reads a variable as the condition did; `None` where a part of the way is computed.
fn value(read: &Read, view: &View<'_>) -> Option<Value> {
    let (root, path) = match (&read.root, &read.path[..]) {
        (Root::Parameters, path) => (view.parameters(), path),
        (Root::Vars, path) => (view.vars(), path),
        (Root::Pack, [_, path @ ..]) => (view.config(), path),
        (Root::System, path) => (view.system(), path),
        (Root::Task, [PathStep::Name(name), PathStep::Name(field), path @ ..]) => {
            (view.task_field(name, field)??, path)
        }
        (Root::Bare(name), path) => {
            let found = view.vars().get(name).cloned();
            (
                found.or_else(|| view.parameters().get(name).cloned())?,
                path,
            )
        }
        (Root::Task | Root::Pack | Root::Item | Root::Index | Root::Batch, _) => return None,
    };
    path.iter().try_fold(root, |value, step| match step {
        PathStep::Name(name) => value.get(name).cloned(),
        PathStep::Index(index) => {
            let list = value.as_list()?;
            let length = i64::try_from(list.len()).ok()?;
            let place = if *index < 0 { length + index } else { *index };
            list.get(usize::try_from(place).ok()?).cloned()
        }
        PathStep::Computed => None,
    })
}
