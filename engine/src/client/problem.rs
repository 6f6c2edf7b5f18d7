//! Refusals of the API (`application/problem+json`) as errors of the command line.

use attune_core::diagnostics::{Diagnostic, code};
use serde_json::Value as Json;

use crate::output::error::{CliError, Kind};

/// Makes an error of a refusal.
pub(crate) fn to_error(status: u16, body: &[u8]) -> CliError {
    let problem: Json = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| problem.get(key).and_then(Json::as_str).map(str::to_owned);
    let message = text("detail").or_else(|| text("title"));
    let mut error = CliError::new(
        kind(status),
        message.unwrap_or_else(|| format!("the server answered {status}")),
    );
    for item in problem
        .get("errors")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
    {
        // One thing wrong, without a line: the message has said it, and what to do is the hint.
        let is_known = item["message"].as_str() == Some(&*error.message) && item["line"].is_null();
        if is_known {
            error.hint = item["fix"].as_str().map(str::to_owned);
        } else {
            error.causes.push(cause(item));
        }
        error.problems.extend(placed(item));
    }
    let general = || text("hint").or_else(|| hint(status).map(str::to_owned));
    error.hint = error.hint.or_else(general);
    error
}

/// Reads a problem of a file that has a place in it.
fn placed(item: &Json) -> Option<Diagnostic> {
    let text = |key: &str| item[key].as_str().map(str::to_owned);
    let number = |key: &str| u32::try_from(item[key].as_u64()?).ok();
    let name = item["code"].as_str()?;
    let code = code::ALL.iter().find(|code| code.name == name)?;
    let line = number("line").filter(|line| *line > 0)?;
    Some(Diagnostic {
        pointer: text("pointer").unwrap_or_default(),
        line,
        column: number("column").unwrap_or(1),
        end_line: line,
        fix: text("fix"),
        ..Diagnostic::new(*code, text("message")?)
    })
}

fn kind(status: u16) -> Kind {
    match status {
        401 | 403 => Kind::Denied,
        404 => Kind::NotFound,
        503 => Kind::Unreachable,
        _ => Kind::Failed,
    }
}

fn hint(status: u16) -> Option<&'static str> {
    match status {
        401 => Some("give a token with `--token` or in ATTUNE_TOKEN"),
        429 | 503 => Some("the server is busy: try again in a moment"),
        _ => None,
    }
}

fn cause(item: &Json) -> String {
    let text = |key: &str| {
        item.get(key)
            .and_then(Json::as_str)
            .filter(|text| !text.is_empty())
    };
    let mut out = String::new();
    if let Some(line) = item
        .get("line")
        .and_then(Json::as_u64)
        .filter(|line| *line > 0)
    {
        out.push_str(&format!("line {line}: "));
    } else if let Some(pointer) = text("pointer") {
        out.push_str(&format!("{pointer}: "));
    }
    if let Some(code) = text("code") {
        out.push_str(&format!("[{code}] "));
    }
    out.push_str(text("message").unwrap_or("refused"));
    if let Some(fix) = text("fix") {
        out.push_str(&format!(" ({fix})"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_become_errors_with_their_places() {
        let body = br#"{"title": "Unprocessable", "detail": "the parameters do not fit",
            "errors": [{"pointer": "/name", "message": "is missing", "code": "required"}]}"#;
        let error = to_error(422, body);
        assert_eq!(error.message, "the parameters do not fit");
        assert_eq!(error.causes, ["/name: [required] is missing"]);
        assert_eq!(error.kind, Kind::Failed);
        assert_eq!(to_error(404, b"").kind.exit_code(), 3);
        assert!(error.problems.is_empty(), "it is not about a file");
    }

    #[test]
    fn problems_of_files_keep_their_place() {
        let body = br#"{"detail": "x", "errors": [
            {"pointer": "/tasks/0/action", "message": "there is no action `a.b`",
             "code": "E_UNKNOWN_ACTION", "line": 5, "column": 13, "fix": "upload it"},
            {"pointer": "", "message": "m", "code": "E_NEWER_THAN_THIS", "line": 1, "column": 1},
            {"pointer": "/ref", "message": "m", "code": "E_REF"}]}"#;
        let problems = to_error(422, body).problems;
        assert_eq!(problems.len(), 1, "{problems:?}");
        let place = (problems[0].code, problems[0].line, problems[0].column);
        assert_eq!(place, ("E_UNKNOWN_ACTION", 5, 13));
        assert_eq!(problems[0].fix.as_deref(), Some("upload it"));
    }

    #[test]
    fn one_problem_is_said_once() {
        let body = br#"{"detail": "parameter `nmae` is unknown", "errors": [{"pointer": "/nmae",
            "message": "parameter `nmae` is unknown", "fix": "did you mean `name`?"}]}"#;
        let error = to_error(422, body);
        assert_eq!(error.causes, [""; 0]);
        assert_eq!(error.hint.as_deref(), Some("did you mean `name`?"));
    }
}
