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

/// Keys of a case that are for people alone, beside those that begin with `x-`.
const FOR_PEOPLE: [&str; 6] = ["description", "note", "notes", "rule", "source", "tags"];

/// Reads a rehearsal file. A case that makes no sense stands for itself: it fails and says why,
/// and the others run.
///
/// # Errors
/// If it is not YAML or not a list of cases; the problem has its place.
pub fn read(text: &str) -> Result<Vec<Case>, Box<Diagnostic>> {
    match crate::spec::yaml::from_text(text) {
        Ok(cases) => Ok(cases),
        Err(problem) => one_by_one(text).ok_or_else(|| Box::new(problem)),
    }
}

/// Reads cases each for itself; `None` if they are no list of cases with ids.
fn one_by_one(text: &str) -> Option<Vec<Case>> {
    let cases: Vec<serde_json::Map<String, serde_json::Value>> =
        crate::spec::yaml::from_text(text).ok()?;
    cases
        .into_iter()
        .map(|mut case| {
            let id = case.get("id")?.as_str()?.to_owned();
            case.retain(|key, _| !key.starts_with("x-") && !FOR_PEOPLE.contains(&key.as_str()));
            let read = serde_json::from_value(case.into());
            Some(read.unwrap_or_else(|problem| Case::broken(id, problem.to_string())))
        })
        .collect()
}

/// Finds a workflow's text by the path that a case names; `None` if there is no such file.
pub type Find<'f> = &'f dyn Fn(&str) -> Option<String>;

/// Runs one case and tells how what happened differs from what it expects.
pub fn rehearse(case: &Case, find: Find<'_>) -> Verdict {
    verdict::judge(case, find)
}
