//! Random workflows with everything in them, driven at random: no run hangs, nothing starts after
//! the end, replaying gives the same run. The invariants are checked in the machine itself.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeSet;

use attune_core::error::Failure;
use attune_core::event::{
    AttemptFinished, AttemptStarted, CancelMode, ChildEnded, Event, EventKind, Facts, Outcome,
    RerunTask, RunStarted, Usage,
};
use attune_core::pin::{Pins, WorkflowPin};
use attune_core::projection::project;
use attune_core::run::RunStatus;
use attune_core::spec::{self, Options};
use attune_core::step::{StepError, step};
use attune_core::{Definition, Digest, Effect, Run, RunId, TaskId, Timestamp, Value};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

/// Enough events for any workflow made here; more means that the run does not end.
const MAX_EVENTS: usize = 30_000;

/// What a task does, and how it goes on, as plain numbers.
#[derive(Clone, Debug)]
struct Raw {
    kind: u8,
    bits: [u16; 4],
    join: u8,
    extra: u16,
}

fn raw() -> impl Strategy<Value = Raw> {
    (any::<u8>(), any::<[u16; 4]>(), 0..5_u8, any::<u16>()).prop_map(|(kind, bits, join, extra)| {
        Raw {
            kind,
            bits,
            join,
            extra,
        }
    })
}

fn tasks(raw: &[Raw], prefix: &str, cycles: bool, deep: bool) -> Vec<Json> {
    let count = raw.len();
    let name = |place: usize| format!("{prefix}{place}");
    let task = |(place, raw): (usize, &Raw)| {
        let mut task = json!({"name": name(place)});
        let map = task.as_object_mut().unwrap();
        what(map, raw, &name(place), deep);
        for (field, bits) in ["on_success", "on_failure", "on_complete", "on_timeout"]
            .iter()
            .zip(raw.bits)
        {
            let from = if cycles && bits >> 15 == 1 {
                1
            } else {
                place + 1
            };
            let targets: Vec<String> = (from..count)
                .filter(|target| bits >> (target % 7) & 1 == 1 && bits >> (target % 5 + 8) & 1 == 1)
                .map(name)
                .chain((bits & 0b1_1111_0000 == 0b1_1111_0000).then(|| "fail".to_owned()))
                .collect();
            if !targets.is_empty() {
                map.insert((*field).to_owned(), json!(targets));
            }
        }
        match raw.join {
            0 | 1 if place > 0 => drop(map.insert("join".into(), json!("all"))),
            2 if place > 0 => drop(map.insert("join".into(), json!("any"))),
            _ => {}
        }
        task
    };
    let mut all: Vec<Json> = raw.iter().enumerate().map(task).collect();
    // Every task but the first is led to by the one before it, if by no other.
    for place in 1..count {
        let led_to = all.iter().any(|task| leads_to(task, &name(place)));
        if !led_to {
            let before = all[place - 1].as_object_mut().unwrap();
            let list = before.entry("on_complete").or_insert_with(|| json!([]));
            list.as_array_mut().unwrap().push(json!(name(place)));
        }
    }
    all
}

fn leads_to(task: &Json, name: &str) -> bool {
    ["on_success", "on_failure", "on_complete", "on_timeout"]
        .iter()
        .filter_map(|field| task[*field].as_array())
        .any(|targets| targets.contains(&json!(name)))
}

fn what(map: &mut Map<String, Json>, raw: &Raw, name: &str, deep: bool) {
    let has = |bit: u16| raw.extra >> bit & 1 == 1;
    map.insert("action".into(), json!("n.n"));
    match raw.kind % 10 {
        0 => drop(map.insert("when".into(), json!(false))),
        1 | 2 => {
            map.insert("with_items".into(), json!([1, 2, 3, 4]));
            map.insert("concurrency".into(), json!(raw.extra % 3 + 1));
            map.insert("fail_fast".into(), json!(has(4)));
            if has(5) {
                map.insert("batch_size".into(), json!(2));
                map.insert(
                    "batch_mode".into(),
                    json!(if has(6) { "window" } else { "batch" }),
                );
            }
        }
        3 if deep => {
            map.remove("action");
            map.insert("type".into(), json!("parallel"));
            map.insert("concurrency".into(), json!(raw.extra % 2 + 1));
            map.insert("fail_fast".into(), json!(has(7)));
            let part = |turn: u32| Raw {
                kind: raw.kind.rotate_left(turn + 1).wrapping_mul(7),
                bits: raw.bits.map(|bits| bits.rotate_left(turn * 3)),
                join: (raw.join + turn as u8) % 5,
                extra: raw.extra.rotate_left(turn * 5),
            };
            let inner: Vec<Raw> = (0..4).map(part).collect();
            map.insert(
                "tasks".into(),
                json!(tasks(&inner, &format!("{name}_"), false, false)),
            );
        }
        4 => {
            map.insert("action".into(), json!("core.sleep"));
            map.insert("input".into(), json!({"seconds": raw.extra % 9}));
        }
        5 => drop(map.insert("action".into(), json!("core.inquiry"))),
        6 => {
            map.insert("action".into(), json!("c.child"));
            map.insert("type".into(), json!("workflow"));
        }
        _ => {}
    }
    if has(0) && has(1) {
        map.insert("retry".into(), json!({"count": 2, "delay": delay(raw)}));
    }
    if has(2) && has(3) {
        map.insert("deadline".into(), json!(5));
    }
    if has(8) && has(9) {
        map.insert("timeout".into(), json!(4));
    }
    if has(10) && has(11) {
        map.insert("delay".into(), json!(2));
    }
    if has(12) && has(13) {
        map.insert("concurrency_key".into(), json!("'k'"));
    }
}

/// One that is known before the first attempt, or one that each attempt decides.
fn delay(raw: &Raw) -> Json {
    match raw.extra % 3 {
        2 => json!("{{ attempt - 1 + (0 if error is none else error.message | length % 2) }}"),
        fixed => json!(fixed),
    }
}

fn workflow(raw: &[Raw], flags: u8) -> Json {
    let mut all = tasks(raw, "t", flags & 1 == 1, true);
    all.push(json!({"name": "last", "action": "n.n"}));
    all.push(json!({"name": "page", "action": "n.n", "on_failure": ["fail"]}));
    let mut file = json!({
        "allow_cycles": flags & 1 == 1,
        "fail_fast": flags & 2 == 2,
        "entry": ["t0"],
        "finally": ["last"],
        "on_failure": ["page"],
        "limits": {"max_tasks": 60, "max_task_visits": 12, "max_parallel": 3},
        "tasks": all,
    });
    if flags & 4 == 4 {
        file["timeout"] = json!(60);
    }
    file
}

/// Drives a run at random.
struct Drive<'a> {
    definition: &'a Definition,
    picks: std::iter::Cycle<std::vec::IntoIter<u16>>,
    run: Run,
    now: u64,
    journal: Vec<Event>,
    interrupted: BTreeSet<(TaskId, u32)>,
    starts: BTreeSet<(TaskId, u32)>,
    /// Timers set, children started, questions asked.
    asked: BTreeSet<String>,
    /// Keys that are held or waited for.
    keys: BTreeSet<Option<TaskId>>,
    /// Keys to be granted, inquiries to be answered, children to start and to end.
    todo: Vec<EventKind>,
}

impl Drive<'_> {
    fn pick(&mut self, below: usize) -> usize {
        usize::from(self.picks.next().unwrap_or(0)) % below.max(1)
    }

    fn tell(&mut self, kind: EventKind) -> bool {
        assert!(self.journal.len() < MAX_EVENTS, "the run does not end");
        let event = Event {
            at: Timestamp(self.now),
            seed: self.journal.len() as u64,
            facts: Facts::new(),
            kind,
        };
        let status = self.run.status();
        let before =
            matches!(event.kind, EventKind::CancelRequested { .. }).then(|| self.run.clone());
        match step(self.definition, &mut self.run, &event) {
            Ok(stepped) => {
                drop(project(Some(status), &self.run, &stepped));
                self.journal.push(event);
                stepped
                    .effects
                    .into_iter()
                    .for_each(|effect| self.perform(status, effect));
                true
            }
            Err(StepError::Refused(_)) => {
                assert!(before.is_none_or(|before| before == self.run));
                false
            }
            Err(StepError::Needs(_)) => unreachable!("nothing here asks for facts"),
        }
    }

    fn perform(&mut self, status: RunStatus, effect: Effect) {
        match effect {
            Effect::StartAttempt(start) => {
                assert!(!status.is_over(), "nothing starts after the end");
                assert!(
                    self.starts.insert((start.task, start.attempt)),
                    "an attempt starts once"
                );
            }
            Effect::InterruptAttempt { task, attempt } => {
                self.interrupted.insert((task, attempt));
            }
            Effect::StartChild(start) => {
                let attempts = self.run.task_row(start.task).map(|row| row.attempt);
                self.once(format!("child {:?} {attempts:?}", start.task));
                self.todo.push(EventKind::ChildStarted {
                    task: start.task,
                    child: RunId(1000 + start.task.0 * 100 + self.journal.len() as u64),
                });
            }
            Effect::OpenInquiry(inquiry) => {
                self.once(format!("question {:?}", inquiry.task));
                self.todo.push(EventKind::InquiryAnswered {
                    task: inquiry.task,
                    value: Value::Null,
                    by: "x".into(),
                });
            }
            Effect::AcquireKey { task, .. } => {
                assert!(self.keys.insert(task), "a key is asked for once");
                self.todo.push(match task {
                    Some(task) => EventKind::TaskReleased { task },
                    None => EventKind::RunReleased,
                });
            }
            Effect::ReleaseKey { task, .. } => {
                assert!(self.keys.remove(&task), "a key is given back once");
            }
            Effect::SetTimer { timer, .. } => self.once(format!("timer {timer:?}")),
            Effect::CancelTimer { .. }
            | Effect::CancelChild { .. }
            | Effect::PauseChild { .. }
            | Effect::ResumeChild { .. }
            | Effect::CloseInquiry { .. }
            | Effect::ReportToParent { .. } => {}
        }
    }

    fn once(&mut self, what: String) {
        assert!(self.asked.insert(what.clone()), "{what} twice");
    }

    fn end_attempt(&mut self, (task, attempt): (TaskId, u32)) {
        let outcome = match self.pick(8) {
            _ if self.interrupted.contains(&(task, attempt)) => Outcome::Interrupted,
            0 | 1 => Outcome::Failed(Failure::engine("mocked", "it failed").retryable()),
            2 => Outcome::TimedOut,
            3 => Outcome::Abandoned,
            _ => Outcome::Succeeded(Value::Null),
        };
        let usage = Usage::default();
        let finished = AttemptFinished {
            task,
            attempt,
            outcome,
            usage,
        };
        assert!(self.tell(EventKind::AttemptFinished(Box::new(finished))));
    }

    fn go_on(&mut self) {
        while !self.run.status().is_over() {
            self.interfere();
            let flights = self.run.in_flight();
            if let Some(ready) = self.run.next_ready()
                && (flights.is_empty() || self.pick(2) == 0)
            {
                let (task, attempt) = (ready.task, ready.attempt);
                assert!(self.tell(EventKind::AttemptStarted(AttemptStarted { task, attempt })));
            } else if !flights.is_empty() && self.pick(3) > 0 {
                let flight = flights[self.pick(flights.len())];
                self.end_attempt(flight);
            } else if !self.act() && self.run.pause_reason().is_some() {
                self.tell(EventKind::ResumeRequested { by: "x".into() });
            }
        }
        assert_eq!(
            self.run.next_ready(),
            None,
            "nothing is ready after the end"
        );
        assert!(self.keys.is_empty(), "every key is given back");
    }

    /// Does what the world owes the run; tells whether there was anything.
    fn act(&mut self) -> bool {
        let children = self.run.children();
        if !self.todo.is_empty() && self.pick(3) > 0 {
            let place = self.pick(self.todo.len());
            let event = self.todo.swap_remove(place);
            self.tell(event);
            return true;
        }
        if !children.is_empty() && self.pick(2) == 0 {
            let (task, child) = children[self.pick(children.len())];
            let status = if self.pick(2) == 0 {
                RunStatus::Failed
            } else {
                RunStatus::Completed
            };
            return self.tell(EventKind::ChildEnded(Box::new(ChildEnded {
                task,
                child,
                status,
                output: Value::Null,
                errors: Vec::new(),
                usage: Usage::default(),
            })));
        }
        let due = self.run.timers().into_iter().min_by_key(|(_, due)| *due);
        if let Some((timer, due)) = due {
            self.now = self.now.max(due.0);
            return self.tell(EventKind::TimerFired { timer });
        }
        let waits =
            !self.todo.is_empty() || !children.is_empty() || !self.run.in_flight().is_empty();
        let paused = self.run.pause_reason().is_some();
        assert!(
            waits || paused || self.run.next_ready().is_some() || self.run.status().is_over(),
            "the run hangs"
        );
        waits
    }

    fn interfere(&mut self) {
        match self.pick(60) {
            0 => self.tell(EventKind::PauseRequested {
                reason: Some("x".into()),
                by: "x".into(),
            }),
            1 | 2 => self.tell(EventKind::ResumeRequested { by: "x".into() }),
            3 if self.pick(4) == 0 => {
                let mode = if self.pick(2) == 0 {
                    CancelMode::CancelRunning
                } else {
                    CancelMode::AllowFinish
                };
                self.tell(EventKind::CancelRequested {
                    mode,
                    by: "x".into(),
                })
            }
            _ => false,
        };
    }
}

fn started() -> EventKind {
    let pin = || WorkflowPin {
        reference: "t.t".into(),
        revision: 1,
        digest: Digest([0; 32]),
    };
    let mut pins = Pins::default();
    pins.workflows.insert("c.child".into(), pin());
    EventKind::RunStarted(Box::new(RunStarted {
        pins,
        ..RunStarted::root(RunId(1), pin(), "tester")
    }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_run_ends_and_can_be_replayed(
        raw in prop::collection::vec(raw(), 2..8),
        flags in any::<u8>(),
        picks in prop::collection::vec(any::<u16>(), 50..150),
    ) {
        let file = Value::from_serde(&workflow(&raw, flags));
        let parsed = spec::parse_value(&file, &Options::inline());
        let problems: Vec<_> = parsed.diagnostics.iter().filter(|p| p.is_error()).map(|p| p.code).collect();
        let Some(definition) = parsed.definition else { return Err(TestCaseError::reject(format!("{problems:?}"))) };
        let mut drive = Drive {
            definition: &definition,
            picks: picks.into_iter().cycle(),
            run: Run::default(),
            now: 1,
            journal: Vec::new(),
            interrupted: BTreeSet::new(),
            starts: BTreeSet::new(),
            asked: BTreeSet::new(),
            keys: BTreeSet::new(),
            todo: Vec::new(),
        };
        drive.tell(started());
        drive.go_on();
        drive.tell(EventKind::RerunRequested { tasks: Vec::new(), by: "x".into() });
        drive.go_on();
        drive.tell(EventKind::RerunRequested {
            tasks: vec![RerunTask { name: "t0".into(), reset_items: flags & 8 == 8 }],
            by: "x".into(),
        });
        drive.go_on();
        let mut again = Run::default();
        for event in &drive.journal {
            step(&definition, &mut again, event).unwrap();
        }
        prop_assert!(again == drive.run, "replaying gives another run");
        let bytes = postcard::to_stdvec(&again).unwrap();
        prop_assert!(postcard::from_bytes::<Run>(&bytes).unwrap() == again);
    }
}
