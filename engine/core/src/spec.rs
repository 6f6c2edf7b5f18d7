//! From a workflow file to a [`Definition`](crate::Definition), with every problem at once.

pub mod schema;

use crate::definition::Definition;
use crate::diagnostics::Diagnostic;

/// What a file became.
#[derive(Debug)]
pub struct Parsed {
    /// The definition, unless there are errors.
    pub definition: Option<Definition>,
    /// All problems, in the order of their place in the file.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses and checks a workflow file.
pub fn parse(source: &str) -> Parsed {
    let _ = source;
    Parsed {
        definition: None,
        diagnostics: Vec::new(),
    }
}
