//! No text and no value makes an expression panic or run on.

use std::sync::Arc;

use proptest::prelude::*;

use super::{World, json};
use crate::expr::{Completion, Condition, Expression, Iteration, Template};
use crate::value::Value;

/// Any JSON value, a few levels deep.
pub(super) fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-3_i64..70).prop_map(Value::Int),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        "[a-c0-9.%-]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::list),
            prop::collection::vec(("[a-c.]{0,2}", inner), 0..5).prop_map(Value::map),
        ]
    })
}

/// Pieces of the language, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let names = names();
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "a", "b", "vars", "vars.a", "vars.b", "parameters.a", "task.t", "task.t.result", "item",
            "index", "batch", "system", "pack.config", "kv.get('a')", "kv.get_secret('s')", "result()",
            "error()", "loop", "self",
        ]).prop_map(str::to_owned),
        3 => prop::sample::select(vec![
            " + ", " - ", " * ", " / ", " // ", " % ", " ** ", " ~ ", " == ", " != ", " < ", " >= ",
            " in ", " not in ", " and ", " or ", " not ", " if ", " else ", " is ", " is not ", " | ",
            ".", ",", ":", "=", "?", "-", "*", "**",
        ]).prop_map(str::to_owned),
        3 => prop::sample::select(vec!["(", ")", "[", "]", "{", "}", "[0]", "[-1]", "[::-1]", "['a']", "()", "(1)"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["1", "0", "-1", "1.5", "9223372036854775807", "''", "'a'", "'%s%d'", "none", "true", "[]", "{}", "[1,'a']", "{'a':1}", "\"é\\n\"", "1e308"]).prop_map(str::to_owned),
        3 => prop::sample::select(names).prop_map(|name| name.to_owned()),
        1 => "\\PC{0,3}",
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

/// Calls of everything with anything.
fn calls() -> impl Strategy<Value = String> {
    let argument = prop::sample::select(vec![
        "a",
        "b",
        "vars.a",
        "vars.b",
        "[a, b]",
        "'a'",
        "1",
        "-1",
        "0",
        "none",
        "'upper'",
        "'odd'",
        "2147483648",
        "9223372036854775807",
        "attribute='a'",
        "default=b",
        "reverse=true",
        "**b",
        "*a",
        "count=a",
        "depth=a",
        "'gt'",
        "a.b",
        "99999",
        "1.5",
        "step=a",
        "indent=a",
        "'%99999999s'",
        "'%.*f'",
        "base=a",
        "precision=a",
    ]);
    let arguments = prop::collection::vec(argument, 0..4).prop_map(|args| args.join(", "));
    let subject = prop::sample::select(vec![
        "a",
        "b",
        "[a, b]",
        "vars",
        "'a,b'",
        "{'a': a, 'b': b}",
        "[b, b, a]",
    ]);
    let form = prop::sample::select(vec![
        "{s} | {n}({a})",
        "{n}({s}, {a})",
        "{s} is {n}({a})",
        "[{s}, a] | map('{n}', {a})",
        "[a, b] | select('{n}', {a})",
        "{s} | {n}",
        "{n}({a})",
    ]);
    (subject, prop::sample::select(names()), arguments, form).prop_map(
        |(subject, name, arguments, form)| {
            form.replace("{s}", subject)
                .replace("{n}", name)
                .replace("{a}", &arguments)
        },
    )
}

fn names() -> Vec<&'static str> {
    let builtins = crate::expr::builtin::tables();
    builtins
        .into_iter()
        .flatten()
        .map(|builtin| builtin.name())
        .collect()
}

fn world(a: Value, b: Value, iterates: bool) -> World {
    World {
        vars: Value::map([("a", a.clone()), ("b", b.clone().secret())]),
        parameters: Value::map([("a", b.clone())]),
        tasks: Value::map([("t", Value::map([("result", a.clone())]))]),
        facts: [(super::kv("a"), a.clone())].into_iter().collect(),
        iteration: iterates.then(|| Iteration {
            item: b.clone(),
            index: u32::MAX,
            batch: Some((0, 1, u32::MAX)),
        }),
        completion: iterates.then(|| Completion {
            result: a,
            error: b,
            succeeded: true,
            failed: false,
            timed_out: false,
            skipped: false,
            attempt: Some(1),
        }),
    }
}

/// Compiles and runs a text in every way; what comes out must be an honest value.
fn run(text: &str, world: &World) {
    let results = [
        Expression::compile(text).ok().map(|e| e.eval(world)),
        Template::compile(&Value::from(text))
            .ok()
            .map(|t| t.render(world)),
        Template::compile(&Value::from(format!("x{{{{{text}}}}}")))
            .ok()
            .map(|t| t.render(world)),
    ];
    for value in results.into_iter().flatten().flatten() {
        assert!(value.depth() <= 65 && finite(&value), "{text}: {value:?}");
    }
    if let Ok(condition) = Condition::compile(text) {
        drop(condition.eval(world));
        for read in &condition.references().reads {
            assert!(
                text.get(read.offset..read.offset + read.len).is_some(),
                "{text}: {read:?}"
            );
        }
    }
}

fn finite(value: &Value) -> bool {
    let items = value.as_list().unwrap_or_default().iter();
    let members = value.as_map().into_iter().flat_map(|map| map.values());
    let number = value.as_f64().is_none_or(f64::is_finite);
    number && items.chain(members).all(finite)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_text_is_survived(text in "\\PC{0,40}") {
        run(&text, &World::default());
    }

    #[test]
    fn any_pieces_are_survived(text in pieces(), a in values(), b in values(), iterates: bool) {
        run(&text, &world(a, b, iterates));
    }

    #[test]
    fn any_call_is_survived(text in calls(), a in values(), b in values(), iterates: bool) {
        run(&text, &world(a, b, iterates));
    }

    #[test]
    fn equal_values_have_one_identity(a in values(), b in values()) {
        let world = world(a.clone(), b, false);
        let unique = Expression::compile("[vars.a, parameters.a, vars.a] | unique | length").unwrap();
        let equal = Expression::compile("2 - (vars.a == parameters.a)").unwrap();
        prop_assert_eq!(unique.eval(&world), equal.eval(&world));
    }
}

#[test]
fn long_and_deep_texts_are_survived() {
    let world = World {
        vars: json(r#"{"a": {"a": 1}}"#),
        ..World::default()
    };
    for unit in [
        "(",
        "[",
        "{",
        "{'a':",
        "-",
        "not ",
        "a.",
        "a|abs|",
        "1+",
        "a if a else ",
        "a[",
        "f(",
        "a?",
        "'",
        "a is ",
        "a~",
        "a ** ",
        "a if a ",
        "{{",
        "}}",
        "\\",
    ] {
        for count in [10, 60, 100, 1000, 5000] {
            let text = unit.repeat(count);
            run(&text, &world);
            run(&format!("{text}1"), &world);
            run(&format!("{text}1{}", ")".repeat(count)), &world);
        }
    }
    let path: Arc<str> = Arc::from(format!("vars{}", ".a".repeat(900)));
    run(&path, &world);
}
