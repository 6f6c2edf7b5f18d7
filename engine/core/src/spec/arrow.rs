//! `on_…`, `decision` and `next`, normalised into one ordered list of transitions whose targets
//! are still names.

use std::sync::Arc;

use crate::definition::{Publish, Target, TransitionKind};
use crate::diagnostics::code;
use crate::expr::Condition;
use crate::spec::compile::{Compiler, Moment, Owner};
use crate::spec::context::{At, Context, View};
use crate::spec::publish::{self, Written};
use crate::spec::tree::Data;

/// A transition whose targets are still names.
pub(crate) struct Arrow {
    pub(crate) kind: TransitionKind,
    pub(crate) when: Option<Condition>,
    /// The condition as it is written, for what can be said without evaluating it.
    pub(crate) when_text: Option<Arc<str>>,
    pub(crate) publish: Vec<Publish>,
    pub(crate) written: Vec<Written>,
    pub(crate) goals: Vec<Goal>,
    pub(crate) at: At,
}

/// Where a transition leads: a name, and what it stands for once that is known.
pub(crate) struct Goal {
    pub(crate) name: Arc<str>,
    pub(crate) at: At,
    pub(crate) target: Option<Target>,
}

/// Reads all transitions of a task, in the order of the language.
pub(crate) fn read<'a>(compiler: &Compiler<'a, '_>, task: View<'a>, index: usize) -> Vec<Arrow> {
    let mut reader = Reader {
        compiler,
        owner: Owner {
            task: Some(index),
            moment: Moment::Completion,
        },
        arrows: Vec::new(),
    };
    let ctx = compiler.ctx;
    let decision = ctx.get(task, "decision");
    reader.flat(task, "on_success", TransitionKind::OnSuccess);
    if let Some(decision) = decision {
        reader.decision(decision);
    }
    reader.flat(task, "on_failure", TransitionKind::OnFailure);
    reader.flat(task, "on_timeout", TransitionKind::OnTimeout);
    reader.flat(task, "on_skip", TransitionKind::OnSkip);
    reader.flat(task, "on_complete", TransitionKind::OnComplete);
    if let Some(next) = ctx.get(task, "next") {
        for entry in ctx.items(next) {
            reader.entry(entry, TransitionKind::Next, "do");
        }
    }
    reader.arrows
}

/// Returns a name or a list of names, each with its place.
pub(crate) fn names<'a>(ctx: &Context<'a>, view: View<'a>) -> Vec<Goal> {
    let goal = |view: View<'a>| {
        view.text().map(|name| Goal {
            name: name.clone(),
            at: view.at,
            target: None,
        })
    };
    match view.text() {
        Some(_) => goal(view).into_iter().collect(),
        None => ctx.items(view).filter_map(goal).collect(),
    }
}

struct Reader<'a, 'c, 'r> {
    compiler: &'r Compiler<'a, 'c>,
    owner: Owner,
    arrows: Vec<Arrow>,
}

impl<'a> Reader<'a, '_, '_> {
    /// Reads an `on_…` field: a name, a list of names, or a list of transitions.
    fn flat(&mut self, task: View<'a>, key: &str, kind: TransitionKind) {
        let ctx = self.compiler.ctx;
        let Some(view) = ctx.get(task, key) else {
            return;
        };
        let direct = names(ctx, view);
        if !direct.is_empty() {
            self.push(view, kind, direct);
        }
        for entry in ctx.items(view).filter(|item| item.node.as_map().is_some()) {
            self.entry(entry, kind, "do");
        }
    }

    fn push(&mut self, view: View<'a>, kind: TransitionKind, goals: Vec<Goal>) {
        self.arrows.push(Arrow {
            kind,
            when: None,
            when_text: None,
            publish: Vec::new(),
            written: Vec::new(),
            goals,
            at: view.at,
        });
    }

    /// Reads one `{when, publish, do}`.
    fn entry(&mut self, view: View<'a>, kind: TransitionKind, targets: &str) {
        let ctx = self.compiler.ctx;
        let when = ctx.get(view, "when");
        let (publish, written) = publish::read(self.compiler, ctx.get(view, "publish"), self.owner);
        self.arrows.push(Arrow {
            kind,
            when: when.map(|when| self.compiler.condition(when, self.owner)),
            when_text: when.and_then(text_of),
            publish,
            written,
            goals: ctx
                .get(view, targets)
                .map(|view| names(ctx, view))
                .unwrap_or_default(),
            at: view.at,
        });
    }

    fn decision(&mut self, view: View<'a>) {
        let ctx = self.compiler.ctx;
        let mut defaults = 0;
        for branch in ctx.items(view) {
            let default = self.is_default(branch);
            defaults += u32::from(default);
            if default && defaults > 1 {
                ctx.report(code::E_SCHEMA, branch.at, "a decision has one default");
            }
            let given = ctx.get(branch, "default");
            let shorthand = given.is_some_and(|view| !matches!(view.node.data, Data::Bool(_)));
            let targets = if shorthand { "default" } else { "next" };
            if shorthand && ctx.get(branch, "next").is_some() {
                let message = "the default leads to two places: `default` and `next`";
                ctx.report(code::E_SCHEMA, ctx.key_at(branch, "next"), message);
            } else if ctx.get(branch, targets).is_none() {
                let fix =
                    Some("add `next: task`, or `next: continue` to end the branch".to_owned());
                let message = "the branch leads nowhere: `next` is missing";
                ctx.report_with(code::E_SCHEMA, branch.at, message, fix);
            }
            self.entry(branch, TransitionKind::Decision { default }, targets);
        }
    }

    /// Tells whether a branch is the default; says so where it is only so by an old spelling.
    fn is_default(&self, branch: View<'a>) -> bool {
        let ctx = self.compiler.ctx;
        let default = ctx.get(branch, "default");
        let said = default.is_some_and(|view| !matches!(view.node.data, Data::Bool(false)));
        let when = ctx.get(branch, "when");
        match (said, when) {
            (true, Some(when)) => {
                let message = "the default has no condition: it is taken when no other branch is";
                ctx.report(code::E_SCHEMA, when.at, message);
                true
            }
            (false, None) if branch.node.as_map().is_some() => {
                let message = "a branch without `when` is the default";
                let fix = Some("write `default: true`".to_owned());
                ctx.report_with(code::W_ALIAS, branch.at, message, fix);
                true
            }
            (said, _) => said,
        }
    }
}

/// Returns a condition as it is written.
pub(crate) fn text_of(view: View<'_>) -> Option<Arc<str>> {
    if let Data::Bool(value) = view.node.data {
        return Some(value.to_string().into());
    }
    view.text().cloned()
}
