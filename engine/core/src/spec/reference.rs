//! Refs: `pack.name`, and for actions `@revision` or `@sha256:…` behind it.

use crate::diagnostics::code;
use crate::id::Digest;
use crate::spec::Options;
use crate::spec::context::{Context, View};
use crate::spec::fields::FILE_NEEDS;

/// Longest name of a pack, workflow or action.
const MAX_NAME: usize = 63;

/// Tells whether the text is `pack.name`.
pub fn is_reference(text: &str) -> bool {
    text.split_once('.')
        .is_some_and(|(pack, name)| is_name(pack) && is_name(name))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= MAX_NAME
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
}

fn is_pin(text: &str) -> bool {
    match text.strip_prefix("sha256:") {
        Some(digest) => Digest::parse(digest).is_some(),
        None => text.parse::<u32>().is_ok_and(|revision| revision > 0),
    }
}

/// Checks the file's own `ref`, and that a file which must be called something is.
pub(crate) fn check_file<'a>(ctx: &Context<'a>, file: View<'a>, options: &Options<'_>) {
    let own = ctx.get(file, "ref");
    if let Some(view) = own
        && let Some(text) = view.text()
    {
        let lower = text.to_lowercase();
        if !is_reference(text) {
            let message = format!("`{text}` is no ref: it has the form `pack.name`, lower case");
            let fix = is_reference(&lower).then(|| format!("did you mean `{lower}`?"));
            ctx.report_with(code::E_REF, view.at, message, fix);
        } else if let Some(wanted) = options.default_ref.filter(|wanted| *wanted != &**text) {
            let message = format!("the file says `{text}`, the request says `{wanted}`");
            ctx.report(code::E_REF, view.at, message);
        }
    }
    if !options.require_ref || file.node.as_map().is_none() {
        return;
    }
    for (key, example) in FILE_NEEDS {
        let is_ref = *key == "ref";
        if ctx.get(file, key).is_none() && !(is_ref && options.default_ref.is_some()) {
            let code = if is_ref { code::E_REF } else { code::E_SCHEMA };
            let message = format!("the workflow has no `{key}`");
            let fix = Some(format!("add `{key}: {example}`"));
            ctx.report_with(code, file.at, message, fix);
        }
    }
}

/// Checks the ref of an action. A bare name passes: whether it exists is asked elsewhere, and
/// rehearsals use such names for any action.
pub(crate) fn check_action<'a>(ctx: &Context<'a>, view: View<'a>) {
    let Some(text) = view.text() else {
        return;
    };
    if text.contains("{{") {
        let message = "an action is named by its ref, never by a template";
        let fix = Some("choose between tasks with a `decision`".to_owned());
        return ctx.report_with(code::E_REF, view.at, message, fix);
    }
    let (reference, pin) = match text.split_once('@') {
        Some((reference, pin)) => (reference, Some(pin)),
        None => (&**text, None),
    };
    if !is_reference(reference) && !is_name(reference) {
        let message = format!("`{reference}` is no ref: it has the form `pack.name`, lower case");
        ctx.report(code::E_REF, view.at, message);
    } else if let Some(pin) = pin.filter(|pin| !is_pin(pin)) {
        let message = format!("`@{pin}` pins nothing: write `@3` or `@sha256:…`");
        ctx.report(code::E_REF, view.at, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_two_lower_case_names() {
        for (text, expected) in [
            ("shop.place_order", true),
            ("shop.place-order2", true),
            ("Shop.order", false),
            ("shop", false),
            ("shop.a.b", false),
            (".a", false),
            ("2shop.a", false),
        ] {
            assert_eq!(is_reference(text), expected, "{text}");
        }
        assert!(is_pin("3") && is_pin(&format!("sha256:{}", "ab".repeat(32))));
        assert!(!is_pin("0") && !is_pin("latest") && !is_pin("sha256:ab"));
    }
}
