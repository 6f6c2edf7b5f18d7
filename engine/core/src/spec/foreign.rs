//! Words of other workflow systems, and how the same is written here.
//!
//! Only for hints: a word is looked up after it was found to have no meaning.

use crate::spec::context::View;
use crate::spec::shape::{Record, Shape};
use crate::spec::tree::Data;

/// Pairs of what others write and what to write here.
type Words = &'static [(&'static [&'static str], &'static str)];

const TASK: Words = &[
    (&["if", "condition", "only_if", "run_if"], "write `when`"),
    (&["unless", "skip_if"], "write `when: not …`"),
    (
        &[
            "with",
            "params",
            "parameters",
            "args",
            "arguments",
            "inputs",
        ],
        "write `input`",
    ),
    (
        &["catch", "on_error", "rescue", "on_fail", "except"],
        "write `on_failure`",
    ),
    (
        &[
            "depends_on",
            "dependson",
            "dependencies",
            "depends",
            "requires",
            "after",
            "upstream",
        ],
        "write `needs`",
    ),
    (
        &[
            "foreach",
            "for_each",
            "items",
            "loop",
            "with_param",
            "withitems",
            "withparam",
            "map",
            "iterator",
        ],
        "write `with_items`",
    ),
    (
        &[
            "uses", "run", "call", "operator", "resource", "template", "function",
        ],
        "write `action: pack.name`",
    ),
    (&["transitions", "branches", "choices"], "write `next`"),
    (&["then", "on_ok", "goto"], "write `on_success`"),
    (
        &["always", "on_done", "ensure", "finally"],
        "write `on_complete`; `finally` belongs to the file",
    ),
    (
        &["retries", "max_retries", "attempts"],
        "write `retry: {count: 3}`",
    ),
    (&["retry_delay"], "write `retry: {delay: 5s}`"),
    (
        &["steps", "branch", "do"],
        "write `type: parallel` with `tasks`",
    ),
    (
        &["timeout_seconds", "timeoutseconds", "timeout_minutes"],
        "write `timeout: 30s`",
    ),
    (
        &["outputs", "output", "save", "register", "result_path"],
        "write `publish`",
    ),
    (
        &["continue_on_error", "ignore_errors", "ignore_error"],
        "write `on_failure: noop`",
    ),
    (&["id", "task"], "write `name`"),
];

const TRANSITION: Words = &[
    (
        &["next", "to", "target", "goto", "then", "task", "tasks"],
        "write `do`",
    ),
    (&["if", "condition", "case"], "write `when`"),
    (&["set", "vars", "outputs", "assign"], "write `publish`"),
];

const BRANCH: Words = &[
    (
        &["do", "to", "target", "goto", "then", "task"],
        "write `next`",
    ),
    (&["if", "condition", "case"], "write `when`"),
    (&["else", "otherwise"], "write `default`"),
    (&["set", "vars", "outputs", "assign"], "write `publish`"),
];

const RETRY: Words = &[
    (
        &[
            "attempts",
            "limit",
            "max_attempts",
            "maxattempts",
            "max",
            "retries",
            "times",
        ],
        "write `count`: retries, one less than attempts",
    ),
    (
        &[
            "interval",
            "interval_seconds",
            "intervalseconds",
            "wait",
            "initial_interval",
        ],
        "write `delay`",
    ),
    (
        &[
            "backoff_rate",
            "backoffrate",
            "factor",
            "multiplier",
            "backoff_coefficient",
        ],
        "write `backoff: exponential`, which doubles the delay",
    ),
    (
        &["max_interval", "maximum_interval", "maxdelayseconds"],
        "write `max_delay`",
    ),
    (
        &["if", "condition", "retry_on", "error_equals"],
        "write `on_error`",
    ),
];

const FILE: Words = &[
    (
        &["inputs", "input", "params", "args", "arguments"],
        "write `parameters`",
    ),
    (&["outputs", "return", "returns"], "write `output_map`"),
    (&["jobs", "steps", "states", "nodes"], "write `tasks`"),
    (&["variables", "env", "context"], "write `vars`"),
    (
        &["name", "title"],
        "write `label` for people, `ref` for the engine",
    ),
    (&["id"], "write `ref: pack.name`"),
    (
        &["on_error", "catch", "on_exit_failure"],
        "write `on_failure`",
    ),
    (&["on_exit", "always", "ensure"], "write `finally`"),
    (
        &["on", "triggers", "trigger", "schedule"],
        "what starts runs is a rule, a file of its own",
    ),
    (&["concurrency", "lock", "mutex"], "write `concurrency_key`"),
    (
        &["start_at", "startat", "start", "entrypoint"],
        "write `entry`",
    ),
];

/// Returns what to write for a key that a record does not have.
pub(crate) fn key(record: &Record, key: &str) -> Option<String> {
    let words = match record.id {
        "task" => TASK,
        "transition" => TRANSITION,
        "branch" => BRANCH,
        "retry" => RETRY,
        "workflow" => FILE,
        _ => return None,
    };
    find(words, key)
}

fn find(words: Words, word: &str) -> Option<String> {
    let plain = plain(word);
    let (_, here) = words
        .iter()
        .find(|(others, _)| others.iter().any(|other| self::plain(other) == plain))?;
    Some((*here).to_owned())
}

/// Case and separators differ from system to system.
fn plain(word: &str) -> String {
    let letters = word.chars().filter(|c| !matches!(c, '_' | '-'));
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// Returns what to write where a record of its own was expected instead of a value.
pub(crate) fn record(record: &Record, view: View<'_>) -> Option<String> {
    match (record.id, &view.node.data) {
        ("retry", Data::Int(count)) => Some(format!("write `retry: {{count: {count}}}`")),
        ("retry", Data::Bool(true)) => Some("write `retry: {count: 3}`".to_owned()),
        _ => None,
    }
}

/// Returns what to write where a list of tasks was expected instead of a map from their names.
pub(crate) fn tasks_by_name(expected: Shape, view: View<'_>) -> Option<String> {
    let map = view.node.as_map()?;
    if !matches!(expected, Shape::List(Shape::Record(record)) if record.id == "task") {
        return None;
    }
    if map.contains_key("name") || map.contains_key("action") {
        return None;
    }
    let (name, _) = map.iter().next()?;
    Some(format!(
        "tasks are a list: write `- name: {name}` instead of `{name}:`"
    ))
}

/// Types of other languages.
const TYPES: Words = &[
    (&["int", "int32", "int64", "long"], "write `integer`"),
    (&["str", "text", "varchar", "uuid"], "write `string`"),
    (&["bool"], "write `boolean`"),
    (&["float", "double", "decimal", "numeric"], "write `number`"),
    (&["list", "tuple", "set"], "write `array`"),
    (
        &["dict", "map", "hash", "struct", "record", "json"],
        "write `object`",
    ),
    (&["none", "nil", "undefined"], "write `null`"),
    (&["any"], "leave the type out: then any value will do"),
];

/// Returns what to write for a word that is no type of JSON.
pub(crate) fn type_name(word: &str) -> Option<String> {
    find(TYPES, word)
}

/// Where other systems keep their values.
const SCOPES: Words = &[
    (
        &[
            "inputs",
            "input",
            "params",
            "args",
            "arguments",
            "github",
            "event",
        ],
        "write `parameters.NAME`",
    ),
    (
        &["steps", "needs", "jobs", "nodes", "outputs"],
        "write `task.NAME.result`",
    ),
    (
        &["ctx", "context", "env", "variables"],
        "write `vars.NAME`, or `parameters.NAME`",
    ),
    (&["secrets"], "write `kv.get_secret('NAME')`"),
    (&["config"], "write `pack.config.NAME`"),
    (
        &["execution", "run"],
        "write `system.execution_id`, or another member of `system`",
    ),
];

/// Returns what to write for a name that nothing defines.
pub(crate) fn scope(name: &str) -> Option<String> {
    find(SCOPES, name)
}

/// Units as they are written out, and in ISO 8601, with ours.
const UNITS: &[(&[&str], &str)] = &[
    (
        &[
            "ms",
            "msec",
            "msecs",
            "millis",
            "millisecond",
            "milliseconds",
        ],
        "ms",
    ),
    (&["s", "sec", "secs", "second", "seconds"], "s"),
    (&["m", "min", "mins", "minute", "minutes"], "m"),
    (&["h", "hr", "hrs", "hour", "hours"], "h"),
    (&["d", "day", "days"], "d"),
];

/// Returns a duration as it is written here.
pub(crate) fn duration(text: &str) -> Option<String> {
    let plain = text.trim().to_ascii_lowercase();
    let iso = plain.strip_prefix("pt");
    let iso = iso.or_else(|| plain.strip_prefix('p').filter(|rest| rest.ends_with('d')));
    let rest = iso.unwrap_or(&plain);
    let split = rest.find(|c: char| c.is_ascii_alphabetic())?;
    let (amount, unit) = rest.split_at(split);
    let amount = amount.trim();
    amount.parse::<f64>().ok().filter(|amount| *amount >= 0.0)?;
    let (_, unit) = UNITS.iter().find(|(others, _)| others.contains(&unit))?;
    let written = format!("{amount}{unit}");
    (written != text).then(|| format!("write `{written}`"))
}

/// Functions of YAQL as they occur in `<% %>`.
const YAQL: &[&str] = &[
    "ctx(",
    "result(",
    "succeeded(",
    "failed(",
    "completed(",
    "task(",
    "item(",
    "st2kv",
];

/// Tells whether all of a text is a YAQL expression, which would be passed on as it is.
pub(crate) fn is_yaql(text: &str) -> bool {
    let inner = text
        .trim()
        .strip_prefix("<%")
        .and_then(|rest| rest.strip_suffix("%>"));
    inner.is_some_and(|inner| YAQL.iter().any(|call| inner.contains(call)))
}
