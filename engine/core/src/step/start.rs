//! The birth of a run: variables, name, what it waits for, and its first tasks.

use std::sync::Arc;

use crate::definition::{Definition, Publish, Task, TaskKind};
use crate::effect::{Change, Effect};
use crate::error::{Failure, kind};
use crate::event::RunStarted;
use crate::pin::Pins;
use crate::run::{
    Birth, Declared, Fuel, Gate, Graph, GraphId, Kind, Lineage, Phase, RunStatus, Start, Tier,
    TimerKind,
};
use crate::value::Value;

use super::Refusal;
use super::machine::{Flow, Machine, eval, render};

impl Machine<'_> {
    pub(super) fn run_started(&mut self, request: &RunStarted) -> Flow {
        if self.run.birth.is_some() {
            return Err(Refusal::Illegal("the run has started before").into());
        }
        self.be_born(request);
        self.out.changes.push(Change::RunStatus {
            status: RunStatus::Requested,
        });
        if let Some(fork) = &request.fork {
            return self.fork(fork);
        }
        if let Some(failure) = self.render_vars(&[])? {
            self.name_run()?;
            self.fail_run(failure);
            return self.end();
        }
        self.name_run()?;
        self.pass_gates(request.start_at.is_some())
    }

    fn be_born(&mut self, request: &RunStarted) {
        let definition = self.definition;
        let request = RunStarted {
            fork: None,
            ..request.clone()
        };
        let budget = match (request.fuel, definition.limits.fuel) {
            (Some(own), Some(file)) => Some(own.min(file)),
            (own, file) => own.or(file),
        };
        let run = &mut *self.run;
        run.fuel = budget.map(|left| Fuel { left, reserved: 0 });
        run.secret = request.parameters.has_secret();
        run.created = self.at;
        run.updated = self.at;
        run.tasks = vec![(None, 0); definition.tasks.len()];
        run.graphs.push(Arc::new(Graph::default()));
        run.birth = Some(Arc::new(Birth {
            tasks: definition
                .tasks
                .iter()
                .map(|task| declared(task, &request.pins))
                .collect(),
            overlap: definition.overlap,
            priority: request.priority.unwrap_or(definition.priority),
            version: definition.version.as_deref().map(Arc::from),
            max_parallel: definition.limits.max_parallel.max(1),
            reads_facts: reads_facts(definition),
            request,
        }));
    }

    /// Renders the initial variables but those that are given; returns why one could not be.
    pub(super) fn render_vars(&mut self, given: &[(Arc<str>, Value)]) -> Flow<Option<Failure>> {
        for (name, template) in &self.definition.vars {
            let given = given.iter().find(|(other, _)| other == name);
            let value = match given {
                Some((_, value)) => Ok(value.clone()),
                None => render(template, &self.run_view())?,
            };
            match value {
                Ok(value) => self.put_var(GraphId::default(), name, value),
                Err(message) => {
                    let message = format!("variable `{name}`: {message}");
                    return Ok(Some(Failure::engine(kind::EXPRESSION, message)));
                }
            }
        }
        Ok(None)
    }

    /// Renders the run's name; a name that cannot be rendered is none.
    pub(super) fn name_run(&mut self) -> Flow {
        if let Some(template) = &self.definition.run_name
            && let Ok(name) = render(template, &self.run_view())?
        {
            self.run.name = Some(plain_text(&name));
        }
        Ok(())
    }

    /// Goes on to the next thing the run waits for before its first task.
    pub(super) fn pass_gates(&mut self, wait_for_time: bool) -> Flow {
        let birth = Arc::clone(self.run.birth.as_ref().expect("the run was just born"));
        let start_at = birth
            .request
            .start_at
            .filter(|at| wait_for_time && *at > self.at);
        if let Some(due) = start_at {
            self.run.gate = Some(Gate::Time(self.set_timer(due, TimerKind::Start)));
            self.set_status(RunStatus::Scheduled);
            return Ok(());
        }
        let Some(expression) = &self.definition.concurrency_key else {
            return self.open_run();
        };
        match eval(expression, &self.run_view())? {
            Ok(key) => {
                let key = plain_text(&key);
                self.run.gate = Some(Gate::Key(Arc::clone(&key)));
                self.set_status(RunStatus::Requested);
                self.effect(Effect::AcquireKey {
                    task: None,
                    key,
                    overlap: self.definition.overlap,
                    priority: birth.priority,
                });
                Ok(())
            }
            Err(message) => {
                let message = format!("concurrency_key: {message}");
                self.fail_run(Failure::engine(kind::EXPRESSION, message));
                self.end()
            }
        }
    }

    pub(super) fn run_released(&mut self) -> Flow {
        match &self.run.gate {
            None => Err(Refusal::Stale.into()),
            Some(Gate::Time(timer)) => {
                let timer = *timer;
                self.cancel_timer(timer);
                self.pass_time_gate()
            }
            Some(Gate::Key(_)) => self.open_run(),
            Some(Gate::Open) => Err(Refusal::Stale.into()),
        }
    }

    pub(super) fn pass_time_gate(&mut self) -> Flow {
        self.run.gate = None;
        self.pass_gates(false)
    }

    /// Starts the first tasks, once nothing is waited for any more.
    pub(super) fn open_run(&mut self) -> Flow {
        // The key is held from now on, also by a run that is paused and starts later.
        if let Some(Gate::Key(key)) = self.run.gate.take() {
            self.run.held_key = Some(key);
        }
        if self.is_paused() {
            self.run.gate = Some(Gate::Open);
            return Ok(());
        }
        self.run.phase = Phase::Main;
        self.run.started = Some(self.at);
        self.set_status(RunStatus::Running);
        self.set_run_timeout();
        self.start_all(&self.definition.entry, Tier::Main)
    }

    pub(super) fn set_run_timeout(&mut self) {
        if let Some(timeout) = self.definition.timeout {
            let timer = self.set_timer(self.at.after(timeout), TimerKind::RunTimeout);
            self.run.timeout = Some(timer);
        }
    }

    /// Starts tasks that no transition leads to.
    pub(super) fn start_all(&mut self, tasks: &[crate::TaskIndex], tier: Tier) -> Flow {
        for &task in tasks {
            self.begin(Start {
                task,
                graph: GraphId::default(),
                tier,
                exempt: tier != Tier::Main,
                lineage: Arc::new(Lineage::default()),
                cause: None,
                joined: Vec::new(),
                reuse: None,
            })?;
        }
        Ok(())
    }
}

fn declared(task: &Task, pins: &Pins) -> Declared {
    let (mut kind, reference) = match &task.kind {
        TaskKind::Action { reference } => (Kind::Action, Some(Arc::clone(reference))),
        TaskKind::Workflow { reference } => (Kind::Child, Some(Arc::clone(reference))),
        TaskKind::Sleep => (Kind::Sleep, None),
        TaskKind::Inquiry => (Kind::Inquiry, None),
        TaskKind::Parallel { .. } => (Kind::Block, None),
    };
    let pin = reference
        .as_ref()
        .and_then(|reference| pins.actions.get(reference));
    let workflow = reference
        .as_ref()
        .is_some_and(|reference| pins.workflows.contains_key(reference));
    // A workflow is also an action: `type: workflow` may be left out.
    if pin.is_none() && workflow {
        kind = Kind::Child;
    }
    Declared {
        name: Arc::clone(&task.name),
        kind,
        pure: kind == Kind::Action && pin.is_some_and(|pin| pin.pure),
        reference,
        priority: task.priority,
    }
}

/// Returns a text as it is, anything else as JSON with its secrets hidden.
pub(super) fn plain_text(value: &Value) -> Arc<str> {
    if let Value::Text(text) = value {
        Arc::clone(text)
    } else {
        value.to_public_json().into()
    }
}

/// Tells whether any expression of the definition asks for facts.
fn reads_facts(definition: &Definition) -> bool {
    let vars = definition
        .vars
        .iter()
        .any(|(_, template)| template.reads_facts());
    let own = [&definition.run_name, &definition.output_map];
    let key = definition
        .concurrency_key
        .iter()
        .any(|key| key.reads_facts());
    vars || key
        || own
            .into_iter()
            .flatten()
            .any(|template| template.reads_facts())
        || definition.tasks.iter().any(task_reads_facts)
}

fn task_reads_facts(task: &Task) -> bool {
    let publishes = |list: &[Publish]| {
        list.iter()
            .flat_map(|entry| &entry.value)
            .any(|value| value.reads_facts())
    };
    let items = task.items.iter().any(|items| {
        items.source.reads_facts()
            || items.key.iter().any(|key| key.reads_facts())
            || items.batch_size.iter().any(|size| size.reads_facts())
    });
    let retry = task.retry.iter().any(|retry| {
        let conditions = retry.on_error.iter().chain(&retry.when);
        let delays = retry
            .delay
            .iter()
            .chain(&retry.max_delay)
            .chain(&retry.max_elapsed);
        retry.count.reads_facts()
            || conditions
                .into_iter()
                .any(|condition| condition.reads_facts())
            || delays.into_iter().any(|delay| delay.reads_facts())
    });
    let templates = task.delay.iter().chain(&task.timeout).chain(&task.deadline);
    let expressions = task.concurrency.iter().chain(&task.concurrency_key);
    task.input.reads_facts()
        || task.when.iter().any(|when| when.reads_facts())
        || templates.into_iter().any(|template| template.reads_facts())
        || expressions
            .into_iter()
            .any(|expression| expression.reads_facts())
        || items
        || retry
        || publishes(&task.publish)
        || task.transitions.iter().any(|transition| {
            transition.when.iter().any(|when| when.reads_facts()) || publishes(&transition.publish)
        })
}
