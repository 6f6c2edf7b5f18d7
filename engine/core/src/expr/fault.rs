//! Why an evaluation stopped.
//!
//! A message's text is made of names of the expression and of types alone; whatever comes from
//! values goes into its detail, which is dropped if the expression has read a secret.

use std::sync::Arc;

use super::scope::EvalError;

/// How much of an expression's text a message shows.
const MAX_SHOWN_CHARS: usize = 80;

/// Why an evaluation stopped.
#[derive(Debug)]
pub(super) enum Fault {
    /// Facts are missing; the evaluator knows which.
    Needs,
    /// The variable or member is not there: what `default()` makes all right.
    Undefined(Box<Message>),
    /// Anything else.
    Failed(Box<Message>),
}

/// What to tell people.
#[derive(Debug)]
pub(super) struct Message {
    at: Option<u32>,
    text: String,
    detail: Option<String>,
}

impl Fault {
    /// Makes a failure; `text` must not hold anything that comes from a value.
    pub(super) fn failed(text: impl Into<String>) -> Self {
        Self::Failed(Message::new(text))
    }

    /// Makes the fault of a missing variable or member.
    pub(super) fn undefined(text: impl Into<String>) -> Self {
        Self::Undefined(Message::new(text))
    }

    /// Adds what may come from values.
    pub(super) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        if let Self::Undefined(message) | Self::Failed(message) = &mut self {
            message.detail = Some(detail.into());
        }
        self
    }

    /// Says where it happened, unless that is known more exactly.
    pub(super) fn at(mut self, offset: u32) -> Self {
        if let Self::Undefined(message) | Self::Failed(message) = &mut self {
            message.at.get_or_insert(offset);
        }
        self
    }

    /// Makes it one that `default()` does not catch.
    pub(super) fn strict(self) -> Self {
        match self {
            Self::Undefined(message) => Self::Failed(message),
            Self::Needs | Self::Failed(_) => self,
        }
    }

    /// Converts to what the caller sees; `text` is the whole text of the expression.
    pub(super) fn into_error(self, text: &str, tainted: bool) -> EvalError {
        match self {
            Self::Needs => EvalError::Needs(Vec::new()),
            Self::Undefined(message) | Self::Failed(message) => EvalError::Failed {
                message: message.show(text, tainted),
            },
        }
    }
}

impl Message {
    fn new(text: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            at: None,
            text: text.into(),
            detail: None,
        })
    }

    fn show(self, source: &str, tainted: bool) -> Arc<str> {
        let mut shown = self.text;
        if let Some(at) = self.at {
            let before = source.get(..at as usize).unwrap_or(source);
            let column = before.chars().count() + 1;
            let column = column.to_string();
            shown.extend([" at column ", &column, " of `", &shorten(source), "`"]);
        }
        if let Some(detail) = self.detail.filter(|_| !tainted) {
            shown.push_str("; ");
            shown.push_str(&detail);
        }
        Arc::from(shown)
    }
}

/// Cuts a long text.
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
