//! Entry tasks, reachability, cycles and join counts.

use crate::definition::Join;
use crate::diagnostics::code;
use crate::spec::context::Context;
use crate::spec::file::Resolved;
use crate::spec::task;

/// Checks the graph.
pub(super) fn check<'a>(ctx: &Context<'a>, file: &Resolved<'a>) {
    cycles(ctx, file);
    entries(ctx, file);
    joins(ctx, file);
}

/// Every cycle is named by its path, unless cycles are allowed.
fn cycles<'a>(ctx: &Context<'a>, file: &Resolved<'a>) {
    if task::flag(ctx, file.file, "allow_cycles") {
        return;
    }
    let network = &file.network;
    let mut seen = Vec::new();
    for index in 0..file.drafts.len() {
        let component = network.component[index];
        if !network.in_cycle[index] || seen.contains(&component) {
            continue;
        }
        seen.push(component);
        let Some(path) = network.cycle(index) else {
            continue;
        };
        let mut names = vec![file.drafts[index].name().to_string()];
        names.extend(
            path.iter()
                .map(|id| file.drafts[network.edges[*id].to].name().to_string()),
        );
        let last = network.edges[*path.last().expect("a cycle has an edge")];
        let at = file.drafts[last.from].arrows[last.arrow].goals[last.goal].at;
        let message = format!("the tasks form a cycle: {}", names.join(" → "));
        let fix = Some("if that is meant, set `allow_cycles: true`".to_owned());
        ctx.report_with(code::E_CYCLE, at, message, fix);
    }
}

/// Something must come first, and everything must be reached from there.
fn entries<'a>(ctx: &Context<'a>, file: &Resolved<'a>) {
    let (network, lists) = (&file.network, &file.lists);
    if file.drafts.is_empty() {
        return;
    }
    if network.entry.is_empty() {
        let at = ctx.key_at(file.file, "tasks");
        let message = "no task can be the first: something leads to each of them";
        let fix = Some("name the first tasks: `entry: [task]`".to_owned());
        ctx.report_with(code::E_NO_ENTRY, at, message, fix);
    }
    let starts = network
        .entry
        .iter()
        .chain(&lists.on_failure)
        .chain(&lists.finally)
        .copied();
    let mut reached = network.reach(starts);
    // A block stands before its tasks, so one pass sees outer blocks first.
    for (index, draft) in file.drafts.iter().enumerate() {
        if draft.children.is_empty() {
            continue;
        }
        if network.block_entry[index].is_empty() {
            let message = "no task of the block can be the first: something leads to each of them";
            ctx.report(code::E_NO_ENTRY, draft.at, message);
        }
        let inside = network.reach(network.block_entry[index].iter().copied());
        for (reached, inside) in reached.iter_mut().zip(inside) {
            *reached |= inside;
        }
    }
    for (index, draft) in file.drafts.iter().enumerate() {
        let begins = match draft.parent() {
            None => !network.entry.is_empty(),
            Some(block) => !network.block_entry[block].is_empty(),
        };
        if begins && !reached[index] {
            let message = format!("no path from the first tasks leads to `{}`", draft.name());
            ctx.report(code::E_UNREACHABLE, draft.at, message);
        }
    }
}

fn joins<'a>(ctx: &Context<'a>, file: &Resolved<'a>) {
    for (index, draft) in file.drafts.iter().enumerate() {
        let Some(Join::Count(count)) = draft.task.join else {
            continue;
        };
        let Some(join) = ctx.get(draft.view, "join") else {
            continue;
        };
        let inbound = file.network.inbound[index].len();
        if join.text().is_none() && count as usize > inbound {
            let message = match inbound {
                0 => format!("the join waits for {count}, but no task leads here"),
                1 => format!("the join waits for {count}, but one task leads here"),
                _ => format!("the join waits for {count}, but {inbound} tasks lead here"),
            };
            ctx.report(code::E_JOIN_COUNT, join.at, message);
        }
    }
}
