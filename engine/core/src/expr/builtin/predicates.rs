//! Tests: what may stand after `is`.

use super::super::call::Call;
use super::super::fault::Fault;
use super::{Builtin, Form, TEST, find};
use crate::expr::node::{Comparison, Operator};
use crate::value::Value;

pub(super) static TABLE: &[Builtin] = &[
    Builtin {
        names: &["defined"],
        usage: "is defined",
        text: "Whether the whole path is there.",
        examples: &[
            ("{'a': none}.a.b is defined", "false"),
            ("none is defined", "true"),
        ],
        run: |call| call.need("value").map(|_| Value::Bool(true)),
        ..TEST
    },
    Builtin {
        names: &["undefined"],
        usage: "is undefined",
        text: "Whether something on the path is missing.",
        examples: &[("{}.a is undefined", "true")],
        run: |call| call.need("value").map(|_| Value::Bool(false)),
        ..TEST
    },
    Builtin {
        names: &["none", "null"],
        usage: "is none",
        text: "Whether it is null.",
        examples: &[("none is none", "true"), ("0 is not none", "true")],
        run: |call| of_type(call, &["null"]),
        ..TEST
    },
    Builtin {
        names: &["boolean"],
        usage: "is boolean",
        text: "Whether it is true or false.",
        examples: &[("false is boolean", "true")],
        run: |call| of_type(call, &["boolean"]),
        ..TEST
    },
    Builtin {
        names: &["number"],
        usage: "is number",
        text: "Whether it is a number, whole or not.",
        examples: &[("1.5 is number", "true"), ("true is number", "false")],
        run: |call| of_type(call, &["integer", "number"]),
        ..TEST
    },
    Builtin {
        names: &["integer", "int"],
        usage: "is integer",
        text: "Whether it is a whole number.",
        examples: &[("1 is integer", "true"), ("1.0 is integer", "false")],
        run: |call| of_type(call, &["integer"]),
        ..TEST
    },
    Builtin {
        names: &["float"],
        usage: "is float",
        text: "Whether it is a number with a fraction, be it 0.",
        examples: &[("1.0 is float", "true")],
        run: |call| of_type(call, &["number"]),
        ..TEST
    },
    Builtin {
        names: &["string"],
        usage: "is string",
        text: "Whether it is text.",
        examples: &[("'' is string", "true")],
        run: |call| of_type(call, &["string"]),
        ..TEST
    },
    Builtin {
        names: &["sequence"],
        usage: "is sequence",
        text: "Whether it is a list.",
        examples: &[("[] is sequence", "true"), ("'' is sequence", "false")],
        run: |call| of_type(call, &["array"]),
        ..TEST
    },
    Builtin {
        names: &["mapping"],
        usage: "is mapping",
        text: "Whether it is an object.",
        examples: &[("{} is mapping", "true")],
        run: |call| of_type(call, &["object"]),
        ..TEST
    },
    Builtin {
        names: &["iterable"],
        usage: "is iterable",
        text: "Whether it has items: a list, an object or text.",
        examples: &[("'' is iterable", "true"), ("1 is iterable", "false")],
        run: |call| of_type(call, &["array", "object", "string"]),
        ..TEST
    },
    Builtin {
        names: &["true"],
        usage: "is true",
        text: "Whether it is true itself.",
        examples: &[("true is true", "true"), ("1 is true", "false")],
        run: |call| Ok(Value::Bool(call.need("value")? == Value::Bool(true))),
        ..TEST
    },
    Builtin {
        names: &["false"],
        usage: "is false",
        text: "Whether it is false itself.",
        examples: &[("false is false", "true")],
        run: |call| Ok(Value::Bool(call.need("value")? == Value::Bool(false))),
        ..TEST
    },
    Builtin {
        names: &["odd"],
        usage: "is odd",
        text: "Whether it is an odd whole number.",
        examples: &[("3 is odd", "true")],
        run: |call| divides(call, Some(2), false),
        ..TEST
    },
    Builtin {
        names: &["even"],
        usage: "is even",
        text: "Whether it is an even whole number.",
        examples: &[("4 is even", "true")],
        run: |call| divides(call, Some(2), true),
        ..TEST
    },
    Builtin {
        names: &["divisibleby"],
        usage: "is divisibleby(n)",
        text: "Whether `n` divides it.",
        examples: &[("9 is divisibleby(3)", "true")],
        run: |call| divides(call, None, true),
        ..TEST
    },
    Builtin {
        names: &["startingwith"],
        usage: "is startingwith(text)",
        text: "Whether it begins with that text.",
        examples: &[("'abc' is startingwith('a')", "true")],
        run: |call| {
            let (a, b) = texts(call)?;
            Ok(Value::Bool(a.starts_with(&*b)))
        },
        ..TEST
    },
    Builtin {
        names: &["endingwith"],
        usage: "is endingwith(text)",
        text: "Whether it ends with that text.",
        examples: &[("'abc' is endingwith('bc')", "true")],
        run: |call| {
            let (a, b) = texts(call)?;
            Ok(Value::Bool(a.ends_with(&*b)))
        },
        ..TEST
    },
    Builtin {
        names: &["lower"],
        usage: "is lower",
        text: "Whether all its letters are lower case.",
        examples: &[("'ab1' is lower", "true")],
        run: |call| cased(call, char::is_uppercase, char::is_lowercase),
        ..TEST
    },
    Builtin {
        names: &["upper"],
        usage: "is upper",
        text: "Whether all its letters are upper case.",
        examples: &[("'Ab' is upper", "false")],
        run: |call| cased(call, char::is_lowercase, char::is_uppercase),
        ..TEST
    },
    Builtin {
        names: &["eq", "equalto", "=="],
        usage: "is eq(x)",
        text: "`==`",
        examples: &[("1 is eq(1.0)", "true")],
        run: |call| compares(call, Comparison::Equal),
        ..TEST
    },
    Builtin {
        names: &["ne", "!="],
        usage: "is ne(x)",
        text: "`!=`",
        examples: &[("1 is ne(2)", "true")],
        run: |call| compares(call, Comparison::NotEqual),
        ..TEST
    },
    Builtin {
        names: &["lt", "lessthan", "<"],
        usage: "is lt(x)",
        text: "`<`",
        examples: &[("1 is lt(2)", "true")],
        run: |call| compares(call, Comparison::Less),
        ..TEST
    },
    Builtin {
        names: &["le", "<="],
        usage: "is le(x)",
        text: "`<=`",
        examples: &[("1 is le(1)", "true")],
        run: |call| compares(call, Comparison::LessOrEqual),
        ..TEST
    },
    Builtin {
        names: &["gt", "greaterthan", ">"],
        usage: "is gt(x)",
        text: "`>`",
        examples: &[("2 is gt(1)", "true")],
        run: |call| compares(call, Comparison::Greater),
        ..TEST
    },
    Builtin {
        names: &["ge", ">="],
        usage: "is ge(x)",
        text: "`>=`",
        examples: &[("2 is ge(2)", "true")],
        run: |call| compares(call, Comparison::GreaterOrEqual),
        ..TEST
    },
    Builtin {
        names: &["in"],
        usage: "is in(x)",
        text: "Whether it is an item of the list, a part of the text or a key of the object.",
        examples: &[
            ("1 is in([1, 2])", "true"),
            ("[1, 5] | select('in', [1])", "[1]"),
        ],
        run: |call| compares(call, Comparison::In),
        ..TEST
    },
    Builtin {
        names: &["sameas"],
        usage: "is sameas(x)",
        text: "Whether type and value are the same.",
        examples: &[("1 is sameas(1.0)", "false"), ("1 is sameas(1)", "true")],
        run: same,
        ..TEST
    },
    Builtin {
        names: &["filter"],
        usage: "is filter",
        text: "Whether there is a filter of that name.",
        examples: &[("'upper' is filter", "true")],
        run: |call| exists(call, Form::Filter),
        ..TEST
    },
    Builtin {
        names: &["test"],
        usage: "is test",
        text: "Whether there is a test of that name.",
        examples: &[("'odd' is test", "true")],
        run: |call| exists(call, Form::Test),
        ..TEST
    },
];

fn of_type(call: &mut Call<'_, '_>, types: &[&str]) -> Result<Value, Fault> {
    let found = call.need("value")?.type_name();
    Ok(Value::Bool(types.contains(&found)))
}

/// Tells whether a divisor, 2 or the argument, divides as `wanted`; what is no whole number is
/// neither odd nor even.
fn divides(call: &mut Call<'_, '_>, by: Option<i64>, wanted: bool) -> Result<Value, Fault> {
    let value = call.need("value")?;
    let by = match by {
        Some(by) => Value::Int(by),
        None => call.need("n")?,
    };
    if !matches!(value, Value::Int(_) | Value::BigInt(_)) {
        return Ok(Value::Bool(false));
    }
    let rest = call.evaluator.calculate(Operator::Remainder, &value, &by)?;
    Ok(Value::Bool((rest.as_f64() == Some(0.0)) == wanted))
}

type Texts = (std::sync::Arc<str>, std::sync::Arc<str>);

fn texts(call: &mut Call<'_, '_>) -> Result<Texts, Fault> {
    Ok((call.need_text("value")?, call.need_text("text")?))
}

fn cased(
    call: &mut Call<'_, '_>,
    wrong: fn(char) -> bool,
    right: fn(char) -> bool,
) -> Result<Value, Fault> {
    let text = call.need_text("value")?;
    call.evaluator.charge_bytes(text.len())?;
    Ok(Value::Bool(
        !text.chars().any(wrong) && text.chars().any(right),
    ))
}

fn compares(call: &mut Call<'_, '_>, comparison: Comparison) -> Result<Value, Fault> {
    let left = call.need("value")?;
    let right = call.need("x")?;
    let holds = call.evaluator.compares(comparison, &left, &right)?;
    Ok(Value::Bool(holds))
}

fn same(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let left = call.need("value")?;
    let right = call.need("x")?;
    let same = left.type_name() == right.type_name() && call.evaluator.equal(&left, &right)?;
    Ok(Value::Bool(same))
}

fn exists(call: &mut Call<'_, '_>, form: Form) -> Result<Value, Fault> {
    let name = call.need_text("value")?;
    Ok(Value::Bool(find(form, &name).is_some()))
}
