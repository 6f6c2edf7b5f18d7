//! Workflow commands of GitHub Actions: one line for each problem, shown beside the change.

use std::fmt::Write as _;

use super::FileReport;

/// Renders all problems.
pub fn github(reports: &[FileReport<'_>]) -> String {
    let mut out = String::new();
    for report in reports {
        for diagnostic in report.diagnostics {
            let mut message = diagnostic.message.clone();
            if let Some(fix) = &diagnostic.fix {
                message = format!("{message} ({fix})");
            }
            let mut place = format!("file={}", property(report.path));
            if diagnostic.line > 0 {
                let _ = write!(place, ",line={},col={}", diagnostic.line, diagnostic.column);
            }
            if diagnostic.line > 0 && diagnostic.end_line == diagnostic.line {
                let _ = write!(place, ",endColumn={}", diagnostic.end_column);
            }
            let _ = writeln!(
                out,
                "::{} {place},title={}::{}",
                diagnostic.severity.as_str(),
                property(diagnostic.code),
                data(&message)
            );
        }
    }
    out
}

/// Escapes what would end the line.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes what would end a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
