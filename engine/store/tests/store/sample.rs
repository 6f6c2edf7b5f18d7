//! Appends as a driver makes them, for runs that need no machine.

use std::sync::Arc;

use attune_core::effect::OpenInquiry;
use attune_core::event::{EventKind, RunStarted, TimerId, Trigger, Usage};
use attune_core::pin::WorkflowPin;
use attune_core::projection::{Projection, RunSummary, TaskCounts};
use attune_core::run::RunStatus;
use attune_core::{Digest, Event, Run, RunId, TaskId, Timestamp, Value};
use attune_driver::port::{Append, Epoch, LogLevel, LogLine};
use attune_store::{Options, Store};

pub(crate) fn open(path: &std::path::Path) -> Store {
    Store::open(path, Options::default()).expect("the store opens")
}

pub(crate) fn summary(run: u64, status: RunStatus) -> RunSummary {
    RunSummary {
        id: RunId(run),
        name: Some(format!("run {run}").into()),
        workflow: pin("demo.hello"),
        version: None,
        status,
        error: None,
        labels: Vec::new(),
        parent: None,
        trigger: Trigger::Api,
        identity: "ada".into(),
        pause_reason: None,
        started_at: None,
        completed_at: status.is_over().then_some(Timestamp(run)),
        created: Timestamp(run),
        updated: Timestamp(run),
        usage: Usage::default(),
        counts: TaskCounts::default(),
        priority: 0,
        secret: false,
    }
}

pub(crate) fn pin(reference: &str) -> WorkflowPin {
    WorkflowPin {
        reference: reference.into(),
        revision: 1,
        digest: Digest::of(reference.as_bytes()),
    }
}

pub(crate) fn started(run: u64, parameters: Value) -> Event {
    let birth = RunStarted {
        parameters,
        ..RunStarted::root(RunId(run), pin("demo.hello"), "ada")
    };
    event(0, EventKind::RunStarted(Box::new(birth)))
}

/// An event whose number can be told from it.
pub(crate) fn numbered(number: u64) -> Event {
    event(
        number,
        EventKind::TimerFired {
            timer: TimerId(number),
        },
    )
}

fn event(number: u64, kind: EventKind) -> Event {
    Event {
        at: Timestamp(1_000 + number),
        seed: number,
        facts: Default::default(),
        kind,
    }
}

/// The birth of a run, which then works.
pub(crate) fn birth(run: u64) -> Append {
    birth_of(summary(run, RunStatus::Running))
}

pub(crate) fn birth_of(summary: RunSummary) -> Append {
    let run = summary.id;
    Append {
        rows: Projection {
            live: !summary.status.is_over(),
            runnable: !summary.status.is_over(),
            summary: Some(Box::new(summary)),
            ..Projection::default()
        },
        ..step(run.0, 0, vec![started(run.0, Value::Int(7))])
    }
}

/// Events of a run that goes on working.
pub(crate) fn step(run: u64, expected: u64, events: Vec<Event>) -> Append {
    Append {
        shard: RunId(run).shard(),
        epoch: Epoch(1),
        run: RunId(run),
        expected,
        events,
        rows: Projection {
            live: true,
            runnable: true,
            ..Projection::default()
        },
        idempotency: None,
        snapshot: None,
        logs: Vec::new(),
        secret: false,
    }
}

/// The end of a run, with its machine.
pub(crate) fn end(run: u64, expected: u64, status: RunStatus) -> Append {
    Append {
        rows: Projection {
            summary: Some(Box::new(summary(run, status))),
            status_before: Some(RunStatus::Running),
            ..Projection::default()
        },
        snapshot: Some(Arc::new(Run::default())),
        ..step(run, expected, vec![numbered(expected)])
    }
}

pub(crate) fn line(message: &str, level: LogLevel) -> LogLine {
    LogLine {
        at: Timestamp(1),
        level,
        stream: "log".into(),
        message: message.into(),
        fields: Vec::new(),
    }
}

pub(crate) fn inquiry(task: u64) -> OpenInquiry {
    OpenInquiry {
        task: TaskId(task),
        name: "approve".into(),
        prompt: None,
        schema: None,
        assigned_to: None,
        due: None,
    }
}
