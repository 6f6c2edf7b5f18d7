//! Checks a file against its declared form: unknown keys, wrong types, numbers out of bounds.
//!
//! What is reported here is not reported again: later stages read only what fits.

use crate::diagnostics::code;
use crate::spec::context::{Context, View};
use crate::spec::fields::FILE;
use crate::spec::shape::{Record, Shape};
use crate::spec::suggest::did_you_mean;
use crate::spec::tree::Data;
use crate::spec::{foreign, publish, quantity};

/// What a value is called in messages.
#[derive(Clone, Copy)]
enum Name {
    File,
    Field(&'static str),
    EntryOf(&'static str),
}

impl Name {
    fn entry(self) -> Self {
        match self {
            Self::Field(name) | Self::EntryOf(name) => Self::EntryOf(name),
            Self::File => self,
        }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File => f.write_str("the file"),
            Self::Field(name) => write!(f, "`{name}`"),
            Self::EntryOf(name) => write!(f, "an entry of `{name}`"),
        }
    }
}

/// Checks the whole file.
pub(crate) fn file<'a>(ctx: &Context<'a>, view: View<'a>) {
    record(ctx, view, Name::File, &FILE);
}

/// Checks that `view` has the form of `record`.
fn record<'a>(ctx: &Context<'a>, view: View<'a>, name: Name, record: &'static Record) {
    if view.node.as_map().is_none() {
        return mismatch(ctx, view, name, Shape::Record(record));
    }
    for (key, at, value) in ctx.members(view) {
        match record.field(key) {
            Some(_) if value.node.is_null() => {}
            Some(field) => shape(ctx, value, Name::Field(field.name), field.shape),
            None if key.starts_with("x-") => {}
            None => {
                let message = format!("`{key}` is no field of {}", record.name);
                let fix = foreign::key(record, key);
                let fix = fix.or_else(|| did_you_mean(key, record.names()));
                ctx.report_with(code::E_UNKNOWN_FIELD, at, message, fix);
            }
        }
    }
    for field in record.fields {
        if let Some(missing) = field.missing
            && ctx.get(view, field.name).is_none()
        {
            let message = format!("{} needs `{}`", record.name, field.name);
            ctx.report(missing, view.at, message);
        }
    }
}

/// Checks that a value has the given form.
fn shape<'a>(ctx: &Context<'a>, view: View<'a>, name: Name, expected: Shape) {
    match expected {
        Shape::OneOf(shapes) => match shapes.iter().find(|shape| admits(**shape, view)) {
            Some(found) => shape(ctx, view, name, *found),
            None => mismatch(ctx, view, name, expected),
        },
        _ if !admits(expected, view) => mismatch(ctx, view, name, expected),
        Shape::Templated(inner) => {
            if !is_template(view) {
                shape(ctx, view, name, *inner);
            }
        }
        Shape::List(inner) => {
            for item in ctx.items(view) {
                shape(ctx, item, name.entry(), *inner);
            }
        }
        Shape::Record(inner) => record(ctx, view, name, inner),
        Shape::Integer(min, max) => {
            if quantity::integer(view.node).is_none_or(|n| n < min || n > max) {
                out_of_bounds(ctx, view, name, (min, max));
            }
        }
        Shape::Number(min, max) => {
            if quantity::number(view.node).is_none_or(|n| n < min || n > max) {
                out_of_bounds(ctx, view, name, (min, max));
            }
        }
        Shape::Duration if quantity::duration(view.node).is_none() => {
            if quantity::looks_like_duration(view.node) {
                let message = format!("{name} is longer than 365 days, or below zero");
                ctx.report(code::E_LIMIT, view.at, message);
            } else {
                mismatch(ctx, view, name, expected);
            }
        }
        Shape::Size if quantity::size(view.node).is_none() => mismatch(ctx, view, name, expected),
        Shape::Percent if quantity::percent(view.node).is_none() => {
            mismatch(ctx, view, name, expected);
        }
        Shape::Publish => publish::conform(ctx, view),
        Shape::Any
        | Shape::Text
        | Shape::Label
        | Shape::Bool
        | Shape::Size
        | Shape::Percent
        | Shape::Duration
        | Shape::Expression
        | Shape::Condition
        | Shape::Word(_)
        | Shape::Target
        | Shape::Ref
        | Shape::Action
        | Shape::Map
        | Shape::Schema => {}
    }
}

/// Tells whether the value is of a kind that the shape is made of; its content may still be wrong.
fn admits(shape: Shape, view: View<'_>) -> bool {
    let data = &view.node.data;
    let number = matches!(data, Data::Int(_) | Data::BigInt(_) | Data::Float(_));
    let text = matches!(data, Data::Text(_));
    match shape {
        Shape::Any => true,
        Shape::Text | Shape::Target | Shape::Ref | Shape::Action => text,
        Shape::Percent => text && quantity::percent(view.node).is_some(),
        Shape::Label | Shape::Size | Shape::Duration => text || number,
        Shape::Bool => matches!(data, Data::Bool(_)),
        Shape::Integer(..) => quantity::integer(view.node).is_some(),
        Shape::Number(..) => number,
        Shape::Templated(inner) => is_template(view) || admits(*inner, view),
        Shape::Expression => text || number || matches!(data, Data::Bool(_)),
        Shape::Condition => text || matches!(data, Data::Bool(_)),
        Shape::Word(words) => view.text().is_some_and(|text| words.contains(&&**text)),
        Shape::Map | Shape::Record(_) | Shape::Schema => matches!(data, Data::Map(_)),
        Shape::List(_) => matches!(data, Data::List(_)),
        Shape::OneOf(shapes) => shapes.iter().any(|shape| admits(*shape, view)),
        Shape::Publish => matches!(data, Data::Map(_) | Data::List(_) | Data::Text(_)),
    }
}

fn is_template(view: View<'_>) -> bool {
    view.text().is_some_and(|text| text.contains("{{"))
}

fn mismatch<'a>(ctx: &Context<'a>, view: View<'a>, name: Name, expected: Shape) {
    let message = format!(
        "{name} must be {}, not {}",
        expected.describe(),
        describe(view)
    );
    ctx.report_with(code::E_SCHEMA, view.at, message, fix(ctx, view, expected));
}

fn describe(view: View<'_>) -> String {
    match view.text() {
        Some(text) if text.len() <= 40 => format!("`{text}`"),
        _ => view.node.kind().to_owned(),
    }
}

fn fix<'a>(ctx: &Context<'a>, view: View<'a>, expected: Shape) -> Option<String> {
    match (expected, &view.node.data) {
        (Shape::Word(words), Data::Text(text)) => did_you_mean(text, words.iter().copied()),
        (Shape::Bool, Data::Text(text)) => match &**text {
            "yes" | "on" | "True" => Some("write `true`".into()),
            "no" | "off" | "False" => Some("write `false`".into()),
            _ => None,
        },
        (Shape::Text | Shape::Target, Data::Int(_) | Data::Float(_) | Data::Bool(_)) => ctx
            .written(view)
            .map(|written| format!("write `\"{written}\"`, in quotes")),
        (Shape::Duration, Data::Text(text)) => foreign::duration(text),
        (Shape::Record(record), _) => foreign::record(record, view),
        (Shape::List(_) | Shape::OneOf(_), Data::Map(_)) if may_be_list(expected) => {
            let dash = || "put a `-` before it to make it a list".to_owned();
            foreign::tasks_by_name(expected, view).or_else(|| Some(dash()))
        }
        _ => None,
    }
}

fn may_be_list(shape: Shape) -> bool {
    if let Shape::OneOf(shapes) = shape {
        return shapes.iter().any(|shape| may_be_list(*shape));
    }
    matches!(shape, Shape::List(_))
}

fn out_of_bounds<'a, N: std::fmt::Display>(
    ctx: &Context<'a>,
    view: View<'a>,
    name: Name,
    (min, max): (N, N),
) {
    let message = format!("{name} must be from {min} to {max}");
    ctx.report(code::E_LIMIT, view.at, message);
}
