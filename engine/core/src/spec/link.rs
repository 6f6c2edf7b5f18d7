//! Gives names their tasks: targets, `needs`, and the file's own lists.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::definition::{Join, Target, TransitionKind};
use crate::diagnostics::code;
use crate::expr::Condition;
use crate::spec::arrow::{Arrow, Goal, names};
use crate::spec::context::{Context, View};
use crate::spec::suggest::did_you_mean;
use crate::spec::task::{Draft, RESERVED, task_index};

/// Longest name of a task.
const MAX_TASK_NAME: usize = 128;

/// Tasks by name.
pub(crate) type ByName = BTreeMap<Arc<str>, usize>;

/// The file's own lists of tasks.
#[derive(Default)]
pub(crate) struct Lists {
    /// `None` if the file leaves it to the rule.
    pub(crate) entry: Option<Vec<usize>>,
    pub(crate) on_failure: Vec<usize>,
    pub(crate) finally: Vec<usize>,
}

/// Collects the tasks by name and reports names that are taken, reserved or malformed.
pub(crate) fn by_name<'a>(ctx: &Context<'a>, drafts: &[Draft<'a>]) -> ByName {
    let mut found = ByName::new();
    for (index, draft) in drafts.iter().enumerate() {
        let name = draft.name();
        if ctx.get(draft.view, "name").is_none() {
            continue;
        }
        if RESERVED.contains(&&**name) {
            let message = format!("`{name}` is a name that the language uses itself");
            let fix = Some(format!("call it `{name}_task`"));
            ctx.report_with(code::E_RESERVED_NAME, draft.at, message, fix);
        } else if name.trim() != &**name
            || name.is_empty()
            || name.len() > MAX_TASK_NAME
            || name.contains(|c: char| c.is_control() || matches!(c, '{' | '}'))
        {
            let message = format!(
                "a task's name has 1 to {MAX_TASK_NAME} characters, without braces or outer spaces"
            );
            ctx.report(code::E_SCHEMA, draft.at, message);
        }
        if let Some(first) = found.get(name).copied() {
            let first: &Draft<'_> = &drafts[first];
            let message = match first.at.line() {
                0 => format!("two tasks are called `{name}`"),
                line => format!("two tasks are called `{name}`; the first is in line {line}"),
            };
            ctx.report(code::E_DUPLICATE_TASK, draft.at, message);
        } else {
            found.insert(name.clone(), index);
        }
    }
    found
}

/// Resolves the targets of all transitions and turns `needs` into transitions.
pub(crate) fn resolve<'a>(ctx: &Context<'a>, drafts: &mut [Draft<'a>], tasks: &ByName) {
    let parents: Vec<Option<usize>> = drafts.iter().map(Draft::parent).collect();
    let places = Places {
        ctx,
        tasks,
        parents: &parents,
    };
    for draft in drafts.iter_mut() {
        let parent = draft.parent();
        for goal in draft.arrows.iter_mut().flat_map(|arrow| &mut arrow.goals) {
            goal.target = command(&goal.name).or_else(|| {
                places
                    .find(goal, parent)
                    .map(|i| Target::Task(task_index(i)))
            });
        }
    }
    for index in 0..drafts.len() {
        let needs = std::mem::take(&mut drafts[index].needs);
        if !needs.is_empty() && drafts[index].task.join.is_none() {
            drafts[index].task.join = Some(Join::All);
        }
        for mut goal in needs {
            if let Some(source) = places.find(&goal, parents[index]) {
                goal.name = drafts[index].name().clone();
                goal.target = Some(Target::Task(task_index(index)));
                need(&mut drafts[source], goal);
            }
        }
    }
}

/// Adds the success transition that a `needs` of another task asks for.
fn need(source: &mut Draft<'_>, goal: Goal) {
    let decides = |arrow: &Arrow| matches!(arrow.kind, TransitionKind::Decision { .. });
    let mut arrow = Arrow {
        kind: TransitionKind::OnSuccess,
        when: None,
        when_text: None,
        publish: Vec::new(),
        written: Vec::new(),
        at: goal.at,
        goals: vec![goal],
    };
    if source.arrows.iter().any(decides) {
        // A decision replaces `on_success`, but not what others ask for.
        arrow.kind = TransitionKind::Next;
        arrow.when = Condition::compile(SUCCEEDED).ok();
        arrow.when_text = Some(SUCCEEDED.into());
        source.arrows.push(arrow);
    } else {
        let place = source
            .arrows
            .iter()
            .take_while(|arrow| arrow.kind == TransitionKind::OnSuccess)
            .count();
        source.arrows.insert(place, arrow);
    }
}

const SUCCEEDED: &str = "succeeded()";

/// Resolves `entry`, `on_failure` and `finally` of the file.
pub(crate) fn lists<'a>(
    ctx: &Context<'a>,
    file: View<'a>,
    drafts: &[Draft<'a>],
    tasks: &ByName,
) -> Lists {
    let parents: Vec<Option<usize>> = drafts.iter().map(Draft::parent).collect();
    let places = Places {
        ctx,
        tasks,
        parents: &parents,
    };
    let list = |key| {
        let view = ctx.get(file, key)?;
        let mut found: Vec<usize> = Vec::new();
        for goal in names(ctx, view) {
            if let Some(index) = places.find(&goal, None)
                && !found.contains(&index)
            {
                found.push(index);
            }
        }
        Some(found)
    };
    Lists {
        entry: list("entry"),
        on_failure: list("on_failure").unwrap_or_default(),
        finally: list("finally").unwrap_or_default(),
    }
}

/// What may stand in place of a task, for "did you mean".
const COMMANDS: &[&str] = &["noop", "continue", "fail", "retry"];

fn command(name: &str) -> Option<Target> {
    match name {
        "noop" => Some(Target::Noop),
        "continue" => Some(Target::Continue),
        "fail" => Some(Target::Fail),
        "retry" => Some(Target::Retry),
        _ => None,
    }
}

struct Places<'p, 'a> {
    ctx: &'p Context<'a>,
    tasks: &'p ByName,
    parents: &'p [Option<usize>],
}

impl Places<'_, '_> {
    /// Returns the task that `goal` names among those of block `parent`.
    fn find(&self, goal: &Goal, parent: Option<usize>) -> Option<usize> {
        let name = &goal.name;
        match self.tasks.get(name) {
            Some(index) if self.parents[*index] == parent => Some(*index),
            Some(_) => {
                let message = match parent {
                    Some(_) => format!("the task `{name}` is not in this block"),
                    None => format!("the task `{name}` is inside a block, out of reach from here"),
                };
                let fix = Some("lead to the block, or from the block, instead".to_owned());
                self.ctx
                    .report_with(code::E_UNKNOWN_TASK, goal.at, message, fix);
                None
            }
            None => {
                let message = format!("there is no task `{name}`");
                let fix = self.fix(name, parent);
                self.ctx
                    .report_with(code::E_UNKNOWN_TASK, goal.at, message, fix);
                None
            }
        }
    }

    fn fix(&self, name: &str, parent: Option<usize>) -> Option<String> {
        let parts: Vec<&str> = name.split(',').map(str::trim).collect();
        if parts.len() > 1 && parts.iter().all(|part| self.tasks.contains_key(*part)) {
            return Some(format!("write a list: `[{}]`", parts.join(", ")));
        }
        let near = self
            .tasks
            .iter()
            .filter(|(_, index)| self.parents[**index] == parent)
            .map(|(name, _)| &**name);
        did_you_mean(name, near.chain(COMMANDS.iter().copied()))
    }
}
