//! Random graphs: the machine keeps its promises, and a model written as simply as possible
//! agrees with it on what runs and in which order.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

#[path = "graphs/model.rs"]
mod model;

use std::collections::BTreeMap;

use attune_core::error::Failure;
use attune_core::event::{
    AttemptFinished, AttemptStarted, CancelMode, Event, EventKind, Facts, Outcome, RunStarted,
    Usage,
};
use attune_core::pin::WorkflowPin;
use attune_core::rehearse::{Case, Happened, rehearse};
use attune_core::run::RunStatus;
use attune_core::spec::{self, Options};
use attune_core::step::{StepError, step};
use attune_core::{Definition, Digest, Effect, Run, RunId, Timestamp, Value};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use model::{Graph, Task};

/// Enough events for any graph made here; more means that the run does not end.
const MAX_EVENTS: usize = 20_000;

fn names(from: usize, to: usize, bits: u32) -> Vec<usize> {
    (from..to)
        .filter(|target| bits >> (target - from) & 1 == 1)
        .collect()
}

/// An acyclic graph: every task leads only to later ones.
fn graph() -> impl Strategy<Value = Graph> {
    let task = (any::<[u32; 4]>(), 0..4_u8, 0..10_u8, any::<bool>());
    (prop::collection::vec(task, 2..9), any::<bool>()).prop_map(|(raw, fail_fast)| {
        let count = raw.len();
        let mut tasks: Vec<Task> = raw
            .iter()
            .enumerate()
            .map(|(place, (bits, join, fate, _))| {
                let sparse = |a: u32, b: u32| names(place + 1, count, a & b);
                Task {
                    on_success: sparse(bits[0], bits[1]),
                    on_failure: sparse(bits[2], bits[3] & bits[1]),
                    on_complete: sparse(bits[3] & bits[0], bits[2]),
                    join: usize::from(*join),
                    fails: *fate < 2,
                    skipped: *fate == 9,
                    inbound: 0,
                }
            })
            .collect();
        for place in 0..count {
            let leads = |task: &Task| {
                [&task.on_success, &task.on_failure, &task.on_complete]
                    .into_iter()
                    .any(|list| list.contains(&place))
            };
            let inbound = tasks.iter().filter(|task| leads(task)).count();
            tasks[place].inbound = inbound;
            tasks[place].join = tasks[place].join.min(inbound);
        }
        Graph { tasks, fail_fast }
    })
}

fn name(place: usize) -> String {
    format!("t{place}")
}

fn workflow(graph: &Graph) -> Json {
    let list = |list: &[usize]| json!(list.iter().map(|place| name(*place)).collect::<Vec<_>>());
    let tasks: Vec<Json> = graph
        .tasks
        .iter()
        .enumerate()
        .map(|(place, task)| {
            let mut json = json!({"name": name(place), "action": "n"});
            for (field, targets) in [
                ("on_success", &task.on_success),
                ("on_failure", &task.on_failure),
                ("on_complete", &task.on_complete),
            ] {
                if !targets.is_empty() {
                    json[field] = list(targets);
                }
            }
            if task.join > 0 {
                let all = task.join == task.inbound && place % 2 == 0;
                json["join"] = if all { json!("all") } else { json!(task.join) };
            }
            if task.skipped {
                json["when"] = json!(false);
            }
            json
        })
        .collect();
    json!({"fail_fast": graph.fail_fast, "tasks": tasks})
}

fn case(graph: &Graph, ops: Json) -> Case {
    let fails = graph
        .tasks
        .iter()
        .enumerate()
        .filter(|(_, task)| task.fails);
    let mocks: Vec<Json> = fails
        .map(|(place, _)| json!({"task": name(place), "status": "failed", "times": 99999}))
        .collect();
    let case = json!({"id": "random", "workflow": workflow(graph), "mocks": mocks, "ops": ops});
    serde_json::from_value(case).unwrap()
}

fn happened(case: &Case) -> Option<Happened> {
    let verdict = rehearse(case, &|_| None);
    verdict.happened
}

fn definition(graph: &Graph) -> Option<Definition> {
    spec::parse_value(&Value::from_serde(&workflow(graph)), &Options::inline()).definition
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_model_agrees_on_order_and_end(graph in graph()) {
        let Some(happened) = happened(&case(&graph, json!([]))) else { return Ok(()) };
        let expected = model::run(&graph);
        let sequence: Vec<String> = happened.sequence.iter().map(ToString::to_string).collect();
        let model: Vec<String> = expected.sequence.iter().map(|place| name(*place)).collect();
        prop_assert_eq!(sequence, model);
        let status = if expected.failed { RunStatus::Failed } else { RunStatus::Completed };
        prop_assert_eq!(happened.status, status);
        let unreachable = happened.errors.iter().any(|kind| &**kind == "unreachable_join");
        prop_assert_eq!(unreachable, expected.unreachable);
    }

    #[test]
    fn a_pause_anywhere_changes_nothing(graph in graph(), at in 0..8_usize) {
        // With `fail_fast` a pause may hold what a failure beside it then stops.
        let graph = Graph { fail_fast: false, ..graph };
        let Some(plain) = happened(&case(&graph, json!([]))) else { return Ok(()) };
        let ops = json!([
            {"after": name(at), "op": "pause"},
            {"at": "paused", "op": "resume"},
        ]);
        prop_assert_eq!(happened(&case(&graph, ops)), Some(plain));
    }

    #[test]
    fn any_order_of_ends_comes_to_an_end(
        graph in graph(),
        picks in prop::collection::vec(any::<u32>(), 40),
        cancel in prop::option::of((0..12_usize, any::<bool>())),
    ) {
        let Some(definition) = definition(&graph) else { return Ok(()) };
        let mut drive = Drive::new(&definition, &graph, picks);
        drive.cancel = cancel;
        drive.go_on();
        let mut again = Run::default();
        for event in &drive.journal {
            step(&definition, &mut again, event).unwrap();
        }
        prop_assert!(again == drive.run, "replaying gives another run");
        let bytes = postcard::to_stdvec(&drive.run).unwrap();
        prop_assert!(postcard::from_bytes::<Run>(&bytes).unwrap() == drive.run);
    }
}

/// Drives a run with attempts that end in any order.
struct Drive<'a> {
    definition: &'a Definition,
    graph: &'a Graph,
    picks: std::iter::Cycle<std::vec::IntoIter<u32>>,
    cancel: Option<(usize, bool)>,
    run: Run,
    journal: Vec<Event>,
    started: BTreeMap<(u64, u32), usize>,
    interrupted: Vec<(u64, u32)>,
}

impl<'a> Drive<'a> {
    fn new(definition: &'a Definition, graph: &'a Graph, picks: Vec<u32>) -> Self {
        Self {
            definition,
            graph,
            picks: picks.into_iter().cycle(),
            cancel: None,
            run: Run::default(),
            journal: Vec::new(),
            started: BTreeMap::new(),
            interrupted: Vec::new(),
        }
    }

    fn tell(&mut self, kind: EventKind) {
        assert!(self.journal.len() < MAX_EVENTS, "the run does not end");
        let event = Event {
            at: Timestamp(self.journal.len() as u64),
            seed: 7,
            facts: Facts::new(),
            kind,
        };
        let before = self.run.clone();
        match step(self.definition, &mut self.run, &event) {
            Ok(stepped) => {
                for effect in stepped.effects {
                    self.perform(before.status(), effect);
                }
                self.journal.push(event);
            }
            Err(StepError::Refused(_)) => assert!(before == self.run, "a refusal changes nothing"),
            Err(StepError::Needs(_)) => unreachable!("nothing here asks for facts"),
        }
    }

    fn perform(&mut self, before: RunStatus, effect: Effect) {
        match &effect {
            Effect::StartAttempt(start) => {
                assert!(!before.is_over(), "nothing starts after the end");
                let place = start.name[1..].parse().unwrap();
                let twice = self.started.insert((start.task.0, start.attempt), place);
                assert_eq!(twice, None, "each attempt starts once");
            }
            Effect::InterruptAttempt { task, attempt } => self.interrupted.push((task.0, *attempt)),
            Effect::SetTimer { .. }
            | Effect::CancelTimer { .. }
            | Effect::StartChild(_)
            | Effect::CancelChild { .. }
            | Effect::PauseChild { .. }
            | Effect::ResumeChild { .. }
            | Effect::OpenInquiry(_)
            | Effect::CloseInquiry { .. }
            | Effect::AcquireKey { .. }
            | Effect::ReleaseKey { .. }
            | Effect::ReportToParent { .. } => unreachable!("nothing here asks for {effect:?}"),
        }
    }

    fn go_on(&mut self) {
        self.tell(started());
        let mut turns = 0;
        while !self.run.status().is_over() {
            if let Some((when, hard)) = self.cancel
                && when == turns
            {
                let mode = if hard {
                    CancelMode::CancelRunning
                } else {
                    CancelMode::AllowFinish
                };
                self.tell(EventKind::CancelRequested {
                    mode,
                    by: "x".into(),
                });
            }
            turns += 1;
            let pick = self.picks.next().unwrap_or(0) as usize;
            let flights = self.run.in_flight();
            match self.run.next_ready() {
                Some(ready) if flights.is_empty() || pick.is_multiple_of(2) => {
                    let (task, attempt) = (ready.task, ready.attempt);
                    self.tell(EventKind::AttemptStarted(AttemptStarted { task, attempt }));
                }
                _ if self.run.status().is_over() => {}
                _ => {
                    assert!(!flights.is_empty(), "the run hangs");
                    let (task, attempt) = flights[pick / 2 % flights.len()];
                    self.end(task, attempt);
                }
            }
        }
        assert_eq!(self.run.next_ready(), None);
        // An echo of something that is over changes nothing.
        if let Some((task, attempt)) = self.started.keys().next().copied() {
            self.end(attune_core::TaskId(task), attempt);
        }
    }

    fn end(&mut self, task: attune_core::TaskId, attempt: u32) {
        let key = (task.0, attempt);
        let fails = self.graph.tasks[self.started[&key]].fails;
        let outcome = if self.interrupted.contains(&key) {
            Outcome::Interrupted
        } else if fails {
            Outcome::Failed(Failure::engine("mocked", "it failed"))
        } else {
            Outcome::Succeeded(Value::from(task.0))
        };
        self.tell(EventKind::AttemptFinished(Box::new(AttemptFinished {
            task,
            attempt,
            outcome,
            usage: Usage::default(),
        })));
    }
}

fn started() -> EventKind {
    let workflow = WorkflowPin {
        reference: "t.t".into(),
        revision: 1,
        digest: Digest([0; 32]),
    };
    let started = RunStarted::root(RunId(1), workflow, "tester");
    EventKind::RunStarted(Box::new(started))
}
