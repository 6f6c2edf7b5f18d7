//! Runs with a real machine: what the driver does, one event at a time, with a mock that gives
//! every input back.

use std::sync::Arc;

use attune_core::event::{
    AttemptFinished, AttemptStarted, Event, EventKind, Facts, Outcome, RunStarted, Usage,
};
use attune_core::pin::WorkflowPin;
use attune_core::projection::{Projection, project};
use attune_core::step::step;
use attune_core::{Definition, Digest, Effect, Run, RunId, TaskId, Timestamp, Value, spec};
use attune_driver::port::{Append, Catalog, Position, Store as _};
use attune_store::Store;

/// Two tasks with a sleep and a question between them.
pub(crate) const WORKFLOW: &str = "\
ref: demo.steps
label: Steps
version: '1'
tasks:
- {name: a, action: demo.echo, input: {x: 1}, on_success: nap}
- {name: nap, action: core.sleep, input: {seconds: 60}, on_success: ask}
- {name: ask, action: core.inquiry, input: {prompt: go on?}, on_success: b}
- {name: b, action: demo.echo, input: {x: 2}}
";

/// A run on its way.
pub(crate) struct Machine {
    store: Store,
    definition: Arc<Definition>,
    id: RunId,
    run: Run,
    events: u64,
    position: Position,
}

impl Machine {
    /// Starts a run of `source`.
    pub(crate) async fn start(store: &Store, id: u64, source: &'static str) -> Self {
        let digest = store.put_content(source.as_bytes().into()).await.unwrap();
        let parsed = spec::parse(source);
        let problems = parsed.diagnostics;
        let definition = parsed.definition.unwrap_or_else(|| panic!("{problems:?}"));
        let mut machine = Self {
            store: store.clone(),
            definition: Arc::new(definition),
            id: RunId(id),
            run: Run::default(),
            events: 0,
            position: Position::default(),
        };
        machine.tell(birth(id, digest));
        machine.work();
        machine
    }

    /// Runs attempts until none is ready.
    fn work(&mut self) {
        while let Some(ready) = self.run.next_ready() {
            let (task, attempt) = (ready.task, ready.attempt);
            let begun = EventKind::AttemptStarted(AttemptStarted { task, attempt });
            let effects = self.tell(begun);
            let Some(Effect::StartAttempt(start)) = effects.into_iter().next() else {
                panic!("an attempt starts");
            };
            self.tell(EventKind::AttemptFinished(Box::new(AttemptFinished {
                task,
                attempt,
                outcome: Outcome::Succeeded(start.input),
                usage: Usage::default(),
            })));
        }
    }

    /// Lets the timer fire.
    pub(crate) fn wake(&mut self) {
        let (timer, _) = self.run.timers()[0];
        self.tell(EventKind::TimerFired { timer });
        self.work();
    }

    /// Answers the question.
    pub(crate) fn answer(&mut self) {
        let task = TaskId(3);
        let (value, by) = (Value::Bool(true), "ada".into());
        self.tell(EventKind::InquiryAnswered { task, value, by });
        self.work();
        assert!(self.run.status().is_over());
    }

    /// Keeps the machine as it is, as an eviction does.
    pub(crate) fn evict(&mut self) {
        let rows = Projection {
            live: !self.run.status().is_over(),
            runnable: self.run.is_runnable(),
            ..Projection::default()
        };
        self.append(Vec::new(), rows, true);
    }

    pub(crate) async fn durable(&self) {
        self.store.durable(self.position).await.unwrap();
    }

    fn tell(&mut self, kind: EventKind) -> Vec<Effect> {
        let event = Event {
            at: Timestamp(1_000 + self.events),
            seed: self.events,
            facts: Facts::new(),
            kind,
        };
        let before = (self.events > 0).then(|| self.run.status());
        let stepped = step(&self.definition, &mut self.run, &event).unwrap();
        let rows = project(before, &self.run, &stepped);
        self.append(vec![event], rows, self.run.status().is_over());
        stepped.effects
    }

    fn append(&mut self, events: Vec<Event>, rows: Projection, keep: bool) {
        let count = events.len() as u64;
        let append = Append {
            rows,
            snapshot: keep.then(|| Arc::new(self.run.clone())),
            ..crate::sample::step(self.id.0, self.events, events)
        };
        self.position = self.store.append(append).unwrap();
        self.events += count;
    }
}

fn birth(id: u64, digest: Digest) -> EventKind {
    let workflow = WorkflowPin {
        reference: "demo.steps".into(),
        revision: 1,
        digest,
    };
    EventKind::RunStarted(Box::new(RunStarted {
        labels: vec![("team".into(), "red".into())],
        ..RunStarted::root(RunId(id), workflow, "ada")
    }))
}
