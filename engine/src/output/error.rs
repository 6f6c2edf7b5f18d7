//! Errors of the command line: one sentence, its causes, what to do next, and an exit code.

use std::fmt;

use attune_core::diagnostics::Diagnostic;

/// What went wrong, as the exit code tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The run or the check failed, or the request was refused.
    Failed,
    /// The command line is wrong.
    Usage,
    /// There is no such thing.
    NotFound,
    /// The token does not allow it.
    Denied,
    /// The server cannot be reached.
    Unreachable,
    /// The user interrupted it.
    Interrupted,
}

impl Kind {
    /// Returns the process's exit code.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Denied => 4,
            Self::Unreachable => 5,
            // What shells say of a program that SIGINT (2) ended.
            Self::Interrupted => 128 + 2,
        }
    }
}

/// An error of the command line.
#[derive(Debug)]
pub(crate) struct CliError {
    /// What kind, for the exit code.
    pub(crate) kind: Kind,
    /// A lowercase fragment; empty if all has been said already.
    pub(crate) message: String,
    /// Causes, outermost first.
    pub(crate) causes: Vec<String>,
    /// What to do.
    pub(crate) hint: Option<String>,
    /// Problems that have a place in the file that was sent; `causes` tells them too.
    pub(crate) problems: Vec<Diagnostic>,
}

impl CliError {
    /// Makes an error of a kind.
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            causes: Vec::new(),
            hint: None,
            problems: Vec::new(),
        }
    }

    /// A failed run or check.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// A wrong command line.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A failure that has been reported already: only the exit code is left.
    pub(crate) fn silent() -> Self {
        Self::new(Kind::Failed, "")
    }

    /// The same error with what to do.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The same error with a cause in words.
    pub(crate) fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// The same error with a cause and the causes of that.
    pub(crate) fn caused_by(mut self, cause: &(dyn std::error::Error + 'static)) -> Self {
        let mut next = Some(cause);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CliError {}

impl From<anyhow::Error> for CliError {
    fn from(error: anyhow::Error) -> Self {
        let mut chain = error.chain().map(ToString::to_string);
        let message = chain.next().unwrap_or_default();
        Self {
            causes: chain.collect(),
            ..Self::failed(message)
        }
    }
}

/// Result of a command.
pub(crate) type Result<T = ()> = std::result::Result<T, CliError>;

/// Adds what was being done to an error of a file or of another library.
pub(crate) trait Context<T> {
    /// Wraps the error under `message`, a lowercase fragment.
    fn context(self, message: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: std::error::Error + 'static> Context<T> for std::result::Result<T, E> {
    fn context(self, message: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|cause| CliError::failed(message()).caused_by(&cause))
    }
}
