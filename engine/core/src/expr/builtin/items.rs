//! Going through the items of a list.

use super::super::call::Call;
use super::super::fault::Fault;
use super::{Builtin, FILTER, Form, find, similar};
use crate::expr::evaluator::truth;
use crate::value::Map;
use crate::value::Value;

pub(super) static TABLE: &[Builtin] = &[
    Builtin {
        names: &["map"],
        usage: "map(attribute=, default=) or map('filter', …)",
        text: "Every item's attribute, or every item through a filter.",
        examples: &[
            (
                "[{'n': {'m': 1}}, {}] | map(attribute='n.m', default=0)",
                "[1,0]",
            ),
            ("['a', 'b'] | map('upper')", r#"["A","B"]"#),
            ("[[1, 2], [3]] | map('length')", "[2,1]"),
        ],
        run: map,
        ..FILTER
    },
    Builtin {
        names: &["select"],
        usage: "select('test', …)",
        text: "The items for which the test holds; without one, those that are true.",
        examples: &[
            ("[1, 2, 3] | select('odd')", "[1,3]"),
            ("[1, 5] | select('gt', 2)", "[5]"),
            ("[0, 1, ''] | select", "[1]"),
        ],
        run: |call| select(call, false, true),
        ..FILTER
    },
    Builtin {
        names: &["reject"],
        usage: "reject('test', …)",
        text: "The items for which the test does not hold.",
        examples: &[("[1, 2, 3] | reject('odd')", "[2]")],
        run: |call| select(call, false, false),
        ..FILTER
    },
    Builtin {
        names: &["selectattr"],
        usage: "selectattr(attribute, 'test', …)",
        text: "The items for whose attribute the test holds; without one, those whose attribute is true.",
        examples: &[
            (
                "[{'n': 1}, {'n': 2}] | selectattr('n', 'gt', 1)",
                r#"[{"n":2}]"#,
            ),
            (
                "[{'n': 1}, {}] | selectattr('n', 'defined')",
                r#"[{"n":1}]"#,
            ),
        ],
        run: |call| select(call, true, true),
        ..FILTER
    },
    Builtin {
        names: &["rejectattr"],
        usage: "rejectattr(attribute, 'test', …)",
        text: "The items for whose attribute the test does not hold.",
        examples: &[(
            "[{'n': 1}, {'n': 2}] | rejectattr('n', 'eq', 1)",
            r#"[{"n":2}]"#,
        )],
        run: |call| select(call, true, false),
        ..FILTER
    },
    Builtin {
        names: &["filter"],
        usage: "filter(attribute=value, …)",
        text: "The objects whose attributes all have these values.",
        examples: &[(
            "[{'n': 1, 'on': true}, {'n': 2, 'on': true}, {}] | filter(on=true, n=2)",
            r#"[{"n":2,"on":true}]"#,
        )],
        run: filter,
        ..FILTER
    },
    Builtin {
        names: &["attr"],
        usage: "attr(name)",
        text: "The member of that name; missing if there is none.",
        examples: &[("{'a-b': 1} | attr('a-b')", "1")],
        run: attr,
        ..FILTER
    },
    Builtin {
        names: &["default", "d"],
        usage: "default(other='', lax=false)",
        text: "The value, or `other` if it is missing anywhere on its path; with `lax` also if it is false, null or empty.",
        examples: &[
            ("{'a': none}.a.b.c | default('none')", r#""none""#),
            ("none | default(1)", "null"),
            ("'' | default('x', true)", r#""x""#),
        ],
        run: default,
        ..FILTER
    },
];

fn map(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let items = call.need_items("items")?;
    if let Some(attribute) = call.take_named("attribute") {
        let default = call.take_named("default");
        return items
            .iter()
            .map(|item| call.attribute_with(item, &attribute, default.as_ref()))
            .collect::<Result<_, _>>()
            .map(Value::list);
    }
    let name = call.need_text("filter")?;
    let filter = find(Form::Filter, &name).ok_or_else(|| unknown(Form::Filter, &name))?;
    let (rest, named) = (call.rest(), call.rest_named());
    items
        .iter()
        .map(|item| {
            let item = call.evaluator.open(item).clone();
            let arguments = std::iter::once(item).chain(rest.iter().cloned()).collect();
            call.evaluator.apply(filter, arguments, named.clone())
        })
        .collect::<Result<_, _>>()
        .map_err(Fault::strict)
        .map(Value::list)
}

fn select(call: &mut Call<'_, '_>, by_attribute: bool, wanted: bool) -> Result<Value, Fault> {
    let items = call.need_items("items")?;
    let attribute = if by_attribute {
        Some(call.need("attribute")?)
    } else {
        None
    };
    let test = call.text("test")?;
    let rest = call.rest();
    let mut out = Vec::new();
    for item in items.iter() {
        let passes = match (&attribute, test.as_deref()) {
            (Some(attribute), Some("defined")) => call.attribute(item, attribute)?.is_some(),
            (Some(attribute), Some("undefined")) => call.attribute(item, attribute)?.is_none(),
            (attribute, test) => {
                let value = call.attribute_or_item(item, attribute.as_ref())?;
                passes(call, value, test, &rest)?
            }
        };
        if passes == wanted {
            out.push(item.clone());
        }
    }
    Ok(Value::list(out))
}

fn passes(
    call: &mut Call<'_, '_>,
    value: Value,
    test: Option<&str>,
    rest: &[Value],
) -> Result<bool, Fault> {
    let Some(name) = test else {
        return Ok(truth(&value));
    };
    let test = find(Form::Test, name).ok_or_else(|| unknown(Form::Test, name))?;
    let arguments = std::iter::once(value).chain(rest.iter().cloned()).collect();
    let holds = call.evaluator.apply(test, arguments, Map::new())?;
    Ok(truth(&holds))
}

/// The name may come from a value.
fn unknown(form: Form, name: &str) -> Fault {
    let noun = form.noun();
    let near = similar(form, name).map(|near| format!(", did you mean `{near}`?"));
    let detail = format!("there is no {noun} `{name}`{}", near.unwrap_or_default());
    Fault::failed(format!("unknown {noun}")).with_detail(detail)
}

fn filter(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let items = call.need_items("items")?;
    let wanted = call.rest_named();
    let mut out = Vec::new();
    for item in items.iter() {
        let mut matches = true;
        for (name, value) in &wanted {
            let name = Value::Text(name.clone());
            matches = match call.attribute(item, &name)? {
                Some(found) => call.evaluator.equal(&found, value)?,
                None => false,
            };
            if !matches {
                break;
            }
        }
        if matches {
            out.push(item.clone());
        }
    }
    Ok(Value::list(out))
}

fn attr(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let value = call.need("value")?;
    let name = call.need_text("name")?;
    value.get(&name).cloned().ok_or_else(|| {
        let detail = format!("it has no `{name}`");
        Fault::undefined("there is no such attribute").with_detail(detail)
    })
}

/// By name, in `map('default', …)`; written as a filter it is compiled, because its subject may
/// be missing.
fn default(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let value = call.need("value")?;
    let other = call.take("other").unwrap_or_else(|| Value::text(""));
    let lax = call.take("lax").is_some_and(|lax| truth(&lax));
    Ok(if lax && !truth(&value) { other } else { value })
}

impl Call<'_, '_> {
    /// Finds an attribute of an item: a key, a place, or several with dots between them.
    fn attribute(&mut self, item: &Value, attribute: &Value) -> Result<Option<Value>, Fault> {
        let mut current = self.evaluator.open(item);
        if let Value::Int(index) = attribute {
            return Ok(current
                .as_list()
                .and_then(|items| at(items, *index))
                .cloned());
        }
        let path = self.as_text("attribute", attribute)?;
        for name in path.split('.') {
            self.evaluator.charge(1)?;
            let place = name.parse().ok();
            let next = match (current, place) {
                (Value::List(items), Some(index)) => at(items, index),
                (current, _) => current.get(name),
            };
            match next {
                Some(next) => current = self.evaluator.open(next),
                None => return Ok(None),
            }
        }
        Ok(Some(current.clone()))
    }

    /// An attribute that must be there if there is no default.
    pub(super) fn attribute_with(
        &mut self,
        item: &Value,
        attribute: &Value,
        default: Option<&Value>,
    ) -> Result<Value, Fault> {
        match (self.attribute(item, attribute)?, default) {
            (Some(value), _) => Ok(value),
            (None, Some(default)) => Ok(default.clone()),
            (None, None) => {
                let name = attribute.as_str().unwrap_or("…");
                let fault = self.fault("finds an item without the attribute");
                Err(fault.with_detail(format!("it has no `{name}`")))
            }
        }
    }

    /// An item's attribute, or the item itself.
    pub(super) fn attribute_or_item(
        &mut self,
        item: &Value,
        attribute: Option<&Value>,
    ) -> Result<Value, Fault> {
        match attribute {
            Some(attribute) if !attribute.is_null() => self.attribute_with(item, attribute, None),
            _ => Ok(self.evaluator.open(item).clone()),
        }
    }

    /// A text in lower case; other values as they are.
    pub(super) fn folded(&mut self, value: Value) -> Result<Value, Fault> {
        if let Value::Text(text) = &value {
            self.evaluator.charge_bytes(text.len())?;
            return Ok(Value::from(text.to_lowercase()));
        }
        Ok(value)
    }
}

fn at(items: &[Value], index: i64) -> Option<&Value> {
    items.get(crate::expr::path::position(index, items.len())?)
}
