//! What parameters look like, where the framework cannot say it: patterns, words, bounds.

use attune_core::run::{RunStatus, TaskStatus};
use serde_json::{Value, json};

/// Patterns of path parameters by name.
const PATTERNS: &[(&str, &str)] = &[
    ("ref", "^[a-z][a-z0-9_-]{0,62}\\.[a-z][a-z0-9_-]{0,62}$"),
    ("pack", "^[a-z][a-z0-9_-]{0,62}$"),
    ("name", "^[a-z][a-z0-9_-]{0,62}$"),
    ("key", "^[A-Za-z0-9._:-]{1,256}$"),
];

/// What headers look like.
const HEADERS: &[(&str, &str)] = &[("idempotency-key", "^[!-~]{1,255}$")];
/// Entity tags with commas between them.
const TAGS: &str = "^(W/)?\"[!#-~]*\"([ \\t]*,[ \\t]*(W/)?\"[!#-~]*\")*$";
/// A duration; others are accepted too.
const DURATION: &str = "^[0-9]{1,3}(ms|s|m|h)$|^[0-9]{1,2}d$";
/// A cursor that is an id.
const NUMBER: &str = "^[0-9]{1,16}$";
/// A cursor of inquiries.
const INQUIRY: &str = "^[0-9]{1,16}-[0-9]{1,16}$";

/// Completes a parameter of the operation `id`.
pub(super) fn complete(id: &str, parameter: &mut Value) {
    drop_null(parameter);
    let name = parameter["name"].as_str().unwrap_or_default().to_owned();
    match parameter["in"].as_str() {
        Some("path") => add_path_pattern(parameter),
        Some("header") if name == "last-event-id" => {
            parameter["schema"]["maximum"] = attune_core::RunId::MAX.0.into();
        }
        Some("header") if name == "if-match" => {
            parameter["schema"]["anyOf"] = json!([{"const": "*"}, {"pattern": TAGS}]);
        }
        Some("header") => {
            if let Some((_, pattern)) = HEADERS.iter().find(|(known, _)| *known == name) {
                parameter["schema"]["pattern"] = (*pattern).into();
            }
        }
        Some(_) => add_query_words(id, &name, &mut parameter["schema"]),
        None => {}
    }
}

fn add_query_words(id: &str, name: &str, schema: &mut Value) {
    let of_runs = matches!(id, "list_runs" | "cancel_runs" | "retry_runs");
    match name {
        "wait" => schema["pattern"] = DURATION.into(),
        "task_id" => schema["maximum"] = attune_core::RunId::MAX.0.into(),
        "after" if id == "list_inquiries" => schema["pattern"] = INQUIRY.into(),
        "after"
            if of_runs
                || matches!(id, "list_events" | "list_logs" | "list_tasks" | "audit_run") =>
        {
            schema["pattern"] = NUMBER.into();
        }
        "status" if of_runs => {
            schema["items"]["enum"] = json!(RunStatus::ALL.map(RunStatus::as_str));
        }
        "status" => {
            schema["items"]["enum"] = json!(TaskStatus::ALL.map(TaskStatus::as_str));
        }
        "label" if of_runs => schema["items"]["pattern"] = "^[^:]+:".into(),
        _ => {}
    }
}

/// What may be left out of a request line or head is never null.
fn drop_null(parameter: &mut Value) {
    let kind = &mut parameter["schema"]["type"];
    if let Some(kinds) = kind.as_array() {
        let own = kinds.iter().find(|kind| *kind != "null").cloned();
        *kind = own.unwrap_or_default();
    }
}

fn add_path_pattern(parameter: &mut Value) {
    let name = parameter["name"].as_str().unwrap_or_default();
    if let Some((_, pattern)) = PATTERNS.iter().find(|(known, _)| *known == name) {
        parameter["schema"]["pattern"] = (*pattern).into();
    }
    let integer = parameter["schema"]["type"] == "integer";
    if integer {
        parameter["schema"]["minimum"] = 1.into();
        parameter["schema"]["maximum"] = attune_core::RunId::MAX.0.into();
    }
}
