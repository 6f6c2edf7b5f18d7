//! Diagnostics of files, ready to be shown: for people, as JSON, as SARIF, and as commands that
//! annotate a change on GitHub. Text in, text out.

mod github;
mod sarif;
mod text;

use super::Diagnostic;

pub use github::github;
pub use sarif::sarif;
pub use text::{Colour, text};

/// The problems of one file.
#[derive(Clone, Copy, Debug)]
pub struct FileReport<'a> {
    /// How the file is called, as the reader can open it.
    pub path: &'a str,
    /// Its text, from which lines are shown.
    pub source: &'a str,
    /// Its problems.
    pub diagnostics: &'a [Diagnostic],
}

/// Returns `{errors, warnings, diagnostics: [{file, code, severity, …}]}`.
pub fn json(reports: &[FileReport<'_>]) -> serde_json::Value {
    let mut list = Vec::new();
    for report in reports {
        for diagnostic in report.diagnostics {
            let mut entry = serde_json::to_value(diagnostic).expect("a diagnostic is plain data");
            if let Some(entry) = entry.as_object_mut() {
                entry.insert("file".to_owned(), report.path.into());
            }
            list.push(entry);
        }
    }
    let (errors, warnings) = count(reports);
    serde_json::json!({"errors": errors, "warnings": warnings, "diagnostics": list})
}

/// Returns how many errors and warnings there are.
pub fn count(reports: &[FileReport<'_>]) -> (usize, usize) {
    let all = || reports.iter().flat_map(|report| report.diagnostics);
    let errors = all().filter(|diagnostic| diagnostic.is_error()).count();
    (errors, all().count() - errors)
}

#[cfg(test)]
mod tests;
