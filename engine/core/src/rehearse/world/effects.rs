//! What a turn asks of the world is done at once.

use std::sync::Arc;

use crate::definition::Overlap;
use crate::effect::{Effect, OpenInquiry, StartChild};
use crate::error::{Failure, kind};
use crate::event::{
    CancelMode, ChildEnded, EventKind, Outcome, Parent, RunStarted, Trigger, Usage,
};
use crate::id::{RunId, TaskId};
use crate::run::RunStatus;
use crate::step::Turn;
use crate::value::Value;

use super::{Going, Message, Waiter, World};

impl World {
    pub(super) fn perform(&mut self, run: RunId, turn: Turn, going: &mut Going) {
        going.begun.extend(turn.begun);
        for visit in turn.lined_up {
            let place = going.order.len();
            going.order.entry(visit).or_insert(place);
        }
        for effect in turn.stepped.effects {
            self.perform_one(run, effect, going);
        }
    }

    fn perform_one(&mut self, run: RunId, effect: Effect, going: &mut Going) {
        match effect {
            Effect::SetTimer { timer, due } => {
                self.ordinal += 1;
                self.later
                    .insert((due, self.ordinal), Message::Due(run, timer));
            }
            Effect::InterruptAttempt { task, attempt } => self.interrupt(run, task, attempt),
            Effect::StartChild(start) => self.start_child(run, *start, going),
            Effect::CancelChild { child, mode } => {
                let by = "parent".into();
                drop(self.tell(child, EventKind::CancelRequested { mode, by }));
            }
            Effect::PauseChild { child } => {
                let (reason, by) = (None, "parent".into());
                drop(self.tell(child, EventKind::PauseRequested { reason, by }));
            }
            Effect::ResumeChild { child } => {
                let by = "parent".into();
                drop(self.tell(child, EventKind::ResumeRequested { by }));
            }
            Effect::OpenInquiry(inquiry) => self.ask(run, &inquiry),
            Effect::AcquireKey {
                task,
                key,
                priority,
                overlap,
            } => self.ask_for_key(
                key,
                overlap,
                Waiter {
                    run,
                    task,
                    priority,
                },
                going,
            ),
            Effect::ReleaseKey { task, key } => self.release(&key, (run, task), going),
            Effect::ReportToParent { parent, ended } => {
                self.queue.push_back(Message::ChildEnded(parent, ended));
            }
            Effect::StartAttempt(_) | Effect::CancelTimer { .. } | Effect::CloseInquiry { .. } => {}
        }
    }

    /// Ends an attempt that is under way; one that is about to be followed has ended already.
    fn interrupt(&mut self, run: RunId, task: TaskId, attempt: u32) {
        let before = self.later.len();
        self.later.retain(|_, message| {
            !matches!(message, Message::Finished(r, t, a, _) if (*r, *t, *a) == (run, task, attempt))
        });
        if self.later.len() < before {
            let message = Message::Finished(run, task, attempt, Outcome::Interrupted);
            self.queue.push_back(message);
        }
    }

    /// A question with a mock is answered by it; others wait for somebody.
    fn ask(&mut self, run: RunId, inquiry: &OpenInquiry) {
        let Some(row) = self.members[&run].run.task_row(inquiry.task) else {
            return;
        };
        let (item, visit, attempt) = (row.index, row.visit, row.attempt);
        let Some(answer) = self.mocks.given(&inquiry.name, item, visit) else {
            return;
        };
        let message = match answer.outcome {
            Outcome::Succeeded(value) => Message::Answered(run, inquiry.task, value),
            unanswered @ (Outcome::Failed(_)
            | Outcome::TimedOut
            | Outcome::Interrupted
            | Outcome::Abandoned) => Message::Finished(run, inquiry.task, attempt, unanswered),
        };
        self.put_later(answer.takes, message);
    }

    fn place(&self, run: RunId, task: TaskId) -> Option<(Option<u32>, u32)> {
        let row = self.members.get(&run)?.run.task_row(task)?;
        Some((row.index, row.visit))
    }

    fn start_child(&mut self, parent: RunId, start: StartChild, going: &mut Going) {
        let child = RunId(self.members.len() as u64 + 1);
        let place = self.place(parent, start.task);
        let row = self.members[&parent].run.task_row(start.task);
        let name = row.map(|row| row.name).unwrap_or_else(|| "".into());
        let (item, visit) = place.unwrap_or((None, 1));
        let mock = self.mocks.given(&name, item, visit);
        let known = self.definitions.get(&start.reference).cloned();
        let (None, Some(definition)) = (&mock, known) else {
            let answer = mock.unwrap_or_else(|| self.mocks.answer(&name, item, visit));
            let ended = mocked_child(start.task, child, answer.outcome);
            self.put_later(answer.takes, Message::ChildEnded(parent, Box::new(ended)));
            return;
        };
        let parameters = match definition.parameters.prepare(start.parameters) {
            Ok(parameters) => parameters,
            Err(mismatches) => {
                let why = mismatches.first().map_or("", |mismatch| &mismatch.message);
                let failure = Failure::engine(kind::INVALID_INPUT, why);
                let message = Message::ChildRefused(parent, start.task, failure);
                self.queue.push_back(message);
                return;
            }
        };
        let request = self.members[&parent].run.born().request.clone();
        let mut workflow = request.workflow.clone();
        workflow.reference = Arc::clone(&start.reference);
        let request = RunStarted {
            run: child,
            workflow,
            parameters,
            trigger: Trigger::Parent,
            parent: Some(Parent {
                run: parent,
                task: start.task,
            }),
            depth: start.depth,
            fuel: start.fuel,
            ..request
        };
        self.start(definition, request);
        let task = start.task;
        self.tell_within(parent, EventKind::ChildStarted { task, child }, going);
    }

    /// Lets a run or task wait for a key, as its `overlap` says.
    fn ask_for_key(&mut self, key: Arc<str>, overlap: Overlap, waiter: Waiter, going: &mut Going) {
        let line = self.keys.get(&key).cloned().unwrap_or_default();
        match overlap {
            Overlap::Queue => {}
            Overlap::Skip if line.is_empty() => {}
            Overlap::Skip => return self.cancel_for_key(waiter.run),
            Overlap::CancelPrevious => {
                for other in line {
                    self.cancel_for_key(other.run);
                }
            }
        }
        self.acquire(key, waiter, going);
    }

    fn cancel_for_key(&mut self, run: RunId) {
        let (mode, by) = (CancelMode::CancelRunning, "key".into());
        drop(self.tell(run, EventKind::CancelRequested { mode, by }));
    }

    fn acquire(&mut self, key: Arc<str>, waiter: Waiter, going: &mut Going) {
        let line = self.keys.entry(key).or_default();
        let held = !line.is_empty();
        let ahead = line
            .iter()
            .skip(1)
            .filter(|other| other.priority >= waiter.priority)
            .count();
        line.insert(if held { 1 + ahead } else { 0 }, waiter);
        if !held {
            self.tell_within(waiter.run, granted(waiter), going);
        }
    }

    fn release(&mut self, key: &Arc<str>, from: (RunId, Option<TaskId>), going: &mut Going) {
        let Some(line) = self.keys.get_mut(key) else {
            return;
        };
        let held = line
            .first()
            .is_some_and(|first| (first.run, first.task) == from);
        line.retain(|waiter| (waiter.run, waiter.task) != from);
        let next = line.first().copied().filter(|_| held);
        match next {
            Some(next) if next.run == from.0 => self.tell_within(next.run, granted(next), going),
            Some(next) => drop(self.tell(next.run, granted(next))),
            None => {}
        }
    }
}

/// Tells who waited for a key that it has it.
fn granted(waiter: Waiter) -> EventKind {
    match waiter.task {
        Some(task) => EventKind::TaskReleased { task },
        None => EventKind::RunReleased,
    }
}

/// How a mocked child ends.
fn mocked_child(task: TaskId, child: RunId, outcome: Outcome) -> ChildEnded {
    let (status, output, errors) = match outcome {
        Outcome::Succeeded(value) => (RunStatus::Completed, value, Vec::new()),
        Outcome::Failed(failure) => (RunStatus::Failed, Value::Null, vec![failure]),
        Outcome::TimedOut | Outcome::Interrupted | Outcome::Abandoned => {
            (RunStatus::Timeout, Value::Null, Vec::new())
        }
    };
    ChildEnded {
        task,
        child,
        status,
        output,
        errors,
        usage: Usage::default(),
    }
}
