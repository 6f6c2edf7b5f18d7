//! What the machine itself costs for each task and item, in runs of 10 to 10 000 of them: the same
//! at every size, or a large run would slow down with every step.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use attune_core::effect::Effect;
use attune_core::event::{
    AttemptFinished, AttemptStarted, Event, EventKind, FactKey, Facts, Outcome, RunStarted, Usage,
};
use attune_core::pin::WorkflowPin;
use attune_core::spec::{self, Options};
use attune_core::step::{StepError, Stepped, step};
use attune_core::{Definition, Digest, Run, RunId, Timestamp, Value};
use serde_json::{Value as Json, json};

use crate::figure::Figures;

/// Tasks or items of a run.
const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// Rounds measured of each, scaled so that all sizes take about as many steps.
const STEPS: usize = 40_000;

/// Makes a workflow of so many tasks or items.
type Workflow = fn(usize) -> Json;

/// Measures in this process; a size is compared with the one of 100, as small runs are mostly start
/// and end.
pub(crate) fn run(figures: &mut Figures) -> Result<()> {
    let kinds: [(&str, Workflow); 3] = [
        ("task", chain),
        ("item", items),
        ("item with kv", items_with_facts),
    ];
    for (what, workflow) in kinds {
        let mut costs = Vec::new();
        for size in SIZES {
            let cost = measure(&workflow(size), size)?;
            figures.add(format!("H.step per {what} of {size}"), cost, "µs", "");
            costs.push(cost);
        }
        let ratio = costs[SIZES.len() - 1] / costs[1];
        figures.add(
            format!("H.step per {what}, 10000 / 100"),
            ratio,
            "ratio",
            "<= 1.5",
        );
    }
    Ok(())
}

/// Two tasks that lead to each other until the run has had `count` visits.
fn chain(count: usize) -> Json {
    let task = |name: &str, next: &str| {
        json!({
            "name": name,
            "action": "n.n",
            "on_success": next,
            "input": {"last": "{{ vars.last }}"},
            "publish": {"last": "{{ result().last + 1 }}"},
        })
    };
    json!({
        "allow_cycles": true,
        "entry": ["a"],
        "limits": {"max_tasks": count, "max_task_visits": count},
        "vars": {"last": 0},
        "tasks": [task("a", "b"), task("b", "a")],
    })
}

fn items(count: usize) -> Json {
    let list: Vec<usize> = (0..count).collect();
    let input = json!({"value": "{{ item * vars.factor }}", "index": "{{ index }}"});
    json!({
        "vars": {"factor": 2},
        "tasks": [{"name": "t", "action": "n.n", "with_items": list, "input": input}],
    })
}

/// The same in a run whose steps may turn back for want of facts, and so work on a copy.
fn items_with_facts(count: usize) -> Json {
    let mut workflow = items(count);
    workflow["output_map"] = json!("{{ kv.get('k', default=1) }}");
    workflow
}

/// Returns microseconds for each task or item, the best of several rounds.
fn measure(workflow: &Json, size: usize) -> Result<f64> {
    let parsed = spec::parse_value(&Value::from_serde(workflow), &Options::inline());
    let definition = parsed.definition.context("the workflow is refused")?;
    let mut best = f64::INFINITY;
    for _ in 0..(STEPS / size).clamp(3, 200) {
        let began = Instant::now();
        let run = drive(&definition)?;
        best = best.min(began.elapsed().as_secs_f64() * 1e6 / size as f64);
        ensure!(run.status().is_over(), "the run has not ended");
    }
    Ok(best)
}

/// Takes a run to its end; every attempt gives back its input.
fn drive(definition: &Definition) -> Result<Run> {
    let mut run = Run::default();
    tell(definition, &mut run, started())?;
    while !run.status().is_over() {
        let mut inputs = Vec::new();
        while let Some(ready) = run.next_ready() {
            let (task, attempt) = (ready.task, ready.attempt);
            let kind = EventKind::AttemptStarted(AttemptStarted { task, attempt });
            for effect in tell(definition, &mut run, kind)?.effects {
                if let Effect::StartAttempt(start) = effect {
                    inputs.push((task, attempt, start.input));
                }
            }
        }
        ensure!(!inputs.is_empty(), "the run stands still");
        for (task, attempt, input) in inputs {
            let finished = AttemptFinished {
                task,
                attempt,
                outcome: Outcome::Succeeded(input),
                usage: Usage::default(),
            };
            let kind = EventKind::AttemptFinished(Box::new(finished));
            tell(definition, &mut run, kind)?;
        }
    }
    Ok(run)
}

/// Applies an event; facts that it asks for are not set.
fn tell(definition: &Definition, run: &mut Run, kind: EventKind) -> Result<Stepped> {
    let mut event = Event {
        at: Timestamp(1),
        seed: 1,
        facts: Facts::new(),
        kind,
    };
    match step(definition, run, &event) {
        Ok(stepped) => Ok(stepped),
        Err(StepError::Needs(keys)) => {
            let absent = |key: FactKey| (key, Value::Null);
            event.facts.extend(keys.into_iter().map(absent));
            Ok(step(definition, run, &event)?)
        }
        Err(StepError::Refused(refusal)) => Err(refusal.into()),
    }
}

fn started() -> EventKind {
    let workflow = WorkflowPin {
        reference: "t.t".into(),
        revision: 1,
        digest: Digest([0; 32]),
    };
    let started = RunStarted::root(RunId(1), workflow, "bench");
    EventKind::RunStarted(Box::new(started))
}
