//! Turns what the engine throws into a failure with line and column.

use attune_sdk::prelude::*;
use boa_engine::{Context, JsError, JsValue, js_string};

use crate::program::{FILE, LINES_BEFORE};

/// The most lines of a backtrace that are shown.
const BACKTRACE_MAX: usize = 10;

/// A program that does not parse.
pub(crate) fn syntax(error: &JsError) -> ActionError {
    let text = error.to_string();
    let text = text.strip_prefix("SyntaxError: ").unwrap_or(&text);
    let failure = |message: String| ActionError::invalid_input(message).with_kind("js_syntax");
    let Some((what, line, column)) = split_place(text) else {
        return failure(format!("the program is wrong: {text}"));
    };
    failure(format!("the program is wrong at {line}:{column}: {what}"))
        .with_details(json!({"line": line, "column": column}))
}

/// Returns line and column of a failure, if it has them.
pub(crate) fn place(failure: &ActionError) -> Option<(u64, u64)> {
    let details = failure.details()?;
    Some((details["line"].as_u64()?, details["column"].as_u64()?))
}

/// Splits a message of the parser, which ends in `at line 2, col 5`.
fn split_place(text: &str) -> Option<(&str, u32, u32)> {
    let (what, place) = text.rsplit_once(" at line ")?;
    let (line, column) = place.split_once(", col ")?;
    let digits = column.split(|c: char| !c.is_ascii_digit()).next()?;
    let line: u32 = line.parse().ok()?;
    Some((
        what,
        line.saturating_sub(LINES_BEFORE).max(1),
        digits.parse().ok()?,
    ))
}

/// Something that was thrown while the program ran.
pub(crate) fn thrown(error: JsError, context: &mut Context) -> ActionError {
    let backtrace = backtrace(&error.to_string());
    let text = error.to_string();
    let text = text.lines().next().unwrap_or_default().to_owned();
    let Ok(value) = error.into_opaque(context) else {
        // The engine itself stopped: too deep a recursion.
        return put_together(&Thrown::plain(text), &backtrace);
    };
    put_together(&Thrown::read(&value, context), &backtrace)
}

/// What is known of a thrown value.
struct Thrown {
    message: String,
    name: Option<String>,
    kind: Option<String>,
    is_retryable: bool,
    details: Option<Value>,
}

impl Thrown {
    fn plain(message: String) -> Self {
        Self {
            message,
            name: None,
            kind: None,
            is_retryable: false,
            details: None,
        }
    }

    fn read(value: &JsValue, context: &mut Context) -> Self {
        let Some(object) = value.as_object() else {
            let text = match value.as_string() {
                Some(text) => text.to_std_string_lossy(),
                None => value.display().to_string(),
            };
            return Self::plain(text);
        };
        // A getter that throws hides only itself.
        let mut get = |name: &str| object.get(js_string!(name), context).unwrap_or_default();
        let (message, name, kind) = (get("message"), get("name"), get("kind"));
        let (retryable, details) = (get("retryable"), get("details"));
        let text = |value: &JsValue| Some(value.as_string()?.to_std_string_lossy());
        Self {
            message: text(&message).unwrap_or_else(|| value.display().to_string()),
            name: text(&name),
            kind: text(&kind),
            is_retryable: retryable.to_boolean(),
            details: details.to_json(context).ok().flatten(),
        }
    }
}

fn put_together(thrown: &Thrown, backtrace: &[Frame]) -> ActionError {
    let mut message = match &thrown.name {
        // The word for any error says nothing.
        Some(name) if name != "Error" => format!("{name}: {}", thrown.message),
        Some(_) | None => thrown.message.clone(),
    };
    let mut details = json!({});
    if let Some(place) = backtrace.first() {
        message.push_str(&format!(" (at {}:{})", place.line, place.column));
        details["line"] = place.line.into();
        details["column"] = place.column.into();
        let lines = backtrace.iter().take(BACKTRACE_MAX).map(Frame::to_string);
        details["backtrace"] = lines.collect();
    }
    if let Some(name) = &thrown.name {
        details["name"] = name.as_str().into();
    }
    if let Some(own) = &thrown.details {
        details["details"] = own.clone();
    }
    let error = if thrown.is_retryable {
        ActionError::transient(message)
    } else {
        ActionError::permanent(message)
    };
    let kind = thrown.kind.as_deref().unwrap_or("js_error");
    error.with_kind(kind).with_details(details)
}

/// A function that was under way, and where.
struct Frame {
    function: String,
    line: u32,
    column: u32,
}

impl std::fmt::Display for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}:{}", self.function, self.line, self.column)
    }
}

/// Reads the lines `    at NAME (code.js:LINE:COLUMN)` that the engine prints of an error, the
/// innermost first, without those of the engine itself and of what stands around the program.
fn backtrace(text: &str) -> Vec<Frame> {
    text.lines().filter_map(frame).collect()
}

fn frame(line: &str) -> Option<Frame> {
    let (function, place) = line.trim().strip_prefix("at ")?.rsplit_once(" (")?;
    let place = place
        .strip_suffix(')')?
        .strip_prefix(FILE)?
        .strip_prefix(':')?;
    let (line, column) = place.split_once(':')?;
    let line = line.parse::<u32>().ok()?.checked_sub(LINES_BEFORE)?;
    Some(Frame {
        function: function.to_owned(),
        line: Some(line).filter(|line| *line > 0)?,
        column: column.parse().ok()?,
    })
}
