//! Decisions without a default, failures that nobody will see, timeouts nobody looks at, tasks
//! that were probably forgotten.

use crate::definition::{Target, TransitionKind};
use crate::diagnostics::code;
use crate::spec::arrow::Arrow;
use crate::spec::context::Context;
use crate::spec::file::Resolved;
use crate::spec::outcome::{Judged, Outcomes, commands};
use crate::spec::task::{self, Draft};

/// Checks each task.
pub(super) fn check<'a>(ctx: &Context<'a>, file: &Resolved<'a>, judged: &[Judged]) {
    let strict = task::flag(ctx, file.file, "strict_decision");
    for (index, draft) in file.drafts.iter().enumerate() {
        decision(ctx, draft, strict);
        timeout(ctx, draft, &judged[index]);
        masked(ctx, file, judged, index);
    }
    forgotten(ctx, file);
}

fn decision<'a>(ctx: &Context<'a>, draft: &Draft<'a>, strict: bool) {
    if ctx.get(draft.view, "decision").is_none() {
        return;
    }
    if ctx.get(draft.view, "on_success").is_some() {
        let at = ctx.key_at(draft.view, "on_success");
        let message = "`decision` replaces `on_success`, which never applies";
        let fix = Some("move its targets into the decision".to_owned());
        ctx.report_with(code::W_DECISION_SHADOWS_ON_SUCCESS, at, message, fix);
    }
    let default = TransitionKind::Decision { default: true };
    if !strict && !draft.arrows.iter().any(|arrow| arrow.kind == default) {
        let message = "the decision has no default: where nothing matches, the branch ends";
        let fix = Some("add `- default: task`, or `- default: continue`".to_owned());
        let at = ctx.key_at(draft.view, "decision");
        ctx.report_with(code::W_DECISION_NO_DEFAULT, at, message, fix);
    }
}

/// `failed()` excludes timeouts: whoever has one and asks only for failures forgets it.
fn timeout<'a>(ctx: &Context<'a>, draft: &Draft<'a>, judged: &Judged) {
    if draft.task.timeout.is_none() && draft.task.deadline.is_none() {
        return;
    }
    let mentions = |arrow: &Arrow, function: &str| {
        arrow
            .when_text
            .as_deref()
            .is_some_and(|text| text.contains(function))
    };
    let asks = draft
        .arrows
        .iter()
        .find(|arrow| arrow.kind == TransitionKind::Next && mentions(arrow, "failed("));
    let looked_at = draft
        .arrows
        .iter()
        .enumerate()
        .any(|(index, arrow)| match arrow.kind {
            TransitionKind::OnFailure | TransitionKind::OnTimeout | TransitionKind::OnComplete => {
                true
            }
            TransitionKind::Next => {
                judged.always_fires(index, Outcomes::TIMEOUT)
                    || mentions(arrow, "timed_out(")
                    || mentions(arrow, "completed(")
            }
            TransitionKind::OnSuccess
            | TransitionKind::Decision { .. }
            | TransitionKind::OnSkip => false,
        });
    if let Some(arrow) = asks.filter(|_| !looked_at) {
        let message = format!(
            "`{}` has a timeout, but `failed()` does not hold after one",
            draft.name()
        );
        let fix = Some("write `failed() or timed_out()`, or `not succeeded()`".to_owned());
        ctx.report_with(code::W_TIMEOUT_UNHANDLED, arrow.at, message, fix);
    }
}

/// A handled failure that neither ends in `fail` nor leads back to the main path is forgotten.
fn masked<'a>(ctx: &Context<'a>, file: &Resolved<'a>, all: &[Judged], index: usize) {
    let draft = &file.drafts[index];
    let judged = &all[index];
    let on_failure: Vec<usize> = (0..draft.arrows.len())
        .filter(|arrow| judged.outcomes(*arrow).meets(Outcomes::FAILURE))
        .collect();
    let handler = on_failure.iter().copied().find(|arrow| {
        handles(&draft.arrows[*arrow]) && judged.always_fires(*arrow, Outcomes::FAILURE)
    });
    let Some(handler) = handler else {
        return;
    };
    // Most say so at once: then nothing below needs to be looked at.
    if on_failure
        .iter()
        .any(|arrow| commands(&draft.arrows[*arrow], Target::Fail))
    {
        return;
    }
    let starts = on_failure
        .iter()
        .flat_map(|arrow| tasks_of(&draft.arrows[*arrow]));
    let failing = file.network.reach(starts);
    let succeeding = main_path(file, all, index);
    let nothing_runs = !failing.contains(&true);
    let leads_back = failing[index] || failing.iter().zip(&succeeding).any(|(a, b)| *a && *b);
    let turns_red = (0..failing.len())
        .filter(|task| failing[*task])
        .any(|task| {
            let arrows = &file.drafts[task].arrows;
            arrows.iter().any(|arrow| commands(arrow, Target::Fail))
        });
    if nothing_runs || leads_back || turns_red {
        return;
    }
    let names: Vec<String> = draft.arrows[handler]
        .goals
        .iter()
        .map(|goal| goal.name.to_string())
        .collect();
    let message = format!(
        "a failure of `{}` ends as if nothing had failed: nothing below says `fail`",
        draft.name()
    );
    let fix = Some(format!(
        "add `fail` beside the handler: `[{}, fail]`",
        names.join(", ")
    ));
    ctx.report_with(
        code::W_FAILURE_MASKED,
        draft.arrows[handler].at,
        message,
        fix,
    );
}

/// Marks what is below a task if everything there succeeds.
fn main_path(file: &Resolved<'_>, all: &[Judged], index: usize) -> Vec<bool> {
    let mut seen = vec![false; file.drafts.len()];
    let mut stack = vec![index];
    while let Some(task) = stack.pop() {
        for id in &file.network.out[task] {
            let edge = file.network.edges[*id];
            let succeeds = all[task].outcomes(edge.arrow).meets(Outcomes::SUCCESS);
            if succeeds && !std::mem::replace(&mut seen[edge.to], true) {
                stack.push(edge.to);
            }
        }
    }
    seen
}

/// Tells whether a failure counts as handled once the transition has fired.
fn handles(arrow: &Arrow) -> bool {
    let conditional = match arrow.kind {
        TransitionKind::OnFailure | TransitionKind::OnTimeout => true,
        TransitionKind::Next => arrow.when.is_some(),
        TransitionKind::OnSuccess
        | TransitionKind::Decision { .. }
        | TransitionKind::OnSkip
        | TransitionKind::OnComplete => false,
    };
    let ends = |target: Option<Target>| target != Some(Target::Continue);
    conditional && arrow.goals.iter().any(|goal| ends(goal.target))
}

fn tasks_of(arrow: &Arrow) -> impl Iterator<Item = usize> {
    arrow.goals.iter().filter_map(|goal| match goal.target {
        Some(Target::Task(task)) => Some(task.get()),
        Some(Target::Noop | Target::Continue | Target::Fail | Target::Retry) | None => None,
    })
}

/// A task that nothing leads to and that leads nowhere, beside others.
fn forgotten<'a>(ctx: &Context<'a>, file: &Resolved<'a>) {
    let entry = &file.network.entry;
    if file.lists.entry.is_some() || entry.len() < 2 {
        return;
    }
    for index in entry {
        let draft = &file.drafts[*index];
        if file.network.out[*index].is_empty() {
            let message = format!(
                "nothing leads to `{}` and it leads nowhere: it starts at once, beside the others",
                draft.name()
            );
            let fix = Some("lead to it from another task, or list it in `entry`".to_owned());
            ctx.report_with(code::W_MULTIPLE_ENTRY, draft.at, message, fix);
        }
    }
}
