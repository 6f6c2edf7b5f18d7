//! Judges a file whose names are resolved: the graph, then what the expressions read.
//!
//! Warnings about the shape of the graph are given only if the graph is sound: after an error in
//! it, they would mostly repeat that error in other words.

mod actions;
mod batch;
mod branches;
mod handling;
mod live;
mod names;
mod structure;
mod task_fields;

use crate::spec::Options;
use crate::spec::context::Context;
use crate::spec::file::Resolved;
use crate::spec::outcome::Judged;

/// Runs all checks.
pub(crate) fn all<'a>(ctx: &Context<'a>, file: &Resolved<'a>, options: &Options<'_>) {
    structure::check(ctx, file);
    let sound = ctx.graph_is_sound();
    names::check(ctx, file);
    actions::check(ctx, file, options.actions);
    if sound {
        let judged: Vec<Judged> = file.drafts.iter().map(Judged::new).collect();
        handling::check(ctx, file, &judged);
        branches::check(ctx, file, &judged);
    }
}
