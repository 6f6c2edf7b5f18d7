//! What is missing is an error, unless it is asked for.

use super::{World, check, check_fails, check_in};
use crate::expr::Expression;
use crate::value::Value;

#[test]
fn what_is_missing_is_an_error_wherever_it_is_used() {
    for code in [
        "vars.nope",
        "vars.nope.deep",
        "vars.nope == 1",
        "vars.nope != none",
        "1 < vars.nope",
        "vars.nope + 1",
        "-vars.nope",
        "not vars.nope",
        "vars.nope and true",
        "false or vars.nope",
        "1 if vars.nope else 2",
        "vars.nope in [1]",
        "1 in vars.nope",
        "[vars.nope]",
        "{'a': vars.nope}",
        "{vars.nope: 1}",
        "'a' ~ vars.nope",
        "vars.nope[1:]",
        "vars.xs[vars.nope:]",
        "vars.nope | upper",
        "vars.nope | length",
        "vars.nope | first | default(1)",
        "vars.nope | upper | default(1)",
        "(vars.nope + 1) | default(1)",
        "[vars.nope] | default(1)",
        "merge(vars.nope)",
        "vars.nope is none",
        "vars.nope is eq(1)",
        "1 is eq(vars.nope)",
        "1 | default(vars.n) + vars.nope",
        "kv.get(vars.nope)",
        "nope",
        "[][0]",
        "[] | first",
        "[] | max",
        "vars.nothing.x",
        "vars.name.x",
        "vars.xs[3]",
        "vars.xs.x",
    ] {
        check_fails(code, &[]);
    }
}

#[test]
fn default_covers_the_whole_path_to_its_left() {
    for code in [
        "vars.nope | default('d')",
        "vars.nope.a.b[0].c | d('d')",
        "vars.nothing.a.b | default('d')",
        "vars.name.a | default('d')",
        "vars.xs[9].a | default('d')",
        "vars.m['x'].y | default('d')",
        "vars.m[vars.nope] | default('d')",
        "nope | default('d')",
        "nope.a | default('d')",
        "parameters.nope | default('d')",
        "task.later.result.url.host | default('d')",
        "task.done.result.url.port.x | default('d')",
        "task.nope.result | default('d')",
        "task['nope'].result | default('d')",
        "pack.config.nope.x | default('d')",
        "pack.nope | default('d')",
        "system.nope | default('d')",
        "item.x | default('d')",
        "index | default('d')",
        "batch.size | default('d')",
        "{'a': none}.a.b | default('d')",
        "('{}' | from_json).a.b | default('d')",
        "[] | first | default('d')",
        "([] | first).x | default('d')",
        "vars.nope | default(vars.nope2 | default('d'))",
    ] {
        check(code, r#""d""#);
    }
    check("vars.n | default(vars.nope)", "2");
    check("vars.nothing | default('d')", "null");
    check("vars.nothing | default('d', true)", r#""d""#);
    check("vars.nope | default", r#""""#);
    check("vars.n | default(other=1, lax=false)", "2");
    check_fails("1 | default(1, 2, 3)", &["`default` takes"]);
    check_fails("1 | default(x=1)", &["`default` takes"]);
}

#[test]
fn defined_and_undefined_ask() {
    check("vars.nope is defined", "false");
    check("vars.nope.a.b is undefined", "true");
    check("vars.nothing is defined", "true");
    check("vars.nothing.a is not defined", "true");
    check("vars.n is defined and vars.n > 1", "true");
    check("task.later.result.x is defined", "false");
    check("item is defined", "false");
    check("[{'a': 1}, {}] | selectattr('a', 'undefined')", "[{}]");
}

#[test]
fn many_missing_members_are_cheap() {
    let map = (0..2000).map(|n| (format!("key{n}"), Value::Int(n)));
    let world = World {
        vars: Value::map([("m", Value::map(map))]),
        ..World::default()
    };
    let code = "range(2000) | map('string') | map('default', vars.m['kye'] | default(0)) | length";
    check_in(&world, code, "2000");
    let expression = Expression::compile("vars.m['kye'] | default(0)").unwrap();
    for _ in 0..20_000 {
        assert_eq!(expression.eval(&world), Ok(Value::Int(0)));
    }
}
