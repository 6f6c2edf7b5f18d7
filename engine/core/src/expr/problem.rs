//! What is wrong with the text of an expression, and where.

use std::fmt;

/// All problems of one value or text.
pub type Problems = Vec<Located<ExprProblem>>;

/// Something at a place of a value's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// JSON pointer to the text within the value given to `compile`; empty is the value itself.
    pub pointer: String,
    /// Byte offset within that text.
    pub offset: usize,
    /// What is there.
    pub what: T,
}

/// Why a text is not an expression or template (`E_EXPRESSION`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprProblem {
    /// One sentence.
    pub message: String,
    /// What to write instead, if we know.
    pub fix: Option<String>,
}

impl fmt::Display for ExprProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
