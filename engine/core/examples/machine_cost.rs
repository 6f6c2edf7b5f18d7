//! Measures what the machine itself costs: a run of many items, and a run of many tasks one
//! after the other, each step with a trivial mock. Run it with `--release`.
#![expect(clippy::print_stdout, reason = "a measurement prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::time::Instant;

use attune_core::event::{
    AttemptFinished, AttemptStarted, Event, EventKind, Facts, Outcome, RunStarted, Trigger, Usage,
};
use attune_core::pin::{Pins, WorkflowPin};
use attune_core::projection::project;
use attune_core::spec::{self, Options};
use attune_core::step::step;
use attune_core::{Definition, Digest, Run, RunId, Timestamp, Value};
use serde_json::{Value as Json, json};

fn main() {
    for count in [10, 100, 1_000, 10_000] {
        measure("items", count, &items(count));
    }
    for count in [10, 100, 1_000, 10_000] {
        measure("tasks", count, &chain(count));
    }
}

fn items(count: usize) -> Json {
    let list: Vec<usize> = (0..count).collect();
    let input = json!({"value": "{{ item * vars.factor }}", "index": "{{ index }}"});
    json!({
        "vars": {"factor": 2},
        "tasks": [{"name": "t", "action": "n.n", "with_items": list, "input": input}],
    })
}

fn chain(count: usize) -> Json {
    let task = |place: usize| {
        let next = if place + 1 < count {
            vec![format!("t{}", place + 1)]
        } else {
            Vec::new()
        };
        json!({
            "name": format!("t{place}"),
            "action": "n.n",
            "on_success": next,
            "input": {"last": "{{ vars.last }}"},
            "publish": {"last": "{{ result().last + 1 }}"},
        })
    };
    let tasks: Vec<Json> = (0..count).map(task).collect();
    json!({"limits": {"max_tasks": count}, "vars": {"last": 0}, "tasks": tasks})
}

fn measure(what: &str, count: usize, workflow: &Json) {
    let begun = Instant::now();
    let parsed = spec::parse_value(&Value::from_serde(workflow), &Options::inline());
    let parsing = begun.elapsed();
    let Some(definition) = parsed.definition else {
        println!("{what} {count}: refused: {:?}", parsed.diagnostics.first());
        return;
    };
    let begun = Instant::now();
    let (run, events) = drive(&definition);
    let spent = begun.elapsed();
    let each = spent.as_secs_f64() * 1e6 / count as f64;
    println!(
        "{what} {count}: {each:.2} µs each, {events} events, {}, parsed in {:.1} ms",
        run.status().as_str(),
        parsing.as_secs_f64() * 1e3
    );
}

fn drive(definition: &Definition) -> (Run, usize) {
    let mut run = Run::default();
    let mut events = 0;
    let mut tell = |run: &mut Run, kind| {
        events += 1;
        let event = Event {
            at: Timestamp(events as u64),
            seed: 1,
            facts: Facts::new(),
            kind,
        };
        let before = run.status();
        let stepped = step(definition, run, &event).expect("every event here fits");
        project(Some(before), run, &stepped);
        stepped
    };
    tell(&mut run, started());
    while !run.status().is_over() {
        let mut inputs = Vec::new();
        while let Some(ready) = run.next_ready() {
            let (task, attempt) = (ready.task, ready.attempt);
            let kind = EventKind::AttemptStarted(AttemptStarted { task, attempt });
            for effect in tell(&mut run, kind).effects {
                if let attune_core::Effect::StartAttempt(start) = effect {
                    inputs.push((task, attempt, start.input));
                }
            }
        }
        for (task, attempt, input) in inputs {
            let finished = AttemptFinished {
                task,
                attempt,
                outcome: Outcome::Succeeded(input),
                usage: Usage::default(),
            };
            tell(&mut run, EventKind::AttemptFinished(Box::new(finished)));
        }
    }
    (run, events)
}

fn started() -> EventKind {
    EventKind::RunStarted(Box::new(RunStarted {
        run: RunId(1),
        workflow: WorkflowPin {
            reference: "t.t".into(),
            revision: 1,
            digest: Digest([0; 32]),
        },
        pins: Pins::default(),
        parameters: Value::map::<&str>([]),
        labels: Vec::new(),
        trigger: Trigger::Api,
        parent: None,
        depth: 1,
        identity: "bench".into(),
        start_at: None,
        priority: None,
        fuel: None,
        fork: None,
    }))
}
