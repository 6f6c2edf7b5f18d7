//! What a field may hold: one description that the reader checks files against and from which
//! the editors' schema is made, so that the two cannot drift.

use crate::diagnostics::code::Code;

/// The form of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Any JSON; texts in it are templates.
    Any,
    /// Plain text.
    Text,
    /// A text or a number, taken as it is written (`version: 1.0`).
    Label,
    /// `true` or `false`.
    Bool,
    /// An integer within bounds, both included.
    Integer(i64, i64),
    /// A number within bounds, both included.
    Number(f64, f64),
    /// Bytes: a number or text such as `64MiB`.
    Size,
    /// A share in percent, such as `25%`.
    Percent,
    /// Seconds, or text such as `90s`.
    Duration,
    /// Text with `{{ }}` in it that gives one of the inner shape.
    Templated(&'static Self),
    /// One expression, with or without braces; a literal number or boolean will do.
    Expression,
    /// One expression that gives true or false; a literal boolean will do.
    Condition,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A task's name, or one of the commands.
    Target,
    /// `pack.name`.
    Ref,
    /// An action's ref, perhaps pinned.
    Action,
    /// A map from names to any JSON.
    Map,
    /// A list.
    List(&'static Self),
    /// A map with known keys.
    Record(&'static Record),
    /// The first of these that fits the kind of the value.
    OneOf(&'static [Self]),
    /// A JSON Schema, or its flat form.
    Schema,
    /// A publish block, in any of its forms.
    Publish,
}

/// A map with known keys.
#[derive(Debug)]
pub(crate) struct Record {
    /// Names it in the editors' schema.
    pub(crate) id: &'static str,
    /// What it is called in messages.
    pub(crate) name: &'static str,
    /// What several are called.
    pub(crate) plural: &'static str,
    pub(crate) fields: &'static [Field],
}

/// One key of a [`Record`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    /// The problem if it is not given; `None` for what is optional.
    pub(crate) missing: Option<Code>,
    /// One sentence, shown by editors.
    pub(crate) doc: &'static str,
}

impl Record {
    /// Returns the field called `name`.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Returns the names of all fields.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|field| field.name)
    }
}

impl Shape {
    /// Describes the shape with an article, for messages.
    pub(crate) fn describe(self) -> String {
        match self {
            Self::Any => "any value".into(),
            Self::Text => "text".into(),
            Self::Label => "text or a number".into(),
            Self::Bool => "`true` or `false`".into(),
            Self::Integer(..) => "an integer".into(),
            Self::Number(..) => "a number".into(),
            Self::Size => "a size such as `64MiB`".into(),
            Self::Percent => "a share such as `25%`".into(),
            Self::Duration => "a duration such as `90s`".into(),
            Self::Templated(_) => "an expression in `{{ }}`".into(),
            Self::Expression => "an expression".into(),
            Self::Condition => "a condition".into(),
            Self::Word(words) => words_of(words),
            Self::Target => "the name of a task".into(),
            Self::Ref => "a ref such as `pack.name`".into(),
            Self::Action => "an action's ref such as `pack.name`".into(),
            Self::Map => "a map".into(),
            Self::List(inner) => format!("a list of {}", inner.describe_plural()),
            Self::Record(record) => record.name.into(),
            Self::OneOf(shapes) => alternatives(shapes),
            Self::Schema => "a schema".into(),
            Self::Publish => "a publish block".into(),
        }
    }

    fn describe_plural(self) -> String {
        if let Self::Record(record) = self {
            return record.plural.into();
        }
        if let Self::OneOf(shapes) = self {
            let all: Vec<String> = shapes.iter().map(|shape| shape.describe_plural()).collect();
            return join_or(&all);
        }
        if matches!(self, Self::Target) {
            return "task names".into();
        }
        if matches!(self, Self::Label | Self::Text) {
            return "texts".into();
        }
        self.describe()
    }
}

fn words_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    join_or(&quoted)
}

fn alternatives(shapes: &[Shape]) -> String {
    let described: Vec<String> = shapes.iter().map(|shape| shape.describe()).collect();
    join_or(&described)
}

fn join_or(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., last] => format!("{} or {last}", init.join(", ")),
    }
}
