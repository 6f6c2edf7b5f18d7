//! Functions, filters and tests of other systems, and what does the same here.

use super::builtin::Form;

/// What others call, how, and what to write here.
const WORDS: &[(Form, &[&str], &str)] = &[
    (
        Form::Function,
        &["ctx", "context"],
        "write `vars.NAME`, or `parameters.NAME`",
    ),
    (
        Form::Function,
        &["task", "tasks"],
        "write `task.NAME.result`",
    ),
    (Form::Function, &["item"], "write `item`"),
    (
        Form::Function,
        &["st2kv", "decrypt_kv"],
        "write `kv.get('key')`, or `kv.get_secret('key')`",
    ),
    (
        Form::Function,
        &["always", "success", "failure", "cancelled"],
        "in a `when`: `completed()`, `succeeded()` or `failed()`",
    ),
    (Form::Function, &["now", "utcnow"], "write `system.now`"),
    (
        Form::Function,
        &["tojson", "to_json", "jsonify", "dumps"],
        "write `x | to_json`",
    ),
    (
        Form::Function,
        &["fromjson", "parse_json", "loads"],
        "write `x | from_json`",
    ),
    (Form::Function, &["len", "size"], "write `x | length`"),
    (Form::Function, &["str"], "write `x | string`"),
    (Form::Function, &["contains"], "write `part in whole`"),
    (
        Form::Function,
        &["startswith", "startsWith", "starts_with"],
        "write `x is startingwith('a')`",
    ),
    (
        Form::Function,
        &["endswith", "endsWith", "ends_with"],
        "write `x is endingwith('a')`",
    ),
    (
        Form::Function,
        &["env", "getenv", "lookup"],
        "an environment is not read: pass it as a parameter, or write `kv.get('key')`",
    ),
    (
        Form::Function,
        &["format"],
        "put texts together with `~`, or write several `{{ }}` in one text",
    ),
    (
        Form::Filter,
        &[
            "jsonify",
            "json",
            "to_nice_json",
            "to_json_string",
            "json_dump",
        ],
        "write `to_json`",
    ),
    (
        Form::Filter,
        &["fromjson", "from_json_string", "json_parse", "parse_json"],
        "write `from_json`",
    ),
    (Form::Filter, &["len", "size"], "write `length`"),
    (Form::Filter, &["str", "to_string"], "write `string`"),
    (Form::Filter, &["lowercase", "downcase"], "write `lower`"),
    (Form::Filter, &["uppercase", "upcase"], "write `upper`"),
    (Form::Filter, &["distinct", "uniq"], "write `unique`"),
];

/// Returns what to write for a call that does not exist.
pub(super) fn call(form: Form, name: &str) -> Option<String> {
    let mut words = WORDS.iter();
    let (_, _, here) = words.find(|(kind, names, _)| *kind == form && names.contains(&name))?;
    Some((*here).to_owned())
}
