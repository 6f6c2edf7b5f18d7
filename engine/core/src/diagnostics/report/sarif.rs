//! SARIF 2.1.0, for code scanning services.

use serde_json::{Value, json};

use super::FileReport;
use crate::diagnostics::{Diagnostic, code};

/// Returns one SARIF log with one run.
pub fn sarif(reports: &[FileReport<'_>]) -> Value {
    let results: Vec<Value> = reports
        .iter()
        .flat_map(|report| report.diagnostics.iter().map(|found| result(report, found)))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "attune",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rules() -> Vec<Value> {
    code::ALL
        .iter()
        .map(|code| {
            json!({
                "id": code.name,
                "shortDescription": {"text": code.meaning},
                "defaultConfiguration": {"level": code.severity().as_str()},
            })
        })
        .collect()
}

fn result(report: &FileReport<'_>, diagnostic: &Diagnostic) -> Value {
    let message = match &diagnostic.fix {
        Some(fix) => format!("{}: {fix}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let rule = code::ALL
        .iter()
        .position(|code| code.name == diagnostic.code);
    let mut place = json!({"artifactLocation": {"uri": uri(report.path)}});
    if diagnostic.line > 0 {
        place["region"] = json!({
            "startLine": diagnostic.line,
            "startColumn": diagnostic.column,
            "endLine": diagnostic.end_line.max(diagnostic.line),
            "endColumn": diagnostic.end_column.max(1),
        });
    }
    json!({
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity.as_str(),
        "message": {"text": message},
        "locations": [{
            "physicalLocation": place,
            "logicalLocations": [{"fullyQualifiedName": diagnostic.pointer}],
        }],
    })
}

/// A path as a relative reference: what a URI may not hold is escaped.
fn uri(path: &str) -> String {
    path.replace('\\', "/")
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
