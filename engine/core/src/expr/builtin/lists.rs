//! Lists.

use super::super::call::Call;
use super::super::fault::Fault;
use super::{Builtin, EITHER, FILTER};
use crate::expr::node::Operator;
use crate::value::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) static TABLE: &[Builtin] = &[
    Builtin {
        names: &["length", "count"],
        usage: "length",
        text: "How many items, members or characters there are.",
        examples: &[
            ("[1, 2] | length", "2"),
            ("'né' | length", "2"),
            ("{'a': 1} | count", "1"),
        ],
        run: length,
        ..FILTER
    },
    Builtin {
        names: &["first"],
        usage: "first",
        text: "The first item or character; missing if there is none.",
        examples: &[
            ("[1, 2] | first", "1"),
            ("[] | first | default('none')", r#""none""#),
        ],
        run: |call| end(call, 0),
        ..FILTER
    },
    Builtin {
        names: &["last"],
        usage: "last",
        text: "The last item or character; missing if there is none.",
        examples: &[("[1, 2] | last", "2")],
        run: |call| end(call, -1),
        ..FILTER
    },
    Builtin {
        names: &["reverse"],
        usage: "reverse",
        text: "Backwards.",
        examples: &[("[1, 2] | reverse", "[2,1]"), ("'ab' | reverse", r#""ba""#)],
        run: reverse,
        ..FILTER
    },
    Builtin {
        names: &["list"],
        usage: "list",
        text: "As a list: the keys of an object, the characters of a text.",
        examples: &[
            ("'ab' | list", r#"["a","b"]"#),
            ("{'a': 1} | list", r#"["a"]"#),
        ],
        run: list,
        ..FILTER
    },
    Builtin {
        names: &["append"],
        usage: "append(list, x)",
        text: "The list with `x` at its end.",
        examples: &[("[1] | append(2)", "[1,2]")],
        run: append,
        ..EITHER
    },
    Builtin {
        names: &["prepend"],
        usage: "prepend(list, x)",
        text: "The list with `x` at its beginning.",
        examples: &[("[1] | prepend(0)", "[0,1]")],
        run: prepend,
        ..EITHER
    },
    Builtin {
        names: &["slice"],
        usage: "slice(x, start=, end=)",
        text: "The items or characters from `start` up to, without, `end`; negative places count from the end. The same as `x[start:end]`.",
        examples: &[
            ("[1, 2, 3] | slice(start=1)", "[2,3]"),
            ("'abcd' | slice(end=-1)", r#""abc""#),
        ],
        run: slice,
        ..EITHER
    },
    Builtin {
        names: &["flat"],
        usage: "flat(list, depth=1)",
        text: "The list with the items of lists in it in their place.",
        examples: &[
            ("[[1], 2, [[3]]] | flat", "[1,2,[3]]"),
            ("flat([[1, [2]]], depth=2)", "[1,2]"),
        ],
        run: flat,
        ..EITHER
    },
    Builtin {
        names: &["batch"],
        usage: "batch(count, fill=)",
        text: "Lists of `count` items each; `fill` completes the last.",
        examples: &[
            ("[1, 2, 3] | batch(2)", "[[1,2],[3]]"),
            ("[1, 2, 3] | batch(2, fill=0)", "[[1,2],[3,0]]"),
        ],
        run: batch,
        ..FILTER
    },
    Builtin {
        names: &["unique"],
        usage: "unique(list, attribute=, case_sensitive=true)",
        text: "The list without what equals an earlier item.",
        examples: &[
            ("[1, 2, 1.0, 'a', 'A'] | unique", r#"[1,2,"a","A"]"#),
            (
                "unique([{'n': 1, 'm': 1}, {'n': 1}], attribute='n')",
                r#"[{"n":1,"m":1}]"#,
            ),
        ],
        run: unique,
        ..EITHER
    },
    Builtin {
        names: &["sum"],
        usage: "sum(attribute=, start=0)",
        text: "All items added up.",
        examples: &[
            ("[1, 2, 0.5] | sum", "3.5"),
            ("[{'n': 1}, {'n': 2}] | sum(attribute='n')", "3"),
        ],
        run: sum,
        ..FILTER
    },
];

fn length(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let value = call.need("value")?;
    let length = if let Value::Text(text) = &value {
        call.evaluator.charge_bytes(text.len())?;
        text.chars().count()
    } else if let Value::Map(map) = &value {
        map.len()
    } else if let Value::List(items) = &value {
        items.len()
    } else {
        return Err(call.wrong("value", "an array, an object or text", &value));
    };
    Ok(Value::from(length as u64))
}

fn end(call: &mut Call<'_, '_>, place: i64) -> Result<Value, Fault> {
    let items = items(call)?;
    let item = if place == 0 {
        items.first()
    } else {
        items.last()
    };
    item.cloned().ok_or_else(|| {
        let name = call.builtin.name();
        Fault::undefined(format!("there is no `{name}` of what is empty"))
    })
}

/// Items, keys or characters.
fn items(call: &mut Call<'_, '_>) -> Result<Arc<Vec<Value>>, Fault> {
    let value = call.need("value")?;
    if let Value::Text(text) = &value {
        call.evaluator.charge(text.len())?;
        let letters = text.chars().map(|c| Value::from(c.to_string()));
        return Ok(Arc::new(letters.collect()));
    }
    if let Value::Map(map) = &value {
        call.evaluator.charge(map.len())?;
        return Ok(Arc::new(map.keys().cloned().map(Value::Text).collect()));
    }
    call.as_list("value", &value)
}

fn reverse(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let value = call.need("value")?;
    let backwards = [Value::Null, Value::Null, Value::Int(-1)];
    call.evaluator.slice(&value, &backwards)
}

fn list(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    items(call).map(Value::List)
}

fn append(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let mut items = call.need_list("list")?;
    Arc::make_mut(&mut items).push(call.need("x")?);
    Ok(Value::List(items))
}

fn prepend(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let items = call.need_list("list")?;
    let first = call.need("x")?;
    Ok(Value::list(
        std::iter::once(first)
            .chain(items.iter().cloned())
            .collect(),
    ))
}

fn slice(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let value = call.need("value")?;
    let start = call.take("start").unwrap_or_default();
    let end = call.take("end").unwrap_or_default();
    call.evaluator.slice(&value, &[start, end, Value::Null])
}

fn flat(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let mut items = call.need_list("list")?;
    let depth = call.count("depth")?.unwrap_or(1);
    for _ in 0..depth {
        if !items
            .iter()
            .any(|item| matches!(item.exposed(), Value::List(_)))
        {
            break;
        }
        items = Arc::new(flat_once(call, &items)?);
    }
    Ok(Value::List(items))
}

fn flat_once(call: &mut Call<'_, '_>, items: &[Value]) -> Result<Vec<Value>, Fault> {
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        if let Value::List(inner) = call.evaluator.open(item) {
            call.evaluator.charge(inner.len())?;
            out.extend(inner.iter().cloned());
        } else {
            out.push(item.clone());
        }
    }
    Ok(out)
}

fn batch(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let items = call.need_items("items")?;
    let count = call.count("count")?.unwrap_or(0);
    if count == 0 {
        return Err(call.fault("needs `count` of at least 1"));
    }
    let fill = call.take("fill");
    let mut batches: Vec<Vec<Value>> = items.chunks(count).map(<[Value]>::to_vec).collect();
    if let (Some(fill), Some(last)) = (fill, batches.last_mut()) {
        call.evaluator.charge(count)?;
        last.resize(count, fill);
    }
    Ok(Value::list(batches.into_iter().map(Value::list).collect()))
}

fn unique(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let items = call.need_items("list")?;
    let attribute = call.take_named("attribute");
    let case_sensitive = call.take_named("case_sensitive") != Some(Value::Bool(false));
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for item in items.iter() {
        let key = call.attribute_or_item(item, attribute.as_ref())?;
        let key = if case_sensitive {
            key
        } else {
            call.folded(key)?
        };
        let mut identity = String::new();
        call.evaluator.identity(&mut identity, &key)?;
        if seen.insert(identity) {
            out.push(item.clone());
        }
    }
    Ok(Value::list(out))
}

fn sum(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let items = call.need_items("items")?;
    let attribute = call.take("attribute");
    let mut total = call.take("start").unwrap_or(Value::Int(0));
    for item in items.iter() {
        let item = call.attribute_or_item(item, attribute.as_ref())?;
        total = call.evaluator.calculate(Operator::Add, &total, &item)?;
    }
    Ok(total)
}
