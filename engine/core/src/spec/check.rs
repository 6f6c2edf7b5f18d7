//! Judges a file whose names are resolved: the graph, then what the expressions read.
//!
//! Warnings about the shape of the graph are given only if the graph is sound: after an error in
//! it, they would mostly repeat that error in other words.

mod structure;

use crate::spec::Options;
use crate::spec::context::Context;
use crate::spec::file::Resolved;

/// Runs all checks.
pub(crate) fn all<'a>(ctx: &Context<'a>, file: &Resolved<'a>, options: &Options<'_>) {
    let _ = options;
    structure::check(ctx, file);
}
