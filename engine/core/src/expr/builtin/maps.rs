//! Objects.

use super::super::call::Call;
use super::super::fault::Fault;
use super::{Builtin, EITHER, FILTER, FUNCTION};
use crate::value::Map;
use crate::value::Value;
use std::sync::Arc;

pub(super) static TABLE: &[Builtin] = &[
    Builtin {
        names: &["keys"],
        usage: "keys(object)",
        text: "The names of the members.",
        examples: &[("keys({'b': 1, 'a': 2})", r#"["b","a"]"#)],
        run: |call| {
            Ok(Value::list(
                call.need_map("object")?
                    .keys()
                    .cloned()
                    .map(Value::Text)
                    .collect(),
            ))
        },
        ..EITHER
    },
    Builtin {
        names: &["values"],
        usage: "values(object)",
        text: "The values of the members.",
        examples: &[("{'b': 1, 'a': 2} | values", "[1,2]")],
        run: |call| {
            Ok(Value::list(
                call.need_map("object")?.values().cloned().collect(),
            ))
        },
        ..EITHER
    },
    Builtin {
        names: &["items"],
        usage: "items",
        text: "The members as `[key, value]`.",
        examples: &[("{'b': 1} | items", r#"[["b",1]]"#)],
        run: items,
        ..FILTER
    },
    Builtin {
        names: &["merge"],
        usage: "merge(object, object, …, deep=false)",
        text: "All members of all objects, later ones winning; with `deep`, objects within objects are merged too. Null counts as empty.",
        examples: &[
            ("merge({'a': 1, 'b': 1}, {'b': 2})", r#"{"a":1,"b":2}"#),
            (
                "{'a': {'x': 1}} | merge({'a': {'y': 2}}, deep=true)",
                r#"{"a":{"x":1,"y":2}}"#,
            ),
        ],
        run: merge,
        ..EITHER
    },
    Builtin {
        names: &["dict"],
        usage: "dict(object, name=value, …)",
        text: "An object of these members.",
        examples: &[
            ("dict(a=1, b=2)", r#"{"a":1,"b":2}"#),
            ("dict({'a': 1}, b=2)", r#"{"a":1,"b":2}"#),
        ],
        run: dict,
        ..FUNCTION
    },
    Builtin {
        names: &["chain"],
        usage: "chain(other, …)",
        text: "The items of all lists, or the members of all objects, one after the other.",
        examples: &[("[1] | chain([2], [3])", "[1,2,3]")],
        run: chain,
        ..FILTER
    },
];

fn items(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let map = call.need_map("object")?;
    let pair = |(name, value): (&Arc<str>, &Value)| {
        Value::list(vec![Value::Text(Arc::clone(name)), value.clone()])
    };
    Ok(Value::list(map.iter().map(pair).collect()))
}

fn merge(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let deep = call.flag("deep");
    let mut out = Map::new();
    for value in call.rest() {
        let value = call.evaluator.opened(value);
        if !value.is_null() {
            let map = call.as_map("object", &value)?;
            merge_into(call, &mut out, &map, deep)?;
        }
    }
    Ok(Value::Map(Arc::new(out)))
}

/// Goes as deep as both objects do, which is bounded as all values are.
fn merge_into(call: &mut Call<'_, '_>, out: &mut Map, map: &Map, deep: bool) -> Result<(), Fault> {
    call.evaluator.charge(map.len())?;
    for (name, value) in map {
        match (out.get_mut(name), value) {
            (Some(Value::Map(old)), Value::Map(new)) if deep => {
                merge_into(call, Arc::make_mut(old), new, deep)?;
            }
            _ => {
                out.insert(Arc::clone(name), value.clone());
            }
        }
    }
    Ok(())
}

fn dict(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let mut out = match call.rest().pop() {
        Some(value) => call.as_map("object", &value)?,
        None => Arc::default(),
    };
    Arc::make_mut(&mut out).extend(call.rest_named());
    Ok(Value::Map(out))
}

fn chain(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let parts = call.rest();
    if parts
        .iter()
        .any(|part| matches!(part.exposed(), Value::Map(_)))
    {
        let mut out = Map::new();
        for part in parts {
            let map = call.as_map("other", &part)?;
            merge_into(call, &mut out, &map, false)?;
        }
        return Ok(Value::Map(Arc::new(out)));
    }
    let mut out = Vec::new();
    for part in parts {
        out.extend(call.as_list("other", &part)?.iter().cloned());
    }
    Ok(Value::list(out))
}
