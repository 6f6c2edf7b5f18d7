//! Sorting and grouping. Order ignores the case of letters unless told otherwise, as in Jinja.

use super::super::call::Call;
use super::super::fault::Fault;
use super::{Builtin, FILTER};
use crate::value::Value;
use std::cmp::Ordering;
use std::collections::BTreeMap;

pub(super) static TABLE: &[Builtin] = &[
    Builtin {
        names: &["sort"],
        usage: "sort(reverse=false, attribute=, case_sensitive=false)",
        text: "The items in order; equal ones stay as they were. `attribute` may name several, separated by commas.",
        examples: &[
            ("[3, 1, 2] | sort", "[1,2,3]"),
            ("['b', 'A'] | sort(reverse=true)", r#"["b","A"]"#),
            (
                "[{'n': 2}, {'n': 1}] | sort(attribute='n')",
                r#"[{"n":1},{"n":2}]"#,
            ),
        ],
        run: sort,
        ..FILTER
    },
    Builtin {
        names: &["min"],
        usage: "min(attribute=, case_sensitive=false)",
        text: "The least item; missing if there is none.",
        examples: &[("[3, 1, 2] | min", "1")],
        run: |call| extreme(call, Ordering::Less),
        ..FILTER
    },
    Builtin {
        names: &["max"],
        usage: "max(attribute=, case_sensitive=false)",
        text: "The greatest item; missing if there is none.",
        examples: &[("[{'n': 2}, {'n': 1}] | max(attribute='n')", r#"{"n":2}"#)],
        run: |call| extreme(call, Ordering::Greater),
        ..FILTER
    },
    Builtin {
        names: &["dictsort"],
        usage: "dictsort(by='key', reverse=false, case_sensitive=false)",
        text: "The members of an object as `[key, value]`, in the order of their keys or values.",
        examples: &[
            ("{'b': 1, 'a': 2} | dictsort", r#"[["a",2],["b",1]]"#),
            (
                "{'b': 1, 'a': 2} | dictsort(by='value')",
                r#"[["b",1],["a",2]]"#,
            ),
        ],
        run: dictsort,
        ..FILTER
    },
    Builtin {
        names: &["groupby"],
        usage: "groupby(attribute, default=, case_sensitive=true)",
        text: "The items by their attribute, in its order: a list of `{grouper, list}`.",
        examples: &[
            (
                "[{'k': 'b', 'n': 1}, {'k': 'a', 'n': 2}, {'k': 'b', 'n': 3}] | groupby('k') | map(attribute='grouper')",
                r#"["a","b"]"#,
            ),
            (
                "[{'k': 1}] | groupby('k')",
                r#"[{"grouper":1,"list":[{"k":1}]}]"#,
            ),
        ],
        run: groupby,
        ..FILTER
    },
];

/// An item and what it is sorted by.
type Keyed = (Vec<Value>, Value);

fn sort(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let items = call.need_items("items")?;
    let reverse = call.flag("reverse");
    let attribute = call.take_named("attribute");
    let case_sensitive = call.flag("case_sensitive");
    let attributes = split_attributes(attribute);
    let mut keyed = Vec::with_capacity(items.len());
    for item in items.iter() {
        let mut keys = Vec::with_capacity(attributes.len());
        for attribute in &attributes {
            let key = call.attribute_or_item(item, attribute.as_ref())?;
            keys.push(if case_sensitive {
                key
            } else {
                call.folded(key)?
            });
        }
        keyed.push((keys, item.clone()));
    }
    let sorted = merge_sort(call, keyed, reverse)?;
    Ok(Value::list(
        sorted.into_iter().map(|(_, item)| item).collect(),
    ))
}

/// `a,b` as two attributes; no attribute is the item itself.
fn split_attributes(attribute: Option<Value>) -> Vec<Option<Value>> {
    match attribute {
        Some(Value::Text(names)) => names
            .split(',')
            .map(|name| Some(Value::from(name.trim())))
            .collect(),
        other => vec![other],
    }
}

/// The standard sort cannot stop at a fault.
fn merge_sort(
    call: &mut Call<'_, '_>,
    mut keyed: Vec<Keyed>,
    reverse: bool,
) -> Result<Vec<Keyed>, Fault> {
    if keyed.len() < 2 {
        return Ok(keyed);
    }
    let right = keyed.split_off(keyed.len() / 2);
    let left = merge_sort(call, keyed, reverse)?;
    let right = merge_sort(call, right, reverse)?;
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let order = order_of_keys(call, &a.0, &b.0)?;
        let order = if reverse { order.reverse() } else { order };
        out.extend(if order.is_gt() {
            right.next()
        } else {
            left.next()
        });
    }
    out.extend(left.chain(right));
    Ok(out)
}

fn order_of_keys(call: &mut Call<'_, '_>, a: &[Value], b: &[Value]) -> Result<Ordering, Fault> {
    for (a, b) in a.iter().zip(b) {
        let order = if a.is_null() && b.is_null() {
            Ordering::Equal
        } else {
            call.evaluator.order(a, b)?
        };
        if order.is_ne() {
            return Ok(order);
        }
    }
    Ok(Ordering::Equal)
}

fn extreme(call: &mut Call<'_, '_>, wanted: Ordering) -> Result<Value, Fault> {
    let items = call.need_items("items")?;
    let attribute = call.take_named("attribute");
    let case_sensitive = call.flag("case_sensitive");
    let mut best: Option<(Value, Value)> = None;
    for item in items.iter() {
        let key = call.attribute_or_item(item, attribute.as_ref())?;
        let key = if case_sensitive {
            key
        } else {
            call.folded(key)?
        };
        let better = match &best {
            None => true,
            Some((least, _)) => call.evaluator.order(&key, least)? == wanted,
        };
        if better {
            best = Some((key, item.clone()));
        }
    }
    best.map(|(_, item)| item).ok_or_else(|| {
        let name = call.builtin.name();
        Fault::undefined(format!("there is no `{name}` of what is empty"))
    })
}

fn dictsort(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let map = call.need_map("object")?;
    let by_value = call.text("by")?.as_deref() == Some("value");
    let reverse = call.flag("reverse");
    let case_sensitive = call.flag("case_sensitive");
    let mut keyed = Vec::with_capacity(map.len());
    for (name, value) in map.iter() {
        let key = if by_value {
            value.clone()
        } else {
            Value::Text(name.clone())
        };
        let key = if case_sensitive {
            key
        } else {
            call.folded(key)?
        };
        let pair = Value::list(vec![Value::Text(name.clone()), value.clone()]);
        keyed.push((vec![key], pair));
    }
    let sorted = merge_sort(call, keyed, reverse)?;
    Ok(Value::list(
        sorted.into_iter().map(|(_, pair)| pair).collect(),
    ))
}

fn groupby(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let items = call.need_items("items")?;
    let attribute = call.need("attribute")?;
    let default = call.take("default");
    let case_sensitive = call.take_named("case_sensitive") != Some(Value::Bool(false));
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for item in items.iter() {
        let grouper = call.attribute_with(item, &attribute, default.as_ref())?;
        let key = if case_sensitive {
            grouper.clone()
        } else {
            call.folded(grouper.clone())?
        };
        let mut identity = String::new();
        call.evaluator.identity(&mut identity, &key)?;
        let place = *places.entry(identity).or_insert(groups.len());
        if place == groups.len() {
            groups.push((grouper, Vec::new()));
        }
        groups[place].1.push(item.clone());
    }
    let keyed = groups.into_iter().map(|(grouper, list)| {
        let group = [("grouper", grouper.clone()), ("list", Value::list(list))];
        (vec![grouper], Value::map(group))
    });
    let sorted = merge_sort(call, keyed.collect(), false)?;
    Ok(Value::list(
        sorted.into_iter().map(|(_, group)| group).collect(),
    ))
}
