//! Problems of a workflow file, each with its code, place and fix.
//!
//! All problems of a file are found at once and listed in the order of their place.

pub mod code;
pub mod report;

use crate::diagnostics::code::Code;

/// One problem of a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Diagnostic {
    /// `E_…` or `W_…`: stable.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// JSON pointer into the file.
    pub pointer: String,
    /// Line, from 1; 0 if the problem has no place in a text.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
    /// The line where the place ends.
    pub end_line: u32,
    /// The column behind the last character of the place.
    pub end_column: u32,
    /// What to write instead, if we know.
    pub fix: Option<String>,
}

impl Diagnostic {
    /// Makes a problem without a place; the caller fills in what it knows.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code: code.name,
            severity: code.severity(),
            message: message.into(),
            pointer: String::new(),
            line: 0,
            column: 0,
            end_line: 0,
            end_column: 0,
            fix: None,
        }
    }

    /// Tells whether the file is refused because of this.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file is accepted.
    Warning,
}

impl Severity {
    /// Returns the word that people and tools read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}
