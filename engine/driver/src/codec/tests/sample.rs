//! One of each record, with every kind of event and value in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use attune_core::effect::OpenInquiry;
use attune_core::error::{Failure, Source, kind};
use attune_core::event::{
    AttemptFinished, AttemptStarted, CancelMode, ChildEnded, EventKind, FactKey, Fork, Outcome,
    Parent, RerunTask, RunStarted, TimerId, Trigger, Usage,
};
use attune_core::pin::{ActionPin, AttemptLimits, Invocation, Pins, WorkflowPin};
use attune_core::projection::{RunSummary, TaskCounts};
use attune_core::run::RunStatus;
use attune_core::{Digest, Effect, Event, Run, RunId, TaskId, Timestamp, Value};

use crate::port::{
    ActionRecord, KvEntry, LogLevel, LogLine, PackRecord, Role, TimerKind, TokenRecord,
    WorkflowRecord,
};

pub(super) fn value() -> Value {
    Value::map([
        ("null", Value::Null),
        ("bool", Value::Bool(true)),
        ("int", Value::Int(-7)),
        ("big", Value::BigInt(u64::MAX)),
        ("float", Value::Float(1.5)),
        ("text", Value::text("é")),
        ("list", Value::list(vec![Value::Int(1), Value::Null])),
        ("secret", Value::text("hush").secret()),
    ])
}

fn failure() -> Failure {
    Failure {
        kind: kind::ACTION_FAILED.into(),
        source: Source::Action,
        message: "no such file".into(),
        details: value(),
        retryable: true,
    }
}

fn usage() -> Usage {
    Usage {
        fuel: 1_000_000,
        wall_us: 250,
        peak_memory_bytes: 65_536,
        input_bytes: 10,
        output_bytes: 300,
        http_requests: 2,
        attempts: 1,
    }
}

fn workflow_pin() -> WorkflowPin {
    WorkflowPin {
        reference: "demo.hello".into(),
        revision: 3,
        digest: Digest([3; 32]),
    }
}

fn pins() -> Pins {
    let action = |invocation| ActionPin {
        reference: "core.echo".into(),
        revision: 1,
        digest: Digest([1; 32]),
        invocation,
        pure: true,
        cacheable: false,
        limits: AttemptLimits::default(),
        builtin: true,
    };
    Pins {
        actions: BTreeMap::from([
            ("core.echo".into(), action(Invocation::Handler)),
            (
                "demo.add".into(),
                action(Invocation::Typed {
                    interface: Some("demo:math/ops@1.0.0".into()),
                    function: "add".into(),
                }),
            ),
            (
                "demo.grep".into(),
                action(Invocation::Command {
                    args: vec!["-c".into()],
                    env: vec![("LANG".into(), "C".into())],
                    stdin: Some("{{ input.text }}".into()),
                }),
            ),
        ]),
        workflows: BTreeMap::from([("demo.hello".into(), workflow_pin())]),
        configs: BTreeMap::from([("demo".into(), value())]),
    }
}

fn started() -> RunStarted {
    RunStarted {
        run: RunId(42),
        workflow: workflow_pin(),
        pins: pins(),
        parameters: value(),
        labels: vec![("team".into(), "red".into())],
        trigger: Trigger::Rule("demo.nightly".into()),
        parent: Some(Parent {
            run: RunId(41),
            task: TaskId(2),
        }),
        depth: 2,
        identity: "ada".into(),
        start_at: Some(Timestamp(1_700_000_000_000)),
        priority: Some(-1),
        fuel: Some(9),
        fork: Some(Box::new(Fork {
            origin: RunId(7),
            from_task: "build".into(),
            machine: Arc::from([1, 2, 3]),
            vars: vec![("x".into(), Value::Int(1))],
            input: Some(Value::Null),
        })),
    }
}

fn kinds() -> Vec<EventKind> {
    let (task, by): (_, Arc<str>) = (TaskId(1), "ada".into());
    let finished = |outcome| {
        EventKind::AttemptFinished(Box::new(AttemptFinished {
            task,
            attempt: 1,
            outcome,
            usage: usage(),
        }))
    };
    vec![
        EventKind::RunStarted(Box::new(started())),
        EventKind::RunReleased,
        EventKind::AttemptStarted(AttemptStarted { task, attempt: 1 }),
        finished(Outcome::Succeeded(value())),
        finished(Outcome::Failed(failure())),
        finished(Outcome::TimedOut),
        finished(Outcome::Interrupted),
        finished(Outcome::Abandoned),
        EventKind::TimerFired { timer: TimerId(5) },
        EventKind::ChildStarted {
            task,
            child: RunId(43),
        },
        EventKind::ChildRefused {
            task,
            failure: failure(),
        },
        EventKind::ChildEnded(Box::new(ChildEnded {
            task,
            child: RunId(43),
            status: RunStatus::Failed,
            output: value(),
            errors: vec![failure()],
            usage: usage(),
        })),
        EventKind::InquiryAnswered {
            task,
            value: value(),
            by: by.clone(),
        },
        EventKind::PauseRequested {
            reason: Some("lunch".into()),
            by: by.clone(),
        },
        EventKind::ResumeRequested { by: by.clone() },
        EventKind::CancelRequested {
            mode: CancelMode::CancelRunning,
            by: by.clone(),
        },
        EventKind::RerunRequested {
            tasks: vec![RerunTask {
                name: "build".into(),
                reset_items: true,
            }],
            by,
        },
        EventKind::TaskReleased { task },
    ]
}

pub(super) fn events() -> Vec<Event> {
    let facts = BTreeMap::from([
        (FactKey::Kv("seen".into()), Value::Int(4)),
        (FactKey::Secret("key".into()), Value::text("k").secret()),
    ]);
    let at = |number| Timestamp(1_700_000_000_000 + number);
    (1..)
        .zip(kinds())
        .map(|(number, kind)| Event {
            at: at(number),
            seed: number,
            facts: facts.clone(),
            kind,
        })
        .collect()
}

pub(super) fn event_of_size(bytes: usize) -> Event {
    Event {
        at: Timestamp(1),
        seed: 1,
        facts: BTreeMap::new(),
        kind: EventKind::PauseRequested {
            reason: Some("x".repeat(bytes).into()),
            by: "ada".into(),
        },
    }
}

/// A workflow whose run, half-way, has something of everything in it.
const WORKFLOW: &str = "\
ref: demo.sample
label: Sample
version: '1'
vars: {total: 0}
tasks:
- name: each
  action: core.echo
  with_items: [1, 2, 3]
  input: {value: '{{ item }}'}
  publish: {total: 3}
  on_success: [nap, ask]
- {name: nap, action: core.sleep, input: {seconds: 60}}
- {name: ask, action: core.inquiry, input: {prompt: go on?}}
- name: last
  action: core.echo
  input: {value: '{{ vars.total }}'}
  retry: {count: 3, delay: 5}
  on_failure: ask
";

/// The machine of a run in which one execution ended and another failed and waits.
pub(super) fn run() -> Run {
    let parsed = attune_core::spec::parse(WORKFLOW);
    let problems = parsed.diagnostics;
    let definition = parsed.definition.unwrap_or_else(|| panic!("{problems:#?}"));
    let (mut run, mut at) = (Run::default(), 0);
    let mut tell = |run: &mut Run, kind| {
        at += 1;
        let event = Event {
            at: Timestamp(1_700_000_000_000 + at),
            seed: at,
            facts: BTreeMap::new(),
            kind,
        };
        let stepped = attune_core::step::step(&definition, run, &event);
        stepped.unwrap().effects
    };
    let birth = RunStarted {
        start_at: None,
        fork: None,
        fuel: None,
        ..started()
    };
    tell(&mut run, EventKind::RunStarted(Box::new(birth)));
    while let Some(ready) = run.next_ready() {
        let (task, attempt) = (ready.task, ready.attempt);
        let begun = AttemptStarted { task, attempt };
        let effects = tell(&mut run, EventKind::AttemptStarted(begun));
        let outcome = match effects.first() {
            Some(Effect::StartAttempt(start)) if &*start.name == "last" => {
                Outcome::Failed(failure())
            }
            Some(_) | None => Outcome::Succeeded(value()),
        };
        let finished = AttemptFinished {
            task,
            attempt,
            outcome,
            usage: usage(),
        };
        tell(&mut run, EventKind::AttemptFinished(Box::new(finished)));
    }
    assert_eq!(run.timers().len(), 2, "a sleep and a retry wait");
    run
}

pub(super) fn lines(text: &str) -> Vec<LogLine> {
    let line = |level, fields| LogLine {
        at: Timestamp(1_700_000_000_000),
        level,
        stream: "stdout".into(),
        message: text.into(),
        fields,
    };
    vec![
        line(LogLevel::Info, vec![]),
        line(LogLevel::Error, vec![("code".into(), "7".into())]),
    ]
}

pub(super) fn summary() -> RunSummary {
    RunSummary {
        id: RunId(42),
        name: Some("hello Ada".into()),
        workflow: workflow_pin(),
        version: Some("1.2".into()),
        status: RunStatus::Failed,
        error: Some(("build".into(), failure())),
        labels: vec![("team".into(), "red".into())],
        parent: None,
        trigger: Trigger::Api,
        identity: "ada".into(),
        pause_reason: None,
        started_at: Some(Timestamp(2)),
        completed_at: Some(Timestamp(3)),
        created: Timestamp(1),
        updated: Timestamp(3),
        usage: usage(),
        counts: TaskCounts {
            total: 4,
            completed: 2,
            failed: 1,
            skipped: 1,
        },
        priority: 5,
        secret: true,
    }
}

pub(super) fn inquiry() -> OpenInquiry {
    OpenInquiry {
        task: TaskId(4),
        name: "approve".into(),
        prompt: Some(Value::text("ship it?")),
        schema: Some(value()),
        assigned_to: None,
        due: Some(Timestamp(9)),
    }
}

pub(super) fn timer() -> TimerKind {
    TimerKind::Machine(TimerId(5))
}

pub(super) fn workflow() -> WorkflowRecord {
    WorkflowRecord {
        reference: "demo.hello".into(),
        revision: 3,
        digest: Digest([3; 32]),
        version: Some("1.2".into()),
        label: Some("Hello".into()),
        description: None,
        tags: vec!["demo".into()],
        enabled: true,
        uses: vec!["core.echo".into()],
        created: Timestamp(1),
        updated: Timestamp(2),
    }
}

pub(super) fn action() -> ActionRecord {
    ActionRecord {
        reference: "demo.greet".into(),
        revision: 1,
        digest: Digest([1; 32]),
        content: Digest([2; 32]),
        invocation: Invocation::Handler,
        pure: true,
        cacheable: true,
        limits: AttemptLimits::default(),
        parameters: value(),
        output: value(),
        summary: Some("greets".into()),
        description: None,
        exports: vec!["attune:action/handler@1.0.0".into()],
        imports: vec!["attune:action/log@1.0.0".into()],
        manifest: Value::Null,
        grants: Value::map([("log", Value::Bool(true))]),
        approved: true,
        size_bytes: 83_000,
        builtin: false,
        created: Timestamp(1),
        updated: Timestamp(2),
    }
}

pub(super) fn pack() -> PackRecord {
    PackRecord {
        name: "demo".into(),
        config: value(),
        created: Timestamp(1),
        updated: Timestamp(2),
    }
}

pub(super) fn token() -> TokenRecord {
    TokenRecord {
        hash: Digest([9; 32]),
        name: "ci".into(),
        role: Role::Deploy,
        packs: vec!["demo".into()],
        expires: Some(Timestamp(5)),
        created: Timestamp(1),
    }
}

pub(super) fn kv() -> KvEntry {
    KvEntry {
        value: value(),
        version: 7,
        expires: Some(Timestamp(5)),
    }
}
