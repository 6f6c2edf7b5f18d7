//! Branches that may run at once: tasks that run twice, variables that two of them write.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::live::Live;
use crate::definition::Publish;
use crate::diagnostics::code;
use crate::expr::Template;
use crate::spec::context::{At, Context};
use crate::spec::file::Resolved;
use crate::spec::outcome::Judged;
use crate::spec::publish::Written;
use crate::value::Value;

/// Writers of one variable that are compared with each other; more would only repeat the warning.
const MAX_WRITERS: usize = 50;

/// Checks the branches.
pub(super) fn check<'a>(ctx: &Context<'a>, file: &Resolved<'a>, judged: &[Judged]) {
    let live = Live::new(file, judged);
    for (index, draft) in file.drafts.iter().enumerate() {
        if draft.task.join.is_some() {
            continue;
        }
        if let Some((a, b)) = live.both_lead_to(index) {
            let message = format!(
                "`{}` and `{}` may both lead to `{}`, which then runs once for each",
                file.drafts[a].name(),
                file.drafts[b].name(),
                draft.name()
            );
            let fix = Some("add `join: all` to wait for both, `join: any` for the first".into());
            ctx.report_with(code::W_MULTI_INBOUND_NO_JOIN, draft.at, message, fix);
        }
    }
    concurrent_publishes(ctx, file, &live);
}

/// A task that writes a variable, and what it writes if that is known.
struct Writer<'f> {
    task: usize,
    at: At,
    literal: Option<&'f Value>,
}

fn concurrent_publishes<'a>(ctx: &Context<'a>, file: &Resolved<'a>, live: &Live) {
    for (name, writers) in writers(file) {
        let mut after: BTreeMap<usize, Vec<bool>> = BTreeMap::new();
        for (place, second) in writers.iter().enumerate().take(MAX_WRITERS) {
            let rival = writers[..place].iter().find(|first| {
                first.task != second.task
                    && !(first.literal.is_some() && first.literal == second.literal)
                    && live.both_run(first.task, second.task)
                    && !follows(file, &mut after, first.task, second.task)
                    && !follows(file, &mut after, second.task, first.task)
            });
            if let Some(rival) = rival {
                let message = format!(
                    "`{name}` is also written by `{}`, which may run at the same time",
                    file.drafts[rival.task].name()
                );
                let fix = Some("write two variables, and put them together after a join".into());
                ctx.report_with(code::W_CONCURRENT_PUBLISH, second.at, message, fix);
            }
        }
    }
}

/// Returns the writers of every variable that more than one task writes.
fn writers<'f>(file: &'f Resolved<'_>) -> BTreeMap<Arc<str>, Vec<Writer<'f>>> {
    let mut found: BTreeMap<Arc<str>, Vec<Writer<'f>>> = BTreeMap::new();
    for (task, draft) in file.drafts.iter().enumerate() {
        let own = draft.written.iter().zip(&draft.task.publish);
        let of_arrows = draft
            .arrows
            .iter()
            .flat_map(|arrow| arrow.written.iter().zip(&arrow.publish));
        for (written, publish) in own.chain(of_arrows) {
            let Written { name, at } = written;
            found.entry(name.clone()).or_default().push(Writer {
                task,
                at: *at,
                literal: literal(publish),
            });
        }
    }
    found.retain(|_, writers| writers.iter().any(|writer| writer.task != writers[0].task));
    found
}

fn literal(publish: &Publish) -> Option<&Value> {
    match publish.value.as_ref()? {
        Template::Literal(value) => Some(value),
        Template::Expression(_) | Template::Text(_) | Template::List(_) | Template::Map(_) => None,
    }
}

/// Tells whether `second` may come after `first`, so that they are no rivals.
fn follows(
    file: &Resolved<'_>,
    after: &mut BTreeMap<usize, Vec<bool>>,
    first: usize,
    second: usize,
) -> bool {
    if phase(file, first) != phase(file, second) {
        return true;
    }
    after.entry(first).or_insert_with(|| reach(file, first))[second]
}

/// When a task runs: with all others, when the run will fail, or at the very end.
fn phase(file: &Resolved<'_>, task: usize) -> usize {
    let lists = [&file.lists.on_failure, &file.lists.finally];
    let mut outer = task;
    while let Some(block) = file.drafts[outer].parent() {
        outer = block;
    }
    let in_list = |list: &[usize]| list.contains(&outer);
    lists
        .iter()
        .position(|list| in_list(list))
        .map_or(0, |place| place + 1)
}

/// Marks what comes after a task: below it, inside it, and behind the blocks that it is in.
fn reach(file: &Resolved<'_>, task: usize) -> Vec<bool> {
    let mut seen = vec![false; file.drafts.len()];
    let mut stack = vec![task];
    while let Some(task) = stack.pop() {
        let mut found: Vec<usize> = file.network.targets(task).collect();
        found.extend(&file.network.block_entry[task]);
        let mut inner = task;
        while let Some(block) = file.drafts[inner].parent() {
            found.extend(file.network.targets(block));
            inner = block;
        }
        for next in found {
            if !std::mem::replace(&mut seen[next], true) {
                stack.push(next);
            }
        }
    }
    seen
}
