//! Sub-workflows: a child is a run of its own, and its end is an event of its parent.

use crate::effect::Effect;
use crate::error::{Failure, kind};
use crate::event::{CancelMode, ChildEnded};
use crate::id::{RunId, TaskId};
use crate::run::{Kind, RunStatus, State, TaskStatus, VisitId};
use crate::value::Value;

use super::Refusal;
use super::machine::{Flow, Machine};
use super::settle::End;
use super::view::failure_value;

impl Machine<'_> {
    pub(super) fn start_child(&mut self, visit: VisitId, index: u32) -> Flow {
        let declared = self.run.declared(self.run.visit(visit).task());
        let reference = declared.reference.clone().unwrap_or_else(|| "".into());
        let depth = self.run.born().request.depth + 1;
        let most = self.definition.limits.max_depth;
        let failure = if depth > most {
            let message = format!(
                "workflow `{reference}` would be {depth} deep, more than {most} (max_depth)"
            );
            Some(Failure::engine(kind::LIMIT_EXCEEDED, message))
        } else if !self
            .run
            .born()
            .request
            .pins
            .workflows
            .contains_key(&reference)
        {
            let message = format!("there is no workflow `{reference}`");
            Some(Failure::engine(kind::UNKNOWN_ACTION, message))
        } else {
            None
        };
        if let Some(failure) = failure {
            return self.end_own(visit, index, End::failed(failure));
        }
        self.allot_fuel(visit, index);
        let execution = self.execution_mut(visit, index);
        execution.child = None;
        self.set_own_timeout(visit, index);
        self.show(visit, index, TaskStatus::Waiting);
        if let Some(start) = self.run.child_to_start(visit, index) {
            self.effect(Effect::StartChild(Box::new(start)));
        }
        Ok(())
    }

    /// Sets half of the fuel that is left aside for a child, so that its siblings get some too.
    fn allot_fuel(&mut self, visit: VisitId, index: u32) {
        if let Some(budget) = &mut self.run.fuel {
            let share = budget.left.div_ceil(2);
            budget.left -= share;
            budget.reserved += share;
            self.execution_mut(visit, index).reserved_fuel = share;
        }
    }

    /// Finds an execution that waits for its child.
    fn waiting_child(&self, task: TaskId) -> Option<(VisitId, u32)> {
        let (visit, index) = self.run.find(task)?;
        let execution = self.run.visit(visit).work.execution(index)?;
        let child = self.kind(visit) == Kind::Child;
        (child && execution.state == State::Waiting).then_some((visit, index))
    }

    pub(super) fn child_started(&mut self, task: TaskId, child: RunId) -> Flow {
        let waiting = self.waiting_child(task).filter(|(visit, index)| {
            let execution = self.run.visit(*visit).work.execution(*index);
            execution.is_some_and(|execution| execution.child.is_none())
        });
        let Some((visit, index)) = waiting else {
            // The task was cancelled meanwhile; so is its child.
            let (visit, _) = self.run.find(task).ok_or(Refusal::Stale)?;
            if self.kind(visit) != Kind::Child {
                return Err(Refusal::Stale.into());
            }
            let mode = CancelMode::CancelRunning;
            self.run.leaving.insert(child, (task, mode));
            self.effect(Effect::CancelChild { child, mode });
            return Ok(());
        };
        self.execution_mut(visit, index).child = Some(child);
        if self.is_paused() {
            self.effect(Effect::PauseChild { child });
        }
        Ok(())
    }

    pub(super) fn child_refused(&mut self, task: TaskId, failure: &Failure) -> Flow {
        let (visit, index) = self.waiting_child(task).ok_or(Refusal::Stale)?;
        self.direct = true;
        self.end_own(visit, index, End::failed(failure.clone()))
    }

    pub(super) fn child_ended(&mut self, ended: &ChildEnded) -> Flow {
        if self.run.leaving.remove(&ended.child).is_some() {
            return Ok(());
        }
        let waiting = self.waiting_child(ended.task).filter(|(visit, index)| {
            let execution = self.run.visit(*visit).work.execution(*index);
            execution.is_some_and(|found| found.child.is_none_or(|child| child == ended.child))
        });
        let (visit, index) = waiting.ok_or(Refusal::Stale)?;
        self.direct = true;
        self.run.secret = self.run.secret || ended.output.has_secret();
        self.record_usage(visit, index, &ended.usage);
        self.execution_mut(visit, index).child = Some(ended.child);
        let end = if ended.status == RunStatus::Completed {
            End::ok(ended.output.clone())
        } else {
            End {
                result: ended.output.clone(),
                ..End::failed(workflow_failed(ended))
            }
        };
        self.end_own(visit, index, end)
    }

    pub(super) fn cancel_child(&mut self, task: TaskId, child: Option<RunId>, mode: CancelMode) {
        if let Some(child) = child {
            self.run.leaving.insert(child, (task, mode));
            self.effect(Effect::CancelChild { child, mode });
        }
    }
}

fn workflow_failed(ended: &ChildEnded) -> Failure {
    let errors = ended.errors.iter().map(|error| failure_value(Some(error)));
    let why = ended
        .errors
        .first()
        .map_or(String::new(), |error| format!(": {}", error.message));
    let message = format!(
        "child run `{}` ended `{}`{why}",
        ended.child,
        ended.status.as_str()
    );
    let details = Value::map([
        ("child", Value::from(ended.child.0)),
        ("status", Value::from(ended.status.as_str())),
        ("errors", Value::list(errors.collect())),
    ]);
    let failure = Failure::engine(kind::WORKFLOW_FAILED, message).retryable();
    failure.with_details(details)
}
