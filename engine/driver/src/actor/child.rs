//! Children: created for a task execution that waits, and looked after when messages were lost.

use std::sync::Arc;

use attune_core::effect::StartChild;
use attune_core::error::{Failure, kind};
use attune_core::event::{CancelMode, Parent, RunStarted, Trigger};
use attune_core::run::RunStatus;
use attune_core::step::Refusal;
use attune_core::{Effect, EventKind, RunId, TaskId};

use super::Actor;
use super::bench::Bench;
use super::perform::{PARENT, pause_reason};
use super::sources::Done;
use crate::machine::{Act, Machine};
use crate::message::{Birth, Delivery, Letter, Origin, Peer};
use crate::port::{RunFilter, StoreError, Views};
use crate::ports::World;
use crate::shared::Shared;

/// Children of one parent looked at on a page, when one is looked for.
const SIBLINGS: usize = 500;

/// What came of the creation of a child.
#[derive(Debug)]
pub(super) enum NewChild {
    /// It exists, from before a crash.
    Exists(RunId),
    /// It is to be born.
    Born(Box<Birth>),
    /// It cannot be.
    Refused(Failure),
}

/// A child that a task execution asks for, with what it inherits.
struct Wanted {
    parent: Parent,
    start: StartChild,
    request: RunStarted,
    may_exist: bool,
}

impl<W: World> Actor<W> {
    /// Creates the child that a task execution of a run waits for.
    pub(super) fn create_child(&mut self, parent: RunId, start: StartChild) {
        let wary = self.bench.is_wary_of(parent);
        let machine = self.slots.resident(parent);
        let request = machine.and_then(|machine| machine.run.birth().cloned());
        // A run that has left the memory meanwhile no longer waits, or asks again when loaded.
        let Some(request) = request else {
            return;
        };
        let task = start.task;
        let wanted = Wanted {
            parent: Parent { run: parent, task },
            start,
            request,
            may_exist: wary,
        };
        let shared = Arc::clone(&self.bench.shared);
        self.bench.chores.push(Box::pin(async move {
            Done::Child(parent, task, find_or_make(&shared, wanted).await)
        }));
    }

    /// Goes on with what came of the creation of a child.
    pub(super) fn found_child(
        &mut self,
        parent: RunId,
        task: TaskId,
        child: NewChild,
    ) -> Result<(), StoreError> {
        match child {
            NewChild::Born(birth) => {
                let to = self.bench.shared.owner(birth.started.run);
                self.bench.send(to, Peer::Birth(birth));
            }
            NewChild::Exists(child) => {
                let kind = EventKind::ChildStarted { task, child };
                self.deliver(parent, Delivery::new(kind, Origin::Internal));
                self.bench
                    .send(self.bench.shared.owner(child), Peer::Remind { run: child });
            }
            NewChild::Refused(failure) => {
                let kind = EventKind::ChildRefused { task, failure };
                self.deliver(parent, Delivery::new(kind, Origin::Internal));
            }
        }
        Ok(())
    }
}

impl<W: World> Bench<W> {
    /// Gives a letter to a machine.
    pub(super) fn open(&mut self, machine: &mut Machine, letter: Letter) {
        match letter {
            Letter::Event(delivery) => self.take(machine, delivery),
            Letter::Again { task } => {
                let outstanding = machine.run.outstanding().into_iter();
                let again = outstanding.filter(|effect| asks_for(effect, task));
                machine.pending.acts.extend(again.map(Act::Effect));
                machine.creating = machine.creating.saturating_sub(1);
                self.touch(machine);
            }
            Letter::Orphan { task, child, held } => self.look_after(machine, task, child, held),
        }
    }

    /// Tells a child what its parent would have it do, in case the message was lost.
    fn look_after(&mut self, parent: &mut Machine, task: TaskId, child: RunId, held: bool) {
        let by: Arc<str> = PARENT.into();
        let mut outstanding = parent.run.outstanding().into_iter();
        let awaited = parent.run.children().contains(&(task, child))
            || outstanding.any(|effect| asks_for(&effect, task));
        let paused = matches!(parent.run.status(), RunStatus::Pausing | RunStatus::Paused);
        let kind = match (awaited, paused) {
            (false, _) => EventKind::CancelRequested {
                mode: CancelMode::CancelRunning,
                by,
            },
            (true, true) => EventKind::PauseRequested {
                reason: Some(pause_reason(parent.id).into()),
                by,
            },
            (true, false) if held => EventKind::ResumeRequested { by },
            (true, false) => return,
        };
        let to = self.shared.owner(child);
        self.send(to, Peer::Deliver { run: child, kind });
        // It may have been loaded only for this.
        self.touch(parent);
    }

    /// Tells a parent that its child was refused by the machine.
    pub(super) fn refuse_child(&mut self, birth: &EventKind, refusal: &Refusal) {
        let EventKind::RunStarted(started) = birth else {
            return;
        };
        if let Some(Parent { run, task }) = started.parent {
            let failure = Failure::engine(kind::ENGINE, refusal.to_string());
            let kind = EventKind::ChildRefused { task, failure };
            self.send(self.shared.owner(run), Peer::Deliver { run, kind });
        }
    }
}

fn asks_for(effect: &Effect, task: TaskId) -> bool {
    matches!(effect, Effect::StartChild(start) if start.task == task)
}

async fn find_or_make<W: World>(
    shared: &Shared<W>,
    wanted: Wanted,
) -> Result<NewChild, StoreError> {
    let ports = shared.ports();
    if wanted.may_exist
        && let Some(child) = find(&*ports.views, wanted.parent).await?
    {
        return Ok(NewChild::Exists(child));
    }
    let Wanted {
        parent,
        start,
        request,
        ..
    } = wanted;
    let Some(pin) = request.pins.workflows.get(&start.reference) else {
        let text = format!("there is no workflow `{}`", start.reference);
        return Ok(NewChild::Refused(Failure::engine(
            kind::UNKNOWN_ACTION,
            text,
        )));
    };
    let definition = shared
        .definitions
        .get(&*ports.artifacts, pin.digest)
        .await?;
    let parameters = match definition.parameters.prepare(start.parameters) {
        Ok(parameters) => parameters,
        Err(mismatches) => {
            let problems: Vec<String> = mismatches
                .iter()
                .map(|m| format!("`{}`: {}", m.pointer, m.message))
                .collect();
            let text = format!("the input does not fit: {}", problems.join("; "));
            return Ok(NewChild::Refused(Failure::engine(
                kind::INVALID_INPUT,
                text,
            )));
        }
    };
    let started = RunStarted {
        run: shared.ids.next(&*ports.store).await?,
        workflow: pin.clone(),
        parameters,
        labels: Vec::new(),
        trigger: Trigger::Parent,
        parent: Some(parent),
        depth: start.depth,
        start_at: None,
        priority: request.priority,
        fuel: start.fuel,
        fork: None,
        ..request
    };
    Ok(NewChild::Born(Box::new(Birth {
        started: Box::new(started),
        definition,
        idempotency: None,
        reply: None,
        ended: None,
    })))
}

/// Finds the child of a task execution among all children of a run.
async fn find(views: &dyn Views, parent: Parent) -> Result<Option<RunId>, StoreError> {
    let filter = RunFilter {
        parent: Some(parent.run),
        ..RunFilter::default()
    };
    let mut after = None;
    loop {
        let page = views.run_page(&filter, after, SIBLINGS).await?;
        let mut runs = page.runs.iter();
        if let Some(found) = runs.find(|run| run.parent == Some(parent)) {
            return Ok(Some(found.id));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(None),
        }
    }
}
