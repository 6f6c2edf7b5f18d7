//! The engine as a component sees it: the calls of the interfaces, one function each, and the way
//! back for the two exports.

use serde_json::Value;

mod http;

pub(crate) use http::http_send;

use crate::bindings::attune::action::{config, context, kv, log, secrets};
use crate::bindings::exports::attune::action::{describe, handler};
use crate::error::{CallError, Case};
use crate::export::About;
use crate::handler::Handler;
use crate::log::Level;

pub(crate) use context::{
    action_ref, attempt, deadline_ms, idempotency_key, progress, run_id, task_id,
};

/// Runs an action for one attempt.
///
/// # Errors
/// If the attempt failed.
pub fn run<A>(action: &impl Handler<A>, input: &str) -> Result<String, handler::Error> {
    action.run_json(input).map_err(|error| {
        let failure = handler::Failure {
            kind: error.kind().map(ToOwned::to_owned),
            message: error.message().to_owned(),
            details: error.details().map(Value::to_string),
        };
        match error.case() {
            Case::InvalidInput => handler::Error::InvalidInput(failure),
            Case::Transient => handler::Error::Transient(failure),
            Case::Permanent => handler::Error::Permanent(failure),
        }
    })
}

/// Describes an action.
pub fn describe<A>(action: &impl Handler<A>, about: &About) -> describe::Description {
    describe::Description {
        summary: about.summary.to_owned(),
        description: Some(about.description.to_owned()).filter(|text| !text.is_empty()),
        parameters: action
            .parameters()
            .map(|schema| schema.as_value().to_string()),
        output: Some(action.output().as_value().to_string()),
        grants: Some(about.grants.to_string()).filter(|_| !about.grants.is_null()),
    }
}

pub(crate) fn log(level: Level, message: &str, fields: &[(&str, Value)]) {
    let level = match level {
        Level::Trace => log::Level::Trace,
        Level::Debug => log::Level::Debug,
        Level::Info => log::Level::Info,
        Level::Warn => log::Level::Warn,
        Level::Error => log::Level::Error,
    };
    let field = |(name, value): &(&str, Value)| log::Field {
        name: (*name).to_owned(),
        value: value.to_string(),
    };
    log::write(
        level,
        message,
        &fields.iter().map(field).collect::<Vec<_>>(),
    );
}

pub(crate) fn config_get(key: &str) -> Result<String, CallError> {
    config::get(key).map_err(|error| config_error(error, key))
}

pub(crate) fn config_all() -> Result<String, CallError> {
    config::all().map_err(|error| config_error(error, "the configuration"))
}

pub(crate) fn kv_get(key: &str) -> Result<(String, u64), CallError> {
    let entry = kv::get(key).map_err(|error| kv_error(error, key))?;
    Ok((entry.value, entry.revision))
}

pub(crate) fn kv_set(key: &str, value: &str, ttl_ms: Option<u64>) -> Result<u64, CallError> {
    kv::set(key, value, ttl_ms).map_err(|error| kv_error(error, key))
}

pub(crate) fn kv_compare_and_set(
    key: &str,
    expected: Option<u64>,
    value: &str,
) -> Result<u64, CallError> {
    kv::compare_and_set(key, expected, value, None).map_err(|error| kv_error(error, key))
}

pub(crate) fn kv_delete(key: &str) -> Result<bool, CallError> {
    kv::delete(key).map_err(|error| kv_error(error, key))
}

pub(crate) fn kv_list(
    prefix: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<String>, CallError> {
    kv::list_keys(prefix, after, limit).map_err(|error| kv_error(error, prefix))
}

pub(crate) fn secret_placeholder(name: &str) -> Result<String, CallError> {
    secrets::placeholder(name).map_err(|error| secrets_error(error, name))
}

pub(crate) fn secret_reveal(name: &str) -> Result<String, CallError> {
    secrets::reveal(name).map_err(|error| secrets_error(error, name))
}

fn config_error(error: config::Error, key: &str) -> CallError {
    match error {
        config::Error::Denied(text) => CallError::Denied(text),
        config::Error::NotFound => CallError::NotFound(format!("configuration `{key}`")),
        config::Error::Other(text) => CallError::Other(text),
    }
}

fn kv_error(error: kv::Error, key: &str) -> CallError {
    match error {
        kv::Error::Denied(text) => CallError::Denied(text),
        kv::Error::NotFound => CallError::NotFound(format!("key `{key}`")),
        kv::Error::Conflict => CallError::Conflict,
        kv::Error::InvalidKey(text) | kv::Error::InvalidValue(text) => CallError::Invalid(text),
        kv::Error::TooLarge(text) => CallError::TooLarge(text),
        kv::Error::Other(text) => CallError::Other(text),
    }
}

fn secrets_error(error: secrets::Error, name: &str) -> CallError {
    match error {
        secrets::Error::Denied(text) => CallError::Denied(text),
        secrets::Error::NotFound => CallError::NotFound(format!("secret `{name}`")),
        secrets::Error::Other(text) => CallError::Other(text),
    }
}
