//! Limits on steps, sizes and depth.

use super::{World, check, check_fails, json};
use crate::expr::Template;
use crate::value::Value;

#[test]
fn steps_are_limited() {
    check("range(50000) | length", "50000");
    for code in [
        "range(200000)",
        "range(-9223372036854775807, 9223372036854775807)",
        "product(range(1000), range(1000))",
        "product(a=range(100), b=range(100), c=range(100), d=range(100))",
        "range(30000) | map('string') | map('upper') | list",
        "range(50000) | sort",
        "[0] * 1000000",
        "(range(300) * 300) | unique",
        "(range(90000) | list) + (range(90000) | list)",
        "zip(*([range(1000)] * 1000))",
        "[range(1000)] * 101 == [range(1000)] * 101",
        "([[]] * 4000) | map('chain', *([[]] * 4000))",
    ] {
        check_fails(code, &["more than 100000 steps"]);
    }
}

#[test]
fn texts_are_limited() {
    for code in [
        "'ab' * 600000",
        "('x' * 1000000) ~ ('y' * 1000000)",
        "('x' * 1000000) + ('y' * 1000000)",
        "[('x' * 1000000), ('y' * 1000000)] | join",
        "[('x' * 1000000), ('y' * 1000000)] | to_json",
        "'%2000000s' | format('x')",
        "('x' * 1000) | replace('x', 'y' * 1000000)",
        "('x\\n' * 100) | indent(100000)",
    ] {
        check_fails(code, &[]);
    }
    let twice = Value::from("{{ 'x' * 1000000 }}{{ 'y' * 1000000 }}");
    let error = Template::compile(&twice).unwrap().render(&World::default());
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("longer than 1048576 bytes")
    );
}

#[test]
fn depth_is_limited() {
    let mut deep = json("[]");
    for _ in 0..62 {
        deep = Value::list(vec![deep]);
    }
    let world = World {
        vars: Value::map([("deep", deep)]),
        ..World::default()
    };
    let show = |code: &str| super::shown(code, &world);
    assert!(!show("vars.deep").starts_with('!'));
    assert!(!show("[vars.deep]").starts_with('!'));
    assert!(show("[[vars.deep]]").contains("nested more than 64 levels"));
    let template = json(r#"{"a": ["{{ vars.deep }}"]}"#);
    let error = Template::compile(&template).unwrap().render(&world);
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("nested more than 64 levels")
    );
}

#[test]
fn long_chains_are_shallow() {
    let sum = vec!["1"; 900].join(" + ");
    check(&sum, "900");
    let text = vec!["'a'"; 900].join(" ~ ");
    check(&format!("({text}) | length"), "900");
    let all = vec!["true"; 900].join(" and ");
    check(&all, "true");
    check_fails(&format!("1{}", "|abs".repeat(200)), &["levels deep"]);
}

#[test]
fn deep_expressions_fit_a_small_stack() {
    let deep = |open: &str, close: &str, n| open.repeat(n) + "1" + &close.repeat(n);
    let codes = [
        deep("(", ")", 32),
        deep("[", "]", 32),
        deep("{'a': ", "}", 32),
        deep("not ", "", 32),
        deep("(0 or (not (1 + (2 ~ ", "))))", 7),
        deep("1 if 0 else ", "", 64),
        deep("[1] | map('default', ", ")", 32),
        deep("1", "|abs", 95),
        deep("1", "+1", 990),
        deep("vars", ".a", 990),
    ];
    let run = move || {
        for code in &codes {
            drop(super::shown(code, &World::default()));
        }
    };
    let thread = std::thread::Builder::new().stack_size(1024 * 1024);
    thread.spawn(run).unwrap().join().unwrap();
}
