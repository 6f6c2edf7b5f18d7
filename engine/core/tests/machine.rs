//! The run machine, driven by hand: events in, effects out.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::sync::Arc;

use attune_core::error::Failure;
use attune_core::event::{
    AttemptFinished, AttemptStarted, Event, EventKind, Facts, Fork, Outcome, RunStarted, Usage,
};
use attune_core::pin::WorkflowPin;
use attune_core::run::{RunStatus, TaskFilter};
use attune_core::step::{Refusal, preview_fork, step};
use attune_core::{Definition, Digest, Effect, Run, RunId, Timestamp, Value, spec};

fn definition(source: &str) -> Definition {
    let parsed = spec::parse(source);
    let problems = parsed.diagnostics;
    parsed
        .definition
        .unwrap_or_else(|| panic!("the workflow is refused: {problems:#?}"))
}

fn event(at: u64, kind: EventKind) -> Event {
    Event {
        at: Timestamp(at),
        seed: at,
        facts: Facts::new(),
        kind,
    }
}

fn started(fork: Option<Box<Fork>>) -> EventKind {
    let workflow = WorkflowPin {
        reference: "t.t".into(),
        revision: 1,
        digest: Digest([0; 32]),
    };
    EventKind::RunStarted(Box::new(RunStarted {
        fork,
        ..RunStarted::root(RunId(1), workflow, "tester")
    }))
}

/// Runs to the end; the tasks in `failing` fail, all others give their input back. Returns what
/// was started.
fn run_to_end(definition: &Definition, run: &mut Run, failing: &[&str]) -> Vec<Arc<str>> {
    let mut names = Vec::new();
    while let Some(ready) = run.next_ready() {
        let begun = AttemptStarted {
            task: ready.task,
            attempt: ready.attempt,
        };
        let stepped = step(definition, run, &event(2, EventKind::AttemptStarted(begun))).unwrap();
        let Some(Effect::StartAttempt(start)) = stepped.effects.into_iter().next() else {
            panic!("an attempt starts");
        };
        let outcome = if failing.contains(&&*start.name) {
            Outcome::Failed(Failure::engine("mocked", "it failed"))
        } else {
            Outcome::Succeeded(start.input)
        };
        names.push(start.name);
        let finished = AttemptFinished {
            task: ready.task,
            attempt: ready.attempt,
            outcome,
            usage: Usage::default(),
        };
        let finished = EventKind::AttemptFinished(Box::new(finished));
        step(definition, run, &event(3, finished)).unwrap();
    }
    names
}

fn start(definition: &Definition, kind: EventKind) -> Run {
    let mut run = Run::default();
    step(definition, &mut run, &event(1, kind)).unwrap();
    run
}

#[test]
fn a_chain_runs_to_its_output() {
    let definition = definition(
        "
ref: t.t
label: T
version: 1.0.0
vars: {sum: 0}
tasks:
- {name: a, action: core.echo, input: {n: 2}, publish: [seen], on_success: b}
- {name: b, action: core.echo, with_items: [1, 2, 3], input: {i: 7}, on_success: c}
- {name: c, action: core.noop, when: false}
output_map: {done: true}
",
    );
    let mut run = start(&definition, started(None));
    let names = run_to_end(&definition, &mut run, &[]);
    assert_eq!(names, ["a", "b", "b", "b"].map(Arc::from));
    assert_eq!(run.status(), RunStatus::Completed);
    assert_eq!(run.output().to_public_json(), r#"{"done":true}"#);
    assert_eq!(run.vars().to_public_json(), r#"{"sum":0,"seen":{"n":2}}"#);
    assert_eq!(run.counts().total, 5);
    assert_eq!(Run::decode(&run.encode()).unwrap(), run);
}

const SPLIT: &str = "
ref: t.t
label: T
version: 1.0.0
tasks:
- {name: s, action: n.n, on_success: [l, r]}
- {name: l, action: n.n, on_success: m}
- {name: r, action: n.n, on_success: m}
- {name: m, action: n.n, join: all, on_success: e}
- {name: e, action: n.n}
";

fn fork_of(origin: &Run, task: &str, input: Option<Value>) -> EventKind {
    started(Some(Box::new(Fork {
        origin: RunId(1),
        from_task: task.into(),
        machine: origin.encode().into(),
        vars: Vec::new(),
        input,
    })))
}

#[test]
fn a_fork_runs_what_descends_from_its_task_and_keeps_the_rest() {
    let definition = definition(SPLIT);
    let mut origin = start(&definition, started(None));
    run_to_end(&definition, &mut origin, &["r"]);
    assert_eq!(origin.status(), RunStatus::Failed);
    let preview = preview_fork(&definition, &origin, "r").unwrap();
    assert_eq!(preview.again, ["r"].map(Arc::from));
    assert_eq!(preview.kept, ["s", "l"].map(Arc::from));
    let input = Value::map([("x", Value::Int(1))]);
    let mut fork = start(&definition, fork_of(&origin, "r", Some(input.clone())));
    let names = run_to_end(&definition, &mut fork, &[]);
    assert_eq!(names, ["r", "m", "e"].map(Arc::from));
    assert_eq!(fork.status(), RunStatus::Completed);
    let rows = fork.task_rows(None, 10, &TaskFilter::default());
    let names: Vec<_> = rows.iter().map(|row| &*row.name).collect();
    assert_eq!(names, ["s", "l", "r", "m", "e"]);
    assert_eq!(rows[2].input, input);
    assert_eq!(Run::decode(&fork.encode()).unwrap(), fork);
}

#[test]
fn a_fork_of_a_finished_run_reopens_the_joins_below_its_task() {
    let definition = definition(SPLIT);
    let mut origin = start(&definition, started(None));
    run_to_end(&definition, &mut origin, &[]);
    let mut fork = start(&definition, fork_of(&origin, "l", None));
    assert_eq!(
        run_to_end(&definition, &mut fork, &[]),
        ["l", "m", "e"].map(Arc::from)
    );
    assert_eq!(fork.status(), RunStatus::Completed);
    let unknown = preview_fork(&definition, &origin, "nobody");
    assert_eq!(unknown, Err(Refusal::RerunNotRun("nobody".into())));
}

#[test]
fn a_fuel_budget_that_is_used_up_fails_the_run_but_not_its_finally() {
    let definition = definition(
        "
ref: t.t
label: T
version: 1.0.0
limits: {fuel: 100}
finally: [last]
tasks:
- {name: a, action: n.n, on_success: b}
- {name: b, action: n.n, on_success: c}
- {name: c, action: n.n}
- {name: last, action: n.n}
",
    );
    let mut run = start(&definition, started(None));
    let mut names = Vec::new();
    while let Some(ready) = run.next_ready() {
        let (task, attempt) = (ready.task, ready.attempt);
        let begun = EventKind::AttemptStarted(AttemptStarted { task, attempt });
        let stepped = step(&definition, &mut run, &event(2, begun)).unwrap();
        let Some(Effect::StartAttempt(start)) = stepped.effects.into_iter().next() else {
            panic!("an attempt starts");
        };
        names.push((start.name, start.limits.fuel));
        let finished = AttemptFinished {
            task,
            attempt,
            outcome: Outcome::Succeeded(Value::Null),
            usage: Usage {
                fuel: 60,
                ..Usage::default()
            },
        };
        let finished = EventKind::AttemptFinished(Box::new(finished));
        step(&definition, &mut run, &event(3, finished)).unwrap();
    }
    let expected = [("a", Some(100)), ("b", Some(40)), ("last", None)];
    assert_eq!(names, expected.map(|(name, fuel)| (Arc::from(name), fuel)));
    assert_eq!(run.status(), RunStatus::Failed);
    assert_eq!(&*run.failure().unwrap().failure.kind, "limit_exceeded");
}
