//! Rehearsals: a workflow run with mocked actions and virtual time, through the same machine.
//!
//! A case says what goes in, how actions answer, and what must come out. Nothing is read from
//! disk and nothing waits: time moves only when nothing else can.

mod case;
mod mock;
mod op;
mod verdict;
mod world;

use crate::diagnostics::Diagnostic;

pub use case::{Case, Expect, Mock, MockError, MockStatus, Op, OpKind, Rerun};
pub use verdict::{Difference, Happened, Verdict};

/// Reads a rehearsal file.
///
/// # Errors
/// If it is not YAML or not a list of cases; the problem has its place.
pub fn read(text: &str) -> Result<Vec<Case>, Box<Diagnostic>> {
    crate::spec::yaml::from_text(text).map_err(Box::new)
}

/// Finds a workflow's text by the path that a case names; `None` if there is no such file.
pub type Find<'f> = &'f dyn Fn(&str) -> Option<String>;

/// Runs one case and tells how what happened differs from what it expects.
pub fn rehearse(case: &Case, find: Find<'_>) -> Verdict {
    verdict::judge(case, find)
}
