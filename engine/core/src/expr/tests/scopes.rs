//! Where names come from.

use super::{World, check, check_fails, check_in, json, kv, shown};
use crate::event::FactKey;
use crate::expr::{Completion, Iteration};
use crate::value::Value;

#[test]
fn six_scopes_are_read() {
    check("parameters.env", r#""prod""#);
    check("vars.n", "2");
    check("workflow.n", "2");
    check("task.done.status", r#""completed""#);
    check("task.done.result.code", "200");
    check("task['done'].result.url.host", r#""h""#);
    check("task[vars.which | default('done')].result.code", "200");
    check("task.done.items[0].result", "1");
    check("task.done['items'][0].result", "1");
    check("task.later.result", "null");
    check("task.done | length", "3");
    check("pack.config.url", r#""https://shop""#);
    check("pack", r#"{"config":{"url":"https://shop"}}"#);
    check("system.timestamp", "1700000000");
    check("system.identity.login", r#""ada""#);
    check_fails("kv", &["can only be asked for a key"]);
    check_fails("kv.x", &["can only be asked for a key"]);
    check_fails("task", &["needs the name of a task"]);
    check_fails("now()", &["no function `now`"]);
}

#[test]
fn bare_names_are_items_then_variables_then_parameters() {
    check("n", "2");
    check("env", r#""prod""#);
    check("both", r#""variable""#);
    let mut world = World {
        vars: json(r#"{"item": "v", "index": "v", "items": "v", "batch": "v", "result": "v"}"#),
        ..World::default()
    };
    for name in ["item", "index", "items", "batch", "result"] {
        check_in(&world, name, r#""v""#);
    }
    world.iteration = Some(Iteration {
        item: json("[1, 2]"),
        index: 3,
        batch: Some((3, 2, 6)),
    });
    check_in(&world, "item", "[1,2]");
    check_in(&world, "items", "[1,2]");
    check_in(&world, "index", "3");
    check_in(&world, "[batch.index, batch.size, batch.start]", "[3,2,6]");
}

#[test]
fn completions_are_asked() {
    let mut completion = Completion {
        result: json(r#"{"code": 200}"#),
        error: json(r#"{"type": "x"}"#),
        succeeded: false,
        failed: true,
        timed_out: false,
        skipped: false,
        attempt: None,
    };
    let mut world = World {
        completion: Some(completion.clone()),
        ..World::default()
    };
    check_in(&world, "result().code", "200");
    check_in(&world, "error().type == 'x'", "true");
    check_in(
        &world,
        "[succeeded(), failed(), timed_out(), skipped(), completed()]",
        "[false,true,false,false,true]",
    );
    assert!(shown("result.code", &world).contains("`result()`"));
    assert!(shown("attempt", &world).starts_with('!'));
    completion.attempt = Some(2);
    world.completion = Some(completion);
    check_in(&world, "result.code", "200");
    check_in(&world, "error.type", r#""x""#);
    check_in(&world, "attempt", "2");
    check_in(&world, "result().code", "200");
}

#[test]
fn facts_are_asked_for_all_at_once() {
    let world = World::default();
    check_in(&world, "kv.get('a')", r#"?[Kv("a")]"#);
    check_in(
        &world,
        "kv.get('b') if kv.get('a') else kv.get_secret('c') ~ kv.get('a')",
        r#"?[Kv("a"), Kv("b"), Secret("c")]"#,
    );
    check_in(&world, "kv.get('k' ~ vars.n)", r#"?[Kv("k2")]"#);
    let world = world
        .with_fact(kv("a"), json(r#"{"x": 1}"#))
        .with_fact(kv("none"), Value::Null)
        .with_fact(FactKey::Secret("s".into()), Value::from("hush").secret());
    check_in(&world, "kv.get('a').x", "1");
    check_in(&world, "kv.get('a', default=2).x", "1");
    check_in(&world, "kv.get('none')", "null");
    check_in(&world, "kv.get('none', default=2)", "2");
    check_in(&world, "kv.get('none', 2)", "2");
    check_in(&world, "kv.get('none') | default(2)", "2");
    check_in(&world, "kv.get('none').x | default(2)", "2");
    check_in(&world, "kv.get('none') is defined", "false");
    check_in(&world, "kv.get_secret('s')", r#""[secret]""#);
    check_fails("kv.get()", &["`kv.get` needs `key`"]);
    check_fails("kv.get(1)", &["needs `key` to be text"]);
    check_fails("kv.put('a', 1)", &["no function `kv.put`"]);
}
