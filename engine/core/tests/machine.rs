//! The run machine, driven by hand: events in, effects out.

use std::sync::Arc;

use attune_core::event::{
    AttemptFinished, AttemptStarted, Event, EventKind, Facts, Outcome, RunStarted, Trigger, Usage,
};
use attune_core::pin::{Pins, WorkflowPin};
use attune_core::run::RunStatus;
use attune_core::step::step;
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

fn started(parameters: Value) -> EventKind {
    EventKind::RunStarted(Box::new(RunStarted {
        run: RunId(1),
        workflow: WorkflowPin {
            reference: "t.t".into(),
            revision: 1,
            digest: Digest([0; 32]),
        },
        pins: Pins::default(),
        parameters,
        labels: Vec::new(),
        trigger: Trigger::Api,
        parent: None,
        depth: 1,
        identity: "tester".into(),
        start_at: None,
        priority: None,
        fuel: None,
        fork: None,
    }))
}

/// Runs to the end with every attempt giving its input back; returns what was started.
fn run_to_end(definition: &Definition, run: &mut Run) -> Vec<Arc<str>> {
    let mut names = Vec::new();
    let empty = Value::map::<&str>([]);
    step(definition, run, &event(1, started(empty))).unwrap();
    while let Some(ready) = run.next_ready() {
        let begun = AttemptStarted {
            task: ready.task,
            attempt: ready.attempt,
        };
        let stepped = step(definition, run, &event(2, EventKind::AttemptStarted(begun))).unwrap();
        let Some(Effect::StartAttempt(start)) = stepped.effects.into_iter().next() else {
            panic!("an attempt starts");
        };
        names.push(start.name);
        let finished = AttemptFinished {
            task: ready.task,
            attempt: ready.attempt,
            outcome: Outcome::Succeeded(start.input),
            usage: Usage::default(),
        };
        let finished = EventKind::AttemptFinished(Box::new(finished));
        step(definition, run, &event(3, finished)).unwrap();
    }
    names
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
    let mut run = Run::default();
    let names = run_to_end(&definition, &mut run);
    assert_eq!(names, ["a", "b", "b", "b"].map(Arc::from));
    assert_eq!(run.status(), RunStatus::Completed);
    assert_eq!(run.output().to_public_json(), r#"{"done":true}"#);
    assert_eq!(run.vars().to_public_json(), r#"{"sum":0,"seen":{"n":2}}"#);
    assert_eq!(run.counts().total, 5);
    let bytes = postcard::to_stdvec(&run).unwrap();
    assert_eq!(postcard::from_bytes::<Run>(&bytes).unwrap(), run);
}
