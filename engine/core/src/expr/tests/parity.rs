//! Where the language says nothing else, expressions give what minijinja itself gives.

use minijinja::value::ValueKind;
use minijinja::{Environment, UndefinedBehavior};
use proptest::prelude::*;

use super::World;
use crate::expr::Expression;
use crate::value::Value;

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the expressions here give no other kind"
)]
fn ours(value: &minijinja::Value) -> Value {
    match value.kind() {
        ValueKind::Bool => Value::Bool(value.is_true()),
        ValueKind::String => Value::from(value.as_str().unwrap()),
        ValueKind::Number if value.is_integer() => Value::Int(value.as_i64().unwrap()),
        ValueKind::Number => Value::Float(f64::try_from(value.clone()).unwrap()),
        ValueKind::Seq | ValueKind::Iterable => {
            Value::list(value.try_iter().unwrap().map(|item| ours(&item)).collect())
        }
        ValueKind::Map => Value::map(value.try_iter().unwrap().map(|key| {
            let item = value.get_item(&key).unwrap();
            (key.to_string(), ours(&item))
        })),
        _ => Value::Null,
    }
}

/// `None` is a failure.
fn theirs(code: &str) -> Option<Value> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let value = environment.compile_expression(code).ok()?.eval(()).ok()?;
    Some(ours(&value))
}

fn check(code: &str) {
    let mine = Expression::compile(code).unwrap().eval(&World::default());
    assert_eq!(mine.ok(), theirs(code), "{code}");
}

/// What the language leaves to minijinja.
const CODES: &[&str] = &[
    "[3, 1, 2] | sort",
    "['b', 'A', 'c'] | sort(reverse=true)",
    "['b', 'A', 'c'] | sort(case_sensitive=true)",
    "[{'n': 2, 'm': 1}, {'n': 1, 'm': 2}] | sort(attribute='n')",
    "[{'n': 2, 'm': 'b'}, {'n': 2, 'm': 'a'}] | sort(attribute='n,m')",
    "['b', 'A'] | min",
    "[1, 2.5] | max",
    "{'b': 1, 'a': 2} | dictsort",
    "{'b': 1, 'a': 2} | dictsort(by='value', reverse=true)",
    "{'a': 1, 'b': 2} | items",
    "{'a': 1, 'b': 2} | list",
    "[1, 2, 3, 4, 5] | batch(2)",
    "[1, 2, 3] | batch(2, 0)",
    "[1, 2] | chain([3])",
    "[1, 2] | zip(['a', 'b', 'c'])",
    "[1, 2, 3] | reverse",
    "'añb' | reverse",
    "'abc' | list",
    "'abc' | first",
    "[1, 2] | last",
    "[1, 2, 3] | sum",
    "[{'a': {'b': 1}}, {'a': {'b': 2}}] | map(attribute='a.b') | list",
    "['a', 'b'] | map('upper') | list",
    "[1, 2, 3] | select('odd') | list",
    "[0, 1, ''] | reject | list",
    "[{'a': 1}, {'a': 2}] | rejectattr('a', 'gt', 1) | list",
    "[1, 'a'] | join(', ')",
    "[{'a': 1}] | join('-', attribute='a')",
    "'a-b' | split('-')",
    "'a b  c' | split(none, 1)",
    "'x' | indent(2, first=true)",
    "'1.5' | float",
    "'0x1f' | int(base=16)",
    "none | int",
    "2.675 | round(2)",
    "'%5.1f|%-4s|%x' | format(2.25, 'ab', 255)",
    "'abc' is startingwith('ab')",
    "3 is divisibleby(3)",
    "'a' is in(['a'])",
    "range(5) | list",
    "range(5, 1, -2) | list",
    "range(1, 1) | list",
    "dict(a=1, b=[2])",
    "1 if false else 2 if true else 3",
    "'a' 'b'",
    "[1, 2, 3][1]",
    "{'a': {'b': 1}}['a'].b",
    "'a' ~ 'b' * 2",
    "not 1 == 2 and 3 > 2",
    "-2 ** 2",
    "2 ** 3 ** 2",
    "1 + 2 | abs",
    "-1 | abs",
    "1 is odd and 2 is even",
    "[1] + [2, 3]",
    "(1, 2)",
    "'a\\tb\\u00e9\\x41'",
    "1_000 + 0x10 + 0b11",
];

#[test]
fn filters_agree_with_minijinja() {
    let show = |code: &&str| {
        let mine = Expression::compile(code).unwrap().eval(&World::default());
        let (mine, theirs) = (mine.ok(), theirs(code));
        (mine != theirs || theirs.is_none()).then(|| format!("{code}: {mine:?}, not {theirs:?}"))
    };
    let different: Vec<String> = CODES.iter().filter_map(show).collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// An expression of numbers.
fn numbers() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (-20_i32..20).prop_map(|n| n.to_string()),
        (-20_i32..20).prop_map(|n| format!("{}", f64::from(n) / 4.0 + 0.125)),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let operator = prop::sample::select(vec!["+", "-", "*", "/", "//", "%"]);
        (inner.clone(), operator, inner, any::<bool>()).prop_map(|(a, op, b, brackets)| {
            if brackets {
                format!("({a} {op} {b})")
            } else {
                format!("{a} {op} {b}")
            }
        })
    })
}

proptest! {
    #[test]
    fn numbers_agree_with_minijinja(a in numbers(), b in numbers(), c in numbers()) {
        check(&a);
        check(&format!("{a} < {b} <= {c}"));
        check(&format!("{a} == {b}"));
        check(&format!("-({a}) if {b} > {c} else {c}"));
        check(&format!("{a} and {b} or not {c}"));
    }

    #[test]
    fn slices_agree_with_minijinja(
        start in prop::option::of(-7_i64..7),
        stop in prop::option::of(-7_i64..7),
        step in prop::option::of(-4_i64..4),
        length in 0_i64..6,
    ) {
        let part = |bound: Option<i64>| bound.map_or(String::new(), |bound| bound.to_string());
        let cut = format!("[{}:{}:{}]", part(start), part(stop), part(step));
        let items: Vec<i64> = (0..length).collect();
        check(&format!("{items:?}{cut}"));
        check(&format!("'åbcdefg'{cut}"));
    }
}
