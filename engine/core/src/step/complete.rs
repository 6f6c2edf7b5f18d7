//! A visit has ended: what it publishes, which transitions fire, and where they lead.

use std::sync::Arc;

use crate::definition::{Target, Task, Transition, TransitionKind};
use crate::effect::Change;
use crate::error::{Failure, kind};
use crate::id::TaskIndex;
use crate::run::{TaskStatus, VisitId};
use crate::value::Value;

use super::machine::{Flow, Machine};
use super::view::failure_value;

/// Uses of the `retry` command in a task without `retry.count`.
const RETRY_COMMANDS: u32 = 3;

/// Where an ended visit leads.
#[derive(Default)]
struct Way {
    /// Targets in order, each once, and whether `fail_fast` lets them run.
    targets: Vec<(TaskIndex, bool)>,
    /// Targets of unconditional transitions.
    unconditional: Vec<TaskIndex>,
    /// Whether a transition handled the failure.
    handled: bool,
    /// Whether `fail` was reached.
    fail: bool,
}

impl Way {
    /// What a failure that nothing handled leads to without a condition runs in spite of it.
    fn exempt_unconditional(&mut self, unhandled: bool) {
        for (task, exempt) in &mut self.targets {
            *exempt |= unhandled && self.unconditional.contains(task);
        }
    }
}

impl Machine<'_> {
    /// Follows a visit that has ended.
    pub(super) fn complete(&mut self, visit: VisitId) -> Flow {
        let found = self.run.visit(visit);
        let status = found.status;
        let silent = self.run.stop.cancelled.is_some() || self.run.stop.timed_out;
        let silent = silent && found.start.tier != crate::run::Tier::Finally;
        // A visit that `retry` starts again may end again at once: then it is followed later.
        let ended = if status == TaskStatus::Cancelled || silent {
            self.end_silently(visit);
            true
        } else {
            self.follow(visit)?
        };
        if ended { self.leave(visit) } else { Ok(()) }
    }

    /// In a run that is cancelled or has timed out what ends publishes nothing and leads nowhere.
    fn end_silently(&mut self, visit: VisitId) {
        let found = self.run.visit(visit);
        if let Some(failure) = &found.failure
            && matches!(found.status, TaskStatus::Failed | TaskStatus::Abandoned)
        {
            let (graph, failure) = (found.start.graph, failure.clone());
            self.record_failure(graph, Some(visit), None, failure);
        }
        self.show_end(visit, &Way::default());
    }

    /// Takes the transitions of an ended visit; tells whether it stays ended.
    fn follow(&mut self, visit: VisitId) -> Flow<bool> {
        let task = self.task(visit);
        let graph = self.run.visit(visit).start.graph;
        let mut broken = Vec::new();
        let mut fired = match self.publish_task(visit, task)? {
            Ok(()) => self.choose(visit, task, &mut broken)?,
            Err(failure) => {
                broken.push(failure);
                Vec::new()
            }
        };
        if self.command_retry(visit, task, &fired, &mut broken)? {
            for failure in broken {
                self.unhandled(graph, Some(visit), failure);
            }
            return Ok(false);
        }
        self.publish_transitions(visit, &mut fired, &mut broken)?;
        let failure = self.run.visit(visit).failure.clone();
        let mut way = way(&fired);
        let unhandled = failure.is_some() && !way.handled;
        way.exempt_unconditional(unhandled || way.fail || !broken.is_empty());
        if let Some(failure) = failure.filter(|_| !way.handled) {
            self.unhandled(graph, Some(visit), failure);
        }
        for failure in broken {
            self.unhandled(graph, Some(visit), failure);
        }
        if way.fail {
            let own = self.run.visit(visit).failure.as_ref();
            let failure = by_command(&task.name, own);
            self.unhandled(graph, Some(visit), failure);
        }
        self.show_end(visit, &way);
        for (target, exempt) in way.targets {
            self.reach(visit, target, exempt)?;
        }
        Ok(true)
    }

    /// If `retry` is among the targets: starts another attempt of the same visit. What fires
    /// beside it waits until the visit really ends, failures of its conditions too.
    fn command_retry(
        &mut self,
        visit: VisitId,
        task: &Task,
        fired: &[&Transition],
        broken: &mut Vec<Failure>,
    ) -> Flow<bool> {
        let asks = |transition: &&&Transition| transition.targets.contains(&Target::Retry);
        let Some(transition) = fired.iter().find(asks) else {
            return Ok(false);
        };
        let found = self.run.visit(visit);
        let plan = found.work.plan(0);
        let most = task.retry.as_ref().map_or(RETRY_COMMANDS, |_| plan.retries);
        let possible = found.commanded < most && found.work.total > 0 && self.may_try_again(visit);
        if !possible {
            return Ok(false);
        }
        let waits = match self.command_waits(visit)? {
            Ok(waits) => waits,
            Err(failure) => {
                broken.push(failure);
                return Ok(false);
            }
        };
        broken.clear();
        let published = self.publish_list(visit, &transition.publish, false)?;
        broken.extend(published.err());
        self.reopen(visit, waits)?;
        Ok(true)
    }

    /// Makes what has ended visible.
    fn show_end(&mut self, visit: VisitId, way: &Way) {
        let next = way
            .targets
            .iter()
            .map(|(task, _)| Arc::clone(self.task_named(*task)));
        let next = next.collect();
        let name = Arc::clone(&self.task(visit).name);
        let found = self.run.visit(visit);
        self.out.changes.push(Change::TaskEnded {
            name,
            visit: found.number,
            status: found.status,
            next,
        });
    }
}

/// Makes the failure of a run that a task has led to `fail`: it tells why the task failed, if it
/// did.
fn by_command(task: &str, own: Option<&Failure>) -> Failure {
    let message = match own {
        None => format!("task `{task}` led to `fail`"),
        Some(own) => format!("task `{task}` led to `fail`: {}", own.message),
    };
    let failure = Failure::engine(kind::FAILED_BY_COMMAND, message);
    match own {
        None => failure,
        Some(_) => failure.with_details(Value::map([("error", failure_value(own))])),
    }
}

/// Sorts out where the transitions that fire lead.
fn way(fired: &[&Transition]) -> Way {
    let mut way = Way::default();
    for transition in fired {
        let fails = transition.targets.contains(&Target::Fail);
        // A `retry` that is used up does nothing: neither do the targets beside it.
        if transition.targets.contains(&Target::Retry) {
            continue;
        }
        let leads = transition
            .targets
            .iter()
            .any(|target| *target != Target::Continue);
        let handles =
            transition.kind != TransitionKind::OnComplete && !is_unconditional(transition);
        way.handled |= leads && handles;
        way.fail |= fails;
        for target in &transition.targets {
            let Target::Task(task) = *target else {
                continue;
            };
            match way.targets.iter_mut().find(|(other, _)| *other == task) {
                Some((_, known)) => *known |= fails,
                None => way.targets.push((task, fails)),
            }
            if is_unconditional(transition) {
                way.unconditional.push(task);
            }
        }
    }
    way
}

fn is_unconditional(transition: &Transition) -> bool {
    let kind = matches!(
        transition.kind,
        TransitionKind::OnComplete | TransitionKind::Next
    );
    kind && transition.when.is_none()
}
