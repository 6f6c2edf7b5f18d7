//! With `batch_size`, `item` is a list: whoever treats it as one value is warned.

use crate::definition::{BatchMode, Items};
use crate::diagnostics::code;
use crate::expr::{PathStep, Read, Root};
use crate::spec::compile::Site;
use crate::spec::context::Context;

/// Checks one read of `item`, `index` or `batch`.
pub(super) fn check<'a>(ctx: &Context<'a>, site: &Site<'a>, read: &Read, items: &Items) {
    if items.batch_size.is_none() || items.batch_mode == BatchMode::Window {
        return;
    }
    if read.root != Root::Item {
        return;
    }
    let field = match read.path.first() {
        Some(PathStep::Name(field)) => Some(field),
        Some(PathStep::Index(_) | PathStep::Computed) | None => None,
    };
    let message = match field {
        Some(field) => format!("with `batch_size`, `item` is a list, which has no `{field}`"),
        None if site.in_text && is_alone(site, read) => {
            "with `batch_size`, `item` is a list: in text it becomes JSON".to_owned()
        }
        None => return,
    };
    let fix = Some("set `batch_mode: window` to get single items".to_owned());
    let at = site.place(ctx, read.offset, read.len);
    ctx.report_with(code::W_ITEM_IS_LIST, at, message, fix);
}

/// Tells whether the expression is `item` and nothing else.
fn is_alone(site: &Site<'_>, read: &Read) -> bool {
    read.path.is_empty()
        && site.text_before(read.offset).trim_end().ends_with("{{")
        && site
            .text_at(read.offset + read.len)
            .trim_start()
            .starts_with("}}")
}
