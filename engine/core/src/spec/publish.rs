//! `publish:` in all its forms.
//!
//! A map; a list of maps or texts; a text. A text is `name` (the whole result), `name={{ expr }}`,
//! `name: {{ expr }}` or `name=literal`, the literal being a YAML scalar.

use std::sync::Arc;

use crate::definition::Publish;
use crate::diagnostics::code;
use crate::expr::Template;
use crate::spec::compile::{Compiler, Owner};
use crate::spec::context::{At, Context, View};
use crate::spec::yaml;
use crate::value::Value;

/// The name of a variable that a publish writes, with its place.
pub(crate) struct Written {
    pub(crate) name: Arc<str>,
    pub(crate) at: At,
}

/// Reports what is no publish block.
pub(crate) fn conform<'a>(ctx: &Context<'a>, view: View<'a>) {
    for entry in entries(ctx, view) {
        if entry.node.as_map().is_some() {
            for (name, at, _) in ctx.members(entry) {
                check_name(ctx, name, at);
            }
        } else if let Some(text) = entry.text() {
            match split(text) {
                Some(form) => check_name(ctx, form.name, entry.at),
                None => malformed(
                    ctx,
                    entry,
                    "a text here is `name` or `name={{ expression }}`",
                ),
            }
        } else {
            malformed(
                ctx,
                entry,
                "publish takes a map, or a list of maps and texts",
            );
        }
    }
}

/// Reads a publish block; what is malformed was reported by [`conform`].
pub(crate) fn read<'a>(
    compiler: &Compiler<'a, '_>,
    view: Option<View<'a>>,
    owner: Owner,
) -> (Vec<Publish>, Vec<Written>) {
    let Some(view) = view else {
        return (Vec::new(), Vec::new());
    };
    let ctx = compiler.ctx;
    let mut published = Vec::new();
    let mut written = Vec::new();
    for entry in entries(ctx, view) {
        for (name, at, value) in ctx.members(entry) {
            compiler.check_variable(name, at);
            let value = Some(compiler.template(value, owner));
            published.push(Publish {
                name: name.clone(),
                value,
            });
            written.push(Written {
                name: name.clone(),
                at,
            });
        }
        if let Some(form) = entry.text().and_then(|text| split(text)) {
            let name: Arc<str> = form.name.into();
            let value = form.value.map(|value| match value {
                TextValue::Template(base) => compiler.template_part(entry, base, owner),
                TextValue::Literal(value) => Template::Literal(value),
            });
            let at = entry.at;
            published.push(Publish {
                name: name.clone(),
                value,
            });
            written.push(Written { name, at });
        }
    }
    (published, written)
}

/// Returns the entries of the list, or the only one.
fn entries<'a>(ctx: &Context<'a>, view: View<'a>) -> Vec<View<'a>> {
    if view.node.as_list().is_some() {
        ctx.items(view).collect()
    } else {
        vec![view]
    }
}

fn malformed<'a>(ctx: &Context<'a>, view: View<'a>, message: &str) {
    ctx.report(code::E_PUBLISH_FORM, view.at, message);
}

fn check_name(ctx: &Context<'_>, name: &str, at: At) {
    let mut chars = name.chars();
    let fits = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    // A key with an expression in it is reported as such.
    if !fits && !name.contains("{{") {
        let message = format!("`{name}` is no name of a variable");
        ctx.report(code::E_PUBLISH_FORM, at, message);
    }
}

/// A publish entry that is a text.
struct Form<'t> {
    name: &'t str,
    value: Option<TextValue>,
}

enum TextValue {
    /// From this byte on.
    Template(usize),
    Literal(Value),
}

fn split(text: &str) -> Option<Form<'_>> {
    let braces = text.find("{{").unwrap_or(text.len());
    let Some(separator) = text[..braces].find(['=', ':']) else {
        let name = text.trim();
        return (braces == text.len()).then_some(Form { name, value: None });
    };
    let name = text[..separator].trim();
    let rest = &text[separator + 1..];
    let base = text.len() - rest.trim_start().len();
    if rest.contains("{{") {
        let value = Some(TextValue::Template(base));
        return Some(Form { name, value });
    }
    let literal = yaml::to_value(rest.trim()).ok()?;
    let scalar = literal.as_list().is_none() && literal.as_map().is_none();
    let value = Some(TextValue::Literal(literal));
    scalar.then_some(Form { name, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        match split(text) {
            None => "malformed".into(),
            Some(Form { name, value }) => match value {
                None => format!("{name} <- result"),
                Some(TextValue::Template(base)) => format!("{name} <- {}", &text[base..]),
                Some(TextValue::Literal(value)) => {
                    format!("{name} <- {}", value.to_public_json())
                }
            },
        }
    }

    #[test]
    fn texts_are_split_into_name_and_value() {
        for (text, expected) in [
            ("whole", "whole <- result"),
            ("n={{ result().n == 1 }}", "n <- {{ result().n == 1 }}"),
            ("n : {{ 1 }}", "n <- {{ 1 }}"),
            ("flag=true", "flag <- true"),
            ("n=1.5", "n <- 1.5"),
            ("s='1'", r#"s <- "1""#),
            ("s=a b", r#"s <- "a b""#),
            ("s=", "s <- null"),
            ("s=a {{ 1 }} b", "s <- a {{ 1 }} b"),
            ("s=[1]", "malformed"),
            ("{{ x }}", "malformed"),
        ] {
            assert_eq!(show(text), expected, "{text}");
        }
    }
}
