//! Types and texts of values.

use super::super::call::Call;
use super::super::fault::Fault;
use super::{Builtin, EITHER, FILTER};
use crate::expr::evaluator::truth;
use crate::value::FromJsonError;
use crate::value::Value;

pub(super) static TABLE: &[Builtin] = &[
    Builtin {
        names: &["to_json", "tojson"],
        usage: "to_json(x, indent=)",
        text: "The value as JSON: compact, or on several lines indented by that many spaces.",
        examples: &[
            ("{'a': [1, none]} | to_json", r#""{\"a\":[1,null]}""#),
            ("[1] | to_json(indent=2)", r#""[\n  1\n]""#),
        ],
        run: to_json,
        ..EITHER
    },
    Builtin {
        names: &["from_json"],
        usage: "from_json(text)",
        text: "The value that a JSON text stands for.",
        examples: &[("'[1, 2.0]' | from_json", "[1,2.0]")],
        run: from_json,
        ..EITHER
    },
    Builtin {
        names: &["type_of"],
        usage: "type_of(x)",
        text: "The JSON type: `null boolean integer number string array object`.",
        examples: &[(
            "[none, true, 1, 1.5, '', [], {}] | map('type_of')",
            r#"["null","boolean","integer","number","string","array","object"]"#,
        )],
        run: type_of,
        ..EITHER
    },
    Builtin {
        names: &["string"],
        usage: "string",
        text: "The value as text, as it would stand in a text: null is empty, lists and objects are JSON.",
        examples: &[
            ("1.5 | string", r#""1.5""#),
            ("{'a': true} | string", r#""{\"a\":true}""#),
        ],
        run: string,
        ..FILTER
    },
    Builtin {
        names: &["bool"],
        usage: "bool",
        text: "Python's truth of the value: null, false, 0 and what is empty are false.",
        examples: &[("'' | bool", "false"), ("[0] | bool", "true")],
        run: |call| Ok(Value::Bool(truth(&call.need("value")?))),
        ..FILTER
    },
    Builtin {
        names: &["join"],
        usage: "join(d='', attribute=)",
        text: "The items as texts, with `d` between them.",
        examples: &[
            ("[1, 'a', none, true] | join('-')", r#""1-a--true""#),
            (
                "[{'n': 1}, {'n': 2}] | join(', ', attribute='n')",
                r#""1, 2""#,
            ),
        ],
        run: join,
        ..FILTER
    },
];

/// The widest indentation that makes sense; it bounds the output per level.
const MAX_INDENT: usize = 16;

fn to_json(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let value = call.need("value")?;
    let indent = match call.take("indent") {
        None | Some(Value::Null | Value::Bool(false)) => None,
        Some(Value::Bool(true)) => Some(2),
        Some(Value::Int(width)) => Some(usize::try_from(width).unwrap_or(0).min(MAX_INDENT)),
        Some(other) => return Err(call.wrong("indent", "a whole number", &other)),
    };
    call.evaluator.json(&value, indent).map(Value::from)
}

fn from_json(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let text = call.need_text("text")?;
    call.evaluator.charge_bytes(text.len())?;
    Value::from_json(text.as_bytes()).map_err(|error| {
        let detail = match &error {
            FromJsonError::Syntax(cause) => cause.to_string(),
            FromJsonError::Depth => error.to_string(),
        };
        call.fault("needs a JSON text").with_detail(detail)
    })
}

fn type_of(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    Ok(Value::from(call.need("value")?.type_name()))
}

fn string(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let value = call.need("value")?;
    call.evaluator.text_of(&value).map(Value::Text)
}

fn join(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let items = call.need_items("items")?;
    let between = call.text("d")?.unwrap_or_default();
    let attribute = call.take("attribute");
    let mut out = String::new();
    for (nth, item) in items.iter().enumerate() {
        if nth > 0 {
            call.evaluator
                .push_text(&mut out, &Value::Text(between.clone()))?;
        }
        let item = call.attribute_or_item(item, attribute.as_ref())?;
        call.evaluator.push_text(&mut out, &item)?;
    }
    Ok(Value::from(out))
}
