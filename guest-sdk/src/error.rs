//! How an action fails, and how a call to the engine does. Whether trying again makes sense is
//! part of the failure.

use std::error::Error;
use std::fmt;
use std::io;

use serde::Serialize;
use serde_json::Value;

use crate::http::HttpError;

/// Says whether trying again makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// The input is wrong, and the same input always will be.
    InvalidInput,
    /// Something outside failed and may work later.
    Transient,
    /// Trying again will not help.
    Permanent,
}

/// A failed attempt, as the workflow sees it in `task.X.error`.
///
/// `?` turns any error into one: what cannot get better by itself (text that does not parse, a
/// denied call) is permanent, everything else transient.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionError(Box<Failure>);

// Boxed, so that a `Result` stays small.
#[derive(Clone, Debug, PartialEq)]
struct Failure {
    case: Case,
    kind: Option<String>,
    message: String,
    details: Option<Value>,
}

impl ActionError {
    /// Returns a failure that blames the input. It is not retried.
    pub fn invalid_input(message: impl Into<String>) -> Self {
        Self::new(Case::InvalidInput, message.into())
    }

    /// Returns a failure that may not happen again. It is retried as the task says.
    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(Case::Transient, message.into())
    }

    /// Returns a failure that will happen again. It is not retried.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::new(Case::Permanent, message.into())
    }

    /// Gives it a stable word for programs, such as `card_declined`: the `error.type` that
    /// workflows match on.
    #[must_use]
    pub fn with_kind(mut self, kind: impl Into<String>) -> Self {
        self.0.kind = Some(kind.into());
        self
    }

    /// Adds whatever else helps to handle it: the `error.details` of the task.
    #[must_use]
    pub fn with_details(mut self, details: impl Serialize) -> Self {
        // A value that has no JSON form must not hide the failure itself.
        self.0.details = Some(serde_json::to_value(details).unwrap_or(Value::Null));
        self
    }

    /// Returns whether trying again makes sense.
    #[must_use]
    pub fn case(&self) -> Case {
        self.0.case
    }

    /// Returns the stable word, if it was given one.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.0.kind.as_deref()
    }

    /// Returns the sentence for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns what else was said.
    #[must_use]
    pub fn details(&self) -> Option<&Value> {
        self.0.details.as_ref()
    }

    fn new(case: Case, message: String) -> Self {
        Self(Box::new(Failure {
            case,
            kind: None,
            message,
            details: None,
        }))
    }
}

impl fmt::Display for ActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

// This is also why `ActionError` is no `std::error::Error` itself.
impl<E: Error + 'static> From<E> for ActionError {
    fn from(error: E) -> Self {
        let message = chain(&error);
        let any: &(dyn Error + 'static) = &error;
        if let Some(call) = any.downcast_ref::<CallError>() {
            Self::new(call.case(), message).with_kind(call.kind())
        } else if let Some(http) = any.downcast_ref::<HttpError>() {
            Self::new(http.case(), message).with_kind(http.kind())
        } else if is_hopeless(any) {
            Self::permanent(message)
        } else {
            Self::transient(message)
        }
    }
}

/// Returns an error's text with those of its causes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Tells the common errors that come from the data itself.
fn is_hopeless(error: &(dyn Error + 'static)) -> bool {
    let data = [io::ErrorKind::InvalidData, io::ErrorKind::InvalidInput];
    error.is::<serde_json::Error>()
        || error.is::<fmt::Error>()
        || error.is::<std::char::ParseCharError>()
        || error.is::<std::num::ParseFloatError>()
        || error.is::<std::num::ParseIntError>()
        || error.is::<std::num::TryFromIntError>()
        || error.is::<std::str::ParseBoolError>()
        || error.is::<std::str::Utf8Error>()
        || error.is::<std::string::FromUtf8Error>()
        || error
            .downcast_ref()
            .is_some_and(|e: &io::Error| data.contains(&e.kind()))
}

/// Why the engine did not do what the action asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallError {
    /// Not allowed. The text names the grant that would allow it.
    Denied(String),
    /// There is no such thing.
    NotFound(String),
    /// Somebody else changed it first.
    Conflict,
    /// The key or the value is wrong.
    Invalid(String),
    /// A limit would be exceeded. The text names it.
    TooLarge(String),
    /// What is stored has another type than the one asked for.
    Type(String),
    /// Anything else.
    Other(String),
}

impl CallError {
    /// Returns the word that a failed action carries as its kind.
    fn kind(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::NotFound(_) => "not_found",
            Self::Conflict => "conflict",
            Self::Invalid(_) | Self::Type(_) => "invalid",
            Self::TooLarge(_) => "too_large",
            Self::Other(_) => "action",
        }
    }

    fn case(&self) -> Case {
        match self {
            Self::Conflict | Self::Other(_) => Case::Transient,
            Self::Denied(_)
            | Self::NotFound(_)
            | Self::Invalid(_)
            | Self::TooLarge(_)
            | Self::Type(_) => Case::Permanent,
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(text) => write!(f, "denied: {text}"),
            Self::NotFound(what) => write!(f, "{what} does not exist"),
            Self::Conflict => f.write_str("somebody else changed it first"),
            Self::Invalid(text) => write!(f, "invalid: {text}"),
            Self::TooLarge(text) => write!(f, "too large: {text}"),
            Self::Type(text) => write!(f, "of another type: {text}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl Error for CallError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(result: Result<(), ActionError>, case: Case, kind: Option<&str>, message: &str) {
        let error = result.unwrap_err();
        assert_eq!(
            (error.case(), error.kind(), error.message()),
            (case, kind, message)
        );
    }

    #[test]
    fn text_that_does_not_parse_is_permanent() {
        let parse = || Ok("x".parse::<u8>().map(drop)?);
        check(
            parse(),
            Case::Permanent,
            None,
            "invalid digit found in string",
        );
        let json = || Ok(serde_json::from_str::<Vec<u8>>("[").map(drop)?);
        check(
            json(),
            Case::Permanent,
            None,
            "EOF while parsing a list at line 1 column 1",
        );
    }

    #[test]
    fn unknown_errors_are_transient() {
        let io = || Ok(Err(io::Error::from(io::ErrorKind::ConnectionReset))?);
        check(io(), Case::Transient, None, "connection reset");
    }

    #[test]
    fn calls_to_the_engine_name_their_kind() {
        let denied = || Ok(Err(CallError::Denied("needs `kv: read`".into()))?);
        check(
            denied(),
            Case::Permanent,
            Some("denied"),
            "denied: needs `kv: read`",
        );
        let conflict = || Ok(Err(CallError::Conflict)?);
        check(
            conflict(),
            Case::Transient,
            Some("conflict"),
            "somebody else changed it first",
        );
    }

    #[test]
    fn failures_carry_kind_and_details() {
        let error = ActionError::permanent("card declined")
            .with_kind("declined")
            .with_details([1]);
        assert_eq!(error.kind(), Some("declined"));
        assert_eq!(error.details(), Some(&serde_json::json!([1])));
    }
}
