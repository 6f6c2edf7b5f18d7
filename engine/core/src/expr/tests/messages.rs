//! Messages name the variable, its place and the nearest existing name.

use super::{World, check, check_in, json};
use crate::expr::Iteration;

/// Expressions and what they say.
const MESSAGES: &[(&str, &str)] = &[
    (
        "1 + vars.nmae",
        "`vars.nmae` is not defined at column 5 of `1 + vars.nmae`; did you mean `vars.name`?",
    ),
    (
        "{{ parameters.evn }}",
        "`parameters.evn` is not defined at column 4 of `{{ parameters.evn }}`; did you mean `parameters.env`?",
    ),
    (
        "task.don.result",
        "there is no task `don` at column 1 of `task.don.result`; did you mean `done`?",
    ),
    (
        "task.done.reslut",
        "`task.done.reslut` is not defined at column 1 of `task.done.reslut`; did you mean `task.done.result`?",
    ),
    (
        "task.done.result.url.hots",
        "`task.done.result.url.hots` is not defined at column 1 of `task.done.result.url.hots`; did you mean `task.done.result.url.host`?",
    ),
    (
        "task.later.result.url.host",
        "`task.later.result.url` is not defined, `task.later.result` is null at column 1 of `task.later.result.url.host`",
    ),
    (
        "vars.name.first",
        "`vars.name.first` is not defined, `vars.name` is a string at column 1 of `vars.name.first`",
    ),
    (
        "vars.xs[3]",
        "`vars.xs[3]` is not defined, `vars.xs` is an array at column 1 of `vars.xs[3]`; [3] is outside of its 3 items",
    ),
    (
        "vars.m[vars.name]",
        "`vars.m[…]` is not defined at column 1 of `vars.m[vars.name]`; it has no `Ada`",
    ),
    (
        "vars.m['A-b']",
        "`vars.m['A-b']` is not defined at column 1 of `vars.m['A-b']`; did you mean `vars.m['a-b']`?",
    ),
    (
        "nmae",
        "`nmae` is neither a variable nor a parameter at column 1 of `nmae`; did you mean `vars.name`?",
    ),
    (
        "param.env",
        "`param` is neither a variable nor a parameter at column 1 of `param.env`",
    ),
    (
        "tasks.done",
        "`tasks` is neither a variable nor a parameter at column 1 of `tasks.done`; did you mean `task`?",
    ),
    (
        "result.code",
        "`result` is neither a variable nor a parameter at column 1 of `result.code`; did you mean `result()`?",
    ),
    (
        "item.x",
        "`item` exists only in a task with `with_items` at column 1 of `item.x`",
    ),
    (
        "batch.size",
        "`batch` exists only in a task with `batch_size` at column 1 of `batch.size`",
    ),
    (
        "'é' ~ vars.x1",
        "`vars.x1` is not defined at column 7 of `'é' ~ vars.x1`; did you mean `vars.xs`?",
    ),
    (
        "result().x",
        "`result` is known only where a task has just ended: in transitions, publish and retry at column 1 of `result().x`",
    ),
    (
        "({} | attr('x')).y | default(1) ~ ([] | first)",
        "there is no `first` of what is empty at column 41 of `({} | attr('x')).y | default(1) ~ ([] | first)`",
    ),
];

#[test]
fn messages_name_variable_place_and_nearest_name() {
    for (code, message) in MESSAGES {
        check(code, &format!("!{message}"));
    }
}

#[test]
fn members_of_computed_values_are_named_as_written() {
    let world = World {
        completion: Some(super::super::Completion {
            result: json(r#"{"code": 1}"#),
            error: json("null"),
            succeeded: true,
            failed: false,
            timed_out: false,
            skipped: false,
            attempt: None,
        }),
        ..World::default()
    };
    check_in(
        &world,
        "result().nope.deep",
        "!`result().nope` is not defined at column 1 of `result().nope.deep`; did you mean `result().code`?",
    );
}

#[test]
fn long_texts_are_cut() {
    let code = format!("vars.nope ~ '{}'", "x".repeat(200));
    let message = super::shown(&code, &World::default());
    assert!(message.contains("xxx…`"), "{message}");
    assert!(message.len() < 200, "{message}");
}

#[test]
fn an_iteration_shadows_variables() {
    let world = World {
        iteration: Some(Iteration {
            item: json(r#"{"color": 1}"#),
            index: 4,
            batch: None,
        }),
        ..World::default()
    };
    check_in(
        &world,
        "item.colour",
        "!`item.colour` is not defined at column 1 of `item.colour`; did you mean `item.color`?",
    );
    check_in(&world, "index", "4");
}
