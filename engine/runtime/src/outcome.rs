//! From what wasmtime or an action says to the recorded failure.
//!
//! Messages are for the action's author: no addresses, no paths of the host, one line.

use std::sync::Arc;

use attune_core::error::{Failure, Source, kind};
use attune_core::{Map, Value};
use attune_host_api::bindings::exports::attune::action::handler;
use attune_host_api::files::Full;
use wasmtime::component::ResourceTableError;
use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::limits::Exhausted;
use crate::output::OutputTooLarge;

/// The longest message that is recorded, in bytes.
const MAX_MESSAGE_BYTES: usize = 4 << 10;

/// The longest kind that an action may name, in bytes.
const MAX_KIND_BYTES: usize = 100;

/// What wasmtime says when one call copies more than it may.
const COPY_EXHAUSTED: &str = "fuel allocated for hostcalls has been exhausted";

/// What wasmtime says when there are too many instances, tables or memories.
const COUNT_EXHAUSTED: &str = "resource limit exceeded";

/// What an action is told that holds more than it may.
const TOO_MANY_RESOURCES: &str =
    "the action holds too many resources: streams, requests, pollables";

/// What wasmtime says when a component holds too many handles.
const HANDLES_EXHAUSTED: &str = "store handle limit exceeded";

/// Where an attempt was when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Making the instance.
    Instantiate,
    /// Calling the function.
    Call,
}

/// Returns the failure that an error of wasmtime means.
pub(crate) fn failure(error: &wasmtime::Error, phase: Phase) -> Failure {
    if let Some(exhausted) = error.downcast_ref::<Exhausted>() {
        return Failure::engine(kind::MEMORY_EXHAUSTED, exhausted.to_string());
    }
    if let Some(full) = error.downcast_ref::<Full>() {
        return Failure::engine(kind::MEMORY_EXHAUSTED, full.to_string());
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        return Failure::engine(kind::MEMORY_EXHAUSTED, TOO_MANY_RESOURCES);
    }
    if let Some(too_large) = error.downcast_ref::<OutputTooLarge>() {
        return Failure::engine(kind::OUTPUT_TOO_LARGE, too_large.to_string());
    }
    if let Some(I32Exit(code)) = error.downcast_ref::<I32Exit>() {
        return Failure::engine(kind::TRAP, format!("the action exited with code {code}"));
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return Failure::engine(kind::ENGINE, "the pool of instances is full").retryable();
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return trapped(*trap);
    }
    unnamed(error, phase)
}

fn trapped(trap: Trap) -> Failure {
    if trap == Trap::OutOfFuel {
        return Failure::engine(kind::FUEL_EXHAUSTED, "the action used up its fuel");
    }
    let text = trap.to_string();
    let text = text.strip_prefix("wasm trap: ").unwrap_or(&text);
    Failure::engine(kind::TRAP, text)
}

/// Failures that only their text and their place tell apart.
fn unnamed(error: &wasmtime::Error, phase: Phase) -> Failure {
    let text = error.root_cause().to_string();
    if text.contains(COUNT_EXHAUSTED) {
        return Failure::engine(kind::MEMORY_EXHAUSTED, clean(&text));
    }
    if text.contains(HANDLES_EXHAUSTED) {
        return Failure::engine(kind::MEMORY_EXHAUSTED, TOO_MANY_RESOURCES);
    }
    // With a backtrace the guest was running: it called the host, and the host refused.
    if error.downcast_ref::<WasmBacktrace>().is_some() {
        if text.contains(COPY_EXHAUSTED) {
            return Failure::engine(kind::TRAP, "one call copied too much data to the host");
        }
        return Failure::engine(kind::TRAP, clean(&text));
    }
    match phase {
        Phase::Instantiate => {
            tracing::error!(error = %error, "a component could not be instantiated");
            Failure::engine(kind::ENGINE, "the component could not be instantiated")
        }
        Phase::Call if text.contains(COPY_EXHAUSTED) => Failure::engine(
            kind::OUTPUT_TOO_LARGE,
            "the result is larger than its limit",
        ),
        Phase::Call => Failure::engine(
            kind::OUTPUT,
            format!("the result could not be read: {}", clean(&text)),
        ),
    }
}

/// Returns one line of `text` without numbers that look like addresses, cut to its limit.
fn clean(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let words = line.split(' ').map(|word| {
        if word.starts_with("0x") || word.starts_with('/') {
            "…"
        } else {
            word
        }
    });
    cut(&words.collect::<Vec<_>>().join(" "), MAX_MESSAGE_BYTES).to_owned()
}

/// Returns at most `limit` bytes of `text`.
fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// Returns the failure that an action reported.
pub(crate) fn reported(error: handler::Error) -> Failure {
    let (default, retryable, report) = match error {
        handler::Error::InvalidInput(report) => (kind::INVALID_INPUT, false, report),
        handler::Error::Transient(report) => (kind::ACTION_FAILED, true, report),
        handler::Error::Permanent(report) => (kind::ACTION_FAILED, false, report),
        handler::Error::Other(text) => return action(kind::ACTION_FAILED, &text).retryable(),
    };
    let named = report.kind.as_deref().filter(|named| !named.is_empty());
    let failure = Failure {
        retryable,
        ..action(named.unwrap_or(default), &report.message)
    };
    match report.details {
        Some(details) => failure.with_details(json_or_text(details.as_bytes())),
        None => failure,
    }
}

/// Makes a failure that an action reported.
pub(crate) fn action(kind: &str, message: &str) -> Failure {
    Failure {
        kind: cut(kind, MAX_KIND_BYTES).into(),
        source: Source::Action,
        message: cut(message, MAX_MESSAGE_BYTES).into(),
        details: Value::Null,
        retryable: false,
    }
}

/// Adds the end of stderr to a failure's details, where there is room for it.
pub(crate) fn with_stderr(failure: Failure, stderr: String) -> Failure {
    if stderr.is_empty() {
        return failure;
    }
    with_detail(failure, "stderr", stderr.into())
}

/// Adds what the action was denied to a failure's details, where there is room for it.
pub(crate) fn with_denials(failure: Failure, denials: &[Arc<str>]) -> Failure {
    if denials.is_empty() {
        return failure;
    }
    let texts = denials.iter().map(|text| Value::Text(Arc::clone(text)));
    let denied = Value::list(texts.collect());
    with_detail(failure, "denied", denied)
}

fn with_detail(failure: Failure, name: &str, value: Value) -> Failure {
    let known = failure.details.as_map();
    if known.is_none() && !failure.details.is_null() {
        return failure;
    }
    let mut members = known.cloned().unwrap_or_else(Map::new);
    members.entry(name.into()).or_insert(value);
    failure.with_details(Value::Map(Arc::new(members)))
}

/// Parses JSON; what is not JSON becomes text.
pub(crate) fn json_or_text(bytes: &[u8]) -> Value {
    Value::from_json(bytes).unwrap_or_else(|_| Value::text(String::from_utf8_lossy(bytes)))
}

/// Parses a result that must be JSON.
pub(crate) fn result(text: &str) -> Result<Value, Failure> {
    Value::from_json(text.as_bytes()).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        Failure::engine(
            kind::OUTPUT,
            format!("the result is {error}{}", cause.unwrap_or_default()),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_hold_no_addresses_and_paths() {
        assert_eq!(
            clean("bad pointer 0x7f00 in /usr/lib/x now\nmore"),
            "bad pointer … in … now"
        );
    }

    #[test]
    fn stderr_joins_the_details() {
        let failure = with_stderr(action("k", "m"), "oops".into());
        assert_eq!(failure.details.to_public_json(), r#"{"stderr":"oops"}"#);
        let own = action("k", "m").with_details(Value::Int(1));
        assert_eq!(with_stderr(own, "oops".into()).details, Value::Int(1));
    }
}
