//! minijinja's own filters of texts and numbers, which run in its own state.

use std::sync::LazyLock;

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, State, Value as Foreign};

use super::super::call::Call;
use super::super::fault::Fault;
use super::super::number::{float, whole};
use super::super::path::with_article;
use super::super::text::check_length;
use super::{Builtin, FILTER};
use crate::expr::MAX_STEPS;
use crate::value::Value;

pub(super) static TABLE: &[Builtin] = &[
    Builtin {
        names: &["upper"],
        usage: "upper",
        text: "In upper case.",
        examples: &[("'ab' | upper", r#""AB""#)],
        run: text,
        ..FILTER
    },
    Builtin {
        names: &["lower"],
        usage: "lower",
        text: "In lower case.",
        examples: &[("'AB' | lower", r#""ab""#)],
        run: text,
        ..FILTER
    },
    Builtin {
        names: &["title"],
        usage: "title",
        text: "With a capital at the beginning of each word.",
        examples: &[("'the end' | title", r#""The End""#)],
        run: text,
        ..FILTER
    },
    Builtin {
        names: &["capitalize"],
        usage: "capitalize",
        text: "With a capital at the beginning, all else in lower case.",
        examples: &[("'the END' | capitalize", r#""The end""#)],
        run: text,
        ..FILTER
    },
    Builtin {
        names: &["trim"],
        usage: "trim(chars=)",
        text: "Without white space, or these characters, at its ends.",
        examples: &[
            ("'  a ' | trim", r#""a""#),
            ("'--a-' | trim('-')", r#""a""#),
        ],
        run: text,
        ..FILTER
    },
    Builtin {
        names: &["replace"],
        usage: "replace(from, to, count=)",
        text: "With `to` in place of `from`, everywhere or `count` times.",
        examples: &[
            ("'a-b-c' | replace('-', '+')", r#""a+b+c""#),
            ("'aaa' | replace('a', 'b', count=2)", r#""bba""#),
        ],
        run: text,
        ..FILTER
    },
    Builtin {
        names: &["split"],
        usage: "split(at=, max=)",
        text: "Its parts between `at`, or between white space.",
        examples: &[
            ("'a,b' | split(',')", r#"["a","b"]"#),
            ("' a  b ' | split", r#"["a","b"]"#),
        ],
        run: text,
        ..FILTER
    },
    Builtin {
        names: &["lines"],
        usage: "lines",
        text: "Its lines.",
        examples: &[(r#"'a\nb' | lines"#, r#"["a","b"]"#)],
        run: text,
        ..FILTER
    },
    Builtin {
        names: &["indent"],
        usage: "indent(width=4, first=false, blank=false)",
        text: "With every line but the first moved to the right.",
        examples: &[(r#"'a\nb' | indent(2)"#, r#""a\n  b""#)],
        run: text,
        ..FILTER
    },
    Builtin {
        names: &["format"],
        usage: "format(…)",
        text: "A printf format filled in.",
        examples: &[
            ("'%s-%03d' | format('a', 7)", r#""a-007""#),
            ("'%.2f' | format(1.5)", r#""1.50""#),
        ],
        run: text,
        ..FILTER
    },
    Builtin {
        names: &["escape", "e"],
        usage: "escape",
        text: "Fit for HTML.",
        examples: &[("'<a>' | escape", r#""&lt;a&gt;""#)],
        run: text,
        ..FILTER
    },
    Builtin {
        names: &["urlencode"],
        usage: "urlencode",
        text: "Fit for a URL: a text, or an object as a query.",
        examples: &[
            ("'a b/ü' | urlencode", r#""a%20b/%C3%BC""#),
            ("{'q': 'a b', 'n': 1} | urlencode", r#""q=a%20b&n=1""#),
        ],
        run: urlencode,
        ..FILTER
    },
    Builtin {
        names: &["int"],
        usage: "int(default=, base=10)",
        text: "As a whole number; what is none gives `default`.",
        examples: &[
            ("'12' | int", "12"),
            ("'x' | int(default=0)", "0"),
            ("'ff' | int(base=16)", "255"),
            ("1.9 | int", "1"),
        ],
        run: number,
        ..FILTER
    },
    Builtin {
        names: &["float"],
        usage: "float(default=)",
        text: "As a number with a fraction.",
        examples: &[("'1.5' | float", "1.5"), ("2 | float", "2.0")],
        run: number,
        ..FILTER
    },
    Builtin {
        names: &["round"],
        usage: "round(precision=0, method='common')",
        text: "Rounded; `method` is `common`, `ceil` or `floor`.",
        examples: &[
            ("1.256 | round(2)", "1.26"),
            ("1.2 | round(method='ceil')", "2.0"),
        ],
        run: number,
        ..FILTER
    },
    Builtin {
        names: &["abs"],
        usage: "abs",
        text: "Without its sign.",
        examples: &[("-3 | abs", "3")],
        run: number,
        ..FILTER
    },
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_fuel(Some(MAX_STEPS));
    environment
});

/// A filter of text: numbers are taken as they are, all else as text.
fn text(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let subject = call.need("value")?;
    let all_text = matches!(call.builtin.name(), "format" | "replace");
    let mut arguments = vec![as_text(call, subject)?];
    for value in call.rest() {
        let value = call.evaluator.opened(value);
        let plain = value.is_null() || !all_text;
        arguments.push(if plain {
            foreign(call, &value)?
        } else {
            as_text(call, value)?
        });
    }
    run(call, arguments)
}

/// A filter of numbers, which may also be written as text.
fn number(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let subject = call.need("value")?;
    let mut arguments = vec![foreign(call, &subject)?];
    for value in call.rest() {
        let value = call.evaluator.opened(value);
        arguments.push(foreign(call, &value)?);
    }
    run(call, arguments)
}

fn urlencode(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let subject = call.need("value")?;
    let Value::Map(map) = &subject else {
        let subject = as_text(call, subject)?;
        return run(call, vec![subject]);
    };
    let mut query = String::new();
    for (name, value) in map.iter().filter(|(_, value)| !value.is_null()) {
        for (sign, part) in [('&', Value::Text(name.clone())), ('=', value.clone())] {
            if !query.is_empty() {
                query.push(sign);
            }
            let part = as_text(call, part)?;
            let part = run(call, vec![part])?;
            call.evaluator.push_text(&mut query, &part)?;
        }
    }
    Ok(Value::from(query))
}

/// Calls minijinja's filter of the same name. What it consumed is charged.
fn run(call: &mut Call<'_, '_>, mut arguments: Vec<Foreign>) -> Result<Value, Fault> {
    let named = call.rest_named();
    if !named.is_empty() {
        let mut pairs = Vec::with_capacity(named.len());
        for (name, value) in &named {
            let value = call.evaluator.open(value).clone();
            pairs.push((name.to_string(), foreign(call, &value)?));
        }
        arguments.push(Kwargs::from_iter(pairs).into());
    }
    let name = call.builtin.name();
    let state = call
        .evaluator
        .builtins
        .get_or_insert_with(|| Box::new(ENVIRONMENT.empty_state()));
    let before = consumed(state);
    let outcome = state.apply_filter(name, &arguments);
    let steps = consumed(state).saturating_sub(before);
    call.evaluator
        .charge(usize::try_from(steps).unwrap_or(usize::MAX))?;
    match outcome {
        Ok(value) => ours(call, &value),
        Err(error) => Err(call.fault("fails").with_detail(error.to_string())),
    }
}

fn consumed(state: &State<'_, '_>) -> u64 {
    state.fuel_levels().map_or(0, |(consumed, _)| consumed)
}

fn as_text(call: &mut Call<'_, '_>, value: Value) -> Result<Foreign, Fault> {
    if matches!(value, Value::Int(_) | Value::BigInt(_) | Value::Float(_)) {
        return foreign(call, &value);
    }
    let text = call.evaluator.text_of(&value)?;
    call.evaluator.charge_bytes(text.len())?;
    Ok(Foreign::from(text))
}

fn foreign(call: &Call<'_, '_>, value: &Value) -> Result<Foreign, Fault> {
    Ok(match value.exposed() {
        Value::Null => Foreign::from(()),
        Value::Bool(value) => Foreign::from(*value),
        Value::Int(value) => Foreign::from(*value),
        Value::BigInt(value) => Foreign::from(*value),
        Value::Float(value) => Foreign::from(*value),
        Value::Text(text) => Foreign::from(text.clone()),
        Value::List(_) | Value::Map(_) | Value::Secret(_) => {
            let found = with_article(value.type_name());
            return Err(call.fault(&format!("does not take {found}")));
        }
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the filters here give no other kind"
)]
/// Converts what a filter gave: a scalar, or a list of texts.
fn ours(call: &mut Call<'_, '_>, value: &Foreign) -> Result<Value, Fault> {
    if let Some(text) = value.to_str() {
        check_length(text.len())?;
        call.evaluator.charge_bytes(text.len())?;
        return Ok(Value::Text(text));
    }
    match value.kind() {
        ValueKind::None => Ok(Value::Null),
        ValueKind::Bool => Ok(Value::Bool(value.is_true())),
        ValueKind::Number if value.is_integer() => {
            let number = i128::try_from(value.clone()).unwrap_or(i128::MAX);
            whole(number, number > i64::MAX.into())
        }
        ValueKind::Number => float(f64::try_from(value.clone()).unwrap_or(f64::NAN)),
        ValueKind::Seq | ValueKind::Iterable => {
            let mut items = Vec::new();
            for item in value.try_iter().into_iter().flatten() {
                call.evaluator.charge(1)?;
                items.push(item.to_str().map_or(Value::Null, Value::Text));
            }
            Ok(Value::list(items))
        }
        _ => Err(call.fault("gives no JSON value")),
    }
}
