//! The manifest beside a component: labels, schemas, grants, limits and how it is called.

use std::sync::Arc;

use attune_core::pin::{AttemptLimits, Invocation};
use attune_core::{Millis, Value};
use attune_driver::port::InspectError;
use attune_host_api::Grants;
use attune_host_api::http::HttpLimits;

/// A manifest, checked.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    pub(crate) label: Option<Arc<str>>,
    pub(crate) description: Option<Arc<str>>,
    pub(crate) parameters: Option<Value>,
    pub(crate) output: Option<Value>,
    pub(crate) export: Option<Arc<str>>,
    pub(crate) grants: Option<Grants>,
    pub(crate) limits: AttemptLimits,
    pub(crate) command: Command,
    /// False where the manifest says `pure: false`.
    pub(crate) may_be_pure: bool,
}

/// How a command is started.
#[derive(Debug, Default)]
pub(crate) struct Command {
    args: Vec<String>,
    env: Vec<(String, String)>,
    stdin: Option<String>,
}

impl Command {
    /// Returns the invocation of a command.
    pub(crate) fn invocation(&self) -> Invocation {
        Invocation::Command {
            args: self.args.clone(),
            env: self.env.clone(),
            stdin: self.stdin.clone(),
        }
    }
}

/// The keys of a manifest.
const KEYS: &str = "label, description, parameters, output, export, grants, limits, mcp, pure, \
                    command, ref, name or keys that begin with x-";

fn invalid(pointer: &str, problem: impl std::fmt::Display) -> InspectError {
    InspectError {
        code: "invalid_manifest",
        message: format!("the manifest is not valid at `{pointer}`: {problem}"),
        hint: None,
    }
}

impl Manifest {
    /// Parses a manifest; null is an empty one.
    pub(crate) fn parse(json: &Value) -> Result<Self, InspectError> {
        let mut manifest = Self {
            may_be_pure: true,
            ..Self::default()
        };
        if json.is_null() {
            return Ok(manifest);
        }
        let map = json
            .as_map()
            .ok_or_else(|| invalid("", "expected an object"))?;
        for (key, value) in map {
            manifest.set(key, value)?;
        }
        Ok(manifest)
    }

    fn set(&mut self, key: &str, value: &Value) -> Result<(), InspectError> {
        let pointer = format!("/{key}");
        match key {
            "label" => self.label = Some(text(&pointer, value)?.into()),
            "description" => self.description = Some(text(&pointer, value)?.into()),
            "parameters" => self.parameters = Some(crate::schema::parameters(&pointer, value)?),
            "output" => self.output = Some(crate::schema::output(&pointer, value)?),
            "export" => self.export = Some(text(&pointer, value)?.into()),
            "grants" => {
                let grants = Grants::parse(value);
                self.grants = Some(grants.map_err(|error| {
                    invalid(&format!("/grants{}", error.pointer), error.problem)
                })?);
            }
            "limits" => self.limits = limits(value)?,
            "pure" => {
                self.may_be_pure = match value.as_bool() {
                    Some(pure) => pure,
                    None if value.as_str() == Some("auto") => true,
                    None => return Err(invalid(&pointer, "expected `auto` or `false`")),
                }
            }
            "command" => self.command = command(value)?,
            "mcp" => {
                let flag = value.as_bool();
                flag.ok_or_else(|| invalid(&pointer, "expected `true` or `false`"))?;
            }
            // What names the action is the server's business.
            "ref" | "name" => {}
            _ if key.starts_with("x-") => {}
            _ => return Err(invalid(&pointer, format!("unknown key, expected {KEYS}"))),
        }
        Ok(())
    }
}

fn text<'a>(pointer: &str, value: &'a Value) -> Result<&'a str, InspectError> {
    value
        .as_str()
        .ok_or_else(|| invalid(pointer, "expected text"))
}

fn limits(value: &Value) -> Result<AttemptLimits, InspectError> {
    let map = value
        .as_map()
        .ok_or_else(|| invalid("/limits", "expected an object"))?;
    let mut limits = AttemptLimits::default();
    for (key, value) in map {
        let pointer = format!("/limits/{key}");
        let wrong = |expected: &str| invalid(&pointer, format!("expected {expected}"));
        match &**key {
            "fuel" => limits.fuel = count(value).ok_or_else(|| wrong("a number above 0"))?,
            "timeout" => {
                limits.timeout_ms = duration(value).ok_or_else(|| wrong("a duration, as `30s`"))?;
            }
            "memory" | "output" | "log" => {
                let size = size(value).ok_or_else(|| wrong("a size, as `64MiB`"))?;
                match &**key {
                    "memory" => limits.memory_bytes = size,
                    "output" => limits.output_bytes = size,
                    _ => limits.log_bytes = size,
                }
            }
            // They take effect with each attempt, not in its pin.
            "http_request" | "http_response" => {
                size(value)
                    .map(drop)
                    .ok_or_else(|| wrong("a size, as `4MiB`"))?;
            }
            "http_requests" => count(value)
                .map(drop)
                .ok_or_else(|| wrong("a number above 0"))?,
            _ => {
                return Err(invalid(
                    &pointer,
                    "unknown limit, expected fuel, memory, timeout, output, log, http_request, \
                     http_response or http_requests",
                ));
            }
        }
    }
    Ok(limits)
}

/// The largest body of a request or response that a manifest may ask for.
const MAX_HTTP_BYTES: u64 = 64 << 20;

/// The most requests that a manifest may ask for.
const MAX_HTTP_REQUESTS: u64 = 10_000;

/// Returns the limits of requests that a manifest, which was checked when it was sent, sets.
pub(crate) fn http_limits(manifest: &Value) -> HttpLimits {
    let mut limits = HttpLimits::default();
    let given = |key| manifest.get("limits").and_then(|limits| limits.get(key));
    if let Some(bytes) = given("http_request").and_then(size) {
        limits.request_bytes = bytes.min(MAX_HTTP_BYTES);
    }
    if let Some(bytes) = given("http_response").and_then(size) {
        limits.response_bytes = bytes.min(MAX_HTTP_BYTES);
    }
    if let Some(requests) = given("http_requests").and_then(count) {
        limits.requests = u32::try_from(requests.min(MAX_HTTP_REQUESTS)).unwrap_or(u32::MAX);
    }
    limits
}

/// A whole number above 0; `1e10` is one too, as a number or as YAML reads it, as text.
fn count(value: &Value) -> Option<u64> {
    let number = match value.as_str() {
        Some(text) => text.trim().parse::<f64>().ok()?,
        None => value.as_f64()?,
    };
    let whole = number.is_finite() && number >= 1.0 && number < 2f64.powi(63);
    whole.then_some(number as u64)
}

fn duration(value: &Value) -> Option<u64> {
    let duration = match value.as_str() {
        Some(text) => Millis::parse(text)?,
        None => Millis::from_secs_f64(value.as_f64()?)?,
    };
    (duration.0 > 0).then_some(duration.0)
}

/// A number of bytes, or text with a unit.
fn size(value: &Value) -> Option<u64> {
    let Some(text) = value.as_str() else {
        return count(value);
    };
    let text = text.trim();
    let split = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor: f64 = match unit {
        "" | "B" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "KiB" => 1024.0,
        "MiB" => 1_048_576.0,
        "GiB" => 1_073_741_824.0,
        _ => return None,
    };
    let bytes = number.trim().parse::<f64>().ok()? * factor;
    count(&Value::Float(bytes))
}

fn command(value: &Value) -> Result<Command, InspectError> {
    let map = value
        .as_map()
        .ok_or_else(|| invalid("/command", "expected an object"))?;
    let mut command = Command::default();
    for (key, value) in map {
        let pointer = format!("/command/{key}");
        match &**key {
            "args" => {
                let items = value.as_list();
                let items = items.ok_or_else(|| invalid(&pointer, "expected a list of text"))?;
                let texts = items
                    .iter()
                    .map(|item| text(&pointer, item).map(str::to_owned));
                command.args = texts.collect::<Result<_, _>>()?;
            }
            "env" => {
                let map = value.as_map();
                let map = map.ok_or_else(|| invalid(&pointer, "expected an object of text"))?;
                let pairs = map
                    .iter()
                    .map(|(name, value)| Ok((name.to_string(), text(&pointer, value)?.to_owned())));
                command.env = pairs.collect::<Result<_, InspectError>>()?;
            }
            "stdin" => command.stdin = Some(text(&pointer, value)?.to_owned()),
            _ => {
                return Err(invalid(
                    &pointer,
                    "unknown key, expected args, env or stdin",
                ));
            }
        }
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Manifest, InspectError> {
        Manifest::parse(&Value::from_json(json.as_bytes()).unwrap())
    }

    #[test]
    fn limits_have_units() {
        let text = r#"{"limits":{"fuel":1e10,"memory":"64MiB","timeout":"30s","output":"1MiB","log":"256KiB"}}"#;
        assert_eq!(parse(text).unwrap().limits, AttemptLimits::default());
    }

    #[test]
    fn problems_name_the_place() {
        for (json, pointer) in [
            ("[]", "``"),
            (r#"{"lable":"x"}"#, "`/lable`"),
            (
                r#"{"limits":{"memory":"64 elephants"}}"#,
                "`/limits/memory`",
            ),
            (r#"{"limits":{"fuel":0}}"#, "`/limits/fuel`"),
            (r#"{"grants":{"kv":"all"}}"#, "`/grants/kv`"),
            (r#"{"pure":"yes"}"#, "`/pure`"),
            (r#"{"command":{"args":[1]}}"#, "`/command/args`"),
        ] {
            let error = parse(json).unwrap_err();
            assert_eq!(error.code, "invalid_manifest");
            assert!(error.message.contains(pointer), "{json}: {}", error.message);
        }
    }
}
