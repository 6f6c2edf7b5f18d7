//! Attempts of actions: handed to a runner, and ended.

use std::sync::Arc;

use crate::effect::{Effect, StartAttempt};
use crate::error::{Failure, kind};
use crate::event::{AttemptContext, AttemptFinished, AttemptStarted, Outcome, Usage};
use crate::id::{Digest, TaskId};
use crate::run::{Kind, Ready, State, TaskStatus, Tier, VisitId};
use crate::value::Value;

use super::Refusal;
use super::machine::{Flow, Machine};
use super::settle::End;

/// How often an attempt that was lost with its process is started again.
const MAX_ABANDONED: u32 = 3;

impl Machine<'_> {
    pub(super) fn attempt_started(&mut self, started: AttemptStarted) -> Flow {
        let AttemptStarted { task, attempt } = started;
        let next = self.run.next_ready();
        if next.is_none_or(|ready: Ready| (ready.task, ready.attempt) != (task, attempt)) {
            return Err(Refusal::Stale.into());
        }
        let (visit, index) = self.run.find(task).ok_or(Refusal::Stale)?;
        self.run.next_flight += 1;
        let flight = self.run.next_flight;
        self.take_place(visit, index, State::Flying(flight));
        self.run.flights.insert(flight, (task, attempt));
        let effect = self.start_attempt(visit, index);
        self.show(visit, index, TaskStatus::Running);
        self.effect(Effect::StartAttempt(Box::new(effect)));
        Ok(())
    }

    fn start_attempt(&mut self, visit: VisitId, index: u32) -> StartAttempt {
        let task = self.task(visit);
        let mut limits = task.limits.clone();
        let action = self.run.action_of(self.run.visit(visit).task()).cloned();
        // What ends a run has the fuel it needs, even if the run has used up its own.
        let metered = self.run.visit(visit).start.tier == Tier::Main;
        if let Some(budget) = self.run.fuel.as_mut().filter(|_| metered) {
            let pinned = action.as_ref().map_or(u64::MAX, |pin| pin.limits.fuel);
            let share = limits.fuel.unwrap_or(u64::MAX).min(pinned).min(budget.left);
            budget.left -= share;
            budget.reserved += share;
            limits.fuel = Some(share);
        }
        let has_budget = metered && self.run.fuel.is_some();
        let run = self.run.born().request.run;
        let found = self.run.visit_mut(visit);
        let id = found.id(index);
        let timeout = found.work.plan(index).timeout;
        let input = found
            .work
            .inputs
            .get(index as usize)
            .cloned()
            .unwrap_or_default();
        let deadline = found.deadline.map(|(_, due)| due);
        let (number, iterates) = (found.number, found.work.iteration.is_some());
        let execution = found.work.executions.get_mut(index as usize);
        let execution = execution.expect("the attempt has just taken its place");
        execution.after_crash = false;
        execution.reserved_fuel = limits.fuel.filter(|_| has_budget).unwrap_or(0);
        let context = AttemptContext {
            first_started: execution.begun.unwrap_or(self.at),
            deadline,
            timeout,
            seed: run.0.rotate_left(32) ^ id.0,
            idempotency_key: idempotency_key(run.0, id),
        };
        StartAttempt {
            task: id,
            attempt: execution.attempt,
            name: Arc::clone(&task.name),
            index: self.run.visit(visit).task(),
            item: iterates.then_some(index),
            visit: number,
            action,
            input,
            limits,
            context,
            cache: task.cache,
        }
    }

    pub(super) fn attempt_finished(&mut self, finished: &AttemptFinished) -> Flow {
        let (visit, index) = self.run.find(finished.task).ok_or(Refusal::Stale)?;
        let execution = self.run.visit(visit).work.execution(index);
        let flight = match execution {
            Some(found) if found.attempt == finished.attempt => match found.state {
                State::Flying(flight) => flight,
                State::Waiting if self.kind(visit) == Kind::Inquiry => {
                    return self.inquiry_failed((visit, index), &finished.outcome);
                }
                State::Ready | State::Waiting | State::Backoff | State::Over => {
                    return Err(Refusal::Stale.into());
                }
            },
            _ => return Err(Refusal::Stale.into()),
        };
        self.direct = true;
        self.run.flights.remove(&flight);
        self.record_usage(visit, index, &finished.usage);
        self.release_place(visit)?;
        match &finished.outcome {
            Outcome::Succeeded(value) => {
                self.run.secret = self.run.secret || value.has_secret();
                self.end_attempt(visit, index, End::ok(value.clone()))?;
            }
            Outcome::Failed(failure) => {
                self.end_attempt(visit, index, End::failed(failure.clone()))?;
            }
            Outcome::TimedOut => self.end_attempt(visit, index, End::timed_out("the attempt"))?,
            Outcome::Interrupted if self.ends_by_interrupt(visit) => {
                self.end_attempt(visit, index, End::cancelled())?;
            }
            Outcome::Interrupted | Outcome::Abandoned => self.attempt_lost(visit, index)?,
        }
        self.settle_pause();
        Ok(())
    }

    /// Tells whether an interrupted attempt was meant to end. One that was not is as good as lost.
    fn ends_by_interrupt(&self, visit: VisitId) -> bool {
        let found = self.run.visit(visit);
        found.ending.is_some() || self.run.is_closed(found.start.tier)
    }

    fn attempt_lost(&mut self, visit: VisitId, index: u32) -> Flow {
        let lost = self.execution_mut(visit, index);
        lost.abandoned += 1;
        lost.after_crash = true;
        let again = lost.abandoned <= MAX_ABANDONED;
        let message = format!(
            "the attempt was lost with its process {} times",
            lost.abandoned
        );
        let failure = Failure::engine(kind::ABANDONED, message);
        let end = End {
            status: TaskStatus::Abandoned,
            result: Value::Null,
            failure: Some(failure),
        };
        let found = self.run.visit(visit);
        let cut_off = found.ending.is_some() || found.work.cut.is_some();
        if cut_off || !again || !self.may_start(visit) {
            return self.end_attempt(visit, index, end);
        }
        self.record_attempt(visit, index, &end);
        self.ready_again(visit, index)
    }

    /// Counts fuel that was set aside as used, where nothing tells how much really was.
    pub(super) fn forfeit_fuel(&mut self, visit: VisitId, index: u32) {
        let reserved = std::mem::take(&mut self.execution_mut(visit, index).reserved_fuel);
        if let Some(budget) = &mut self.run.fuel {
            budget.reserved -= reserved;
        }
    }

    pub(super) fn record_usage(&mut self, visit: VisitId, index: u32, usage: &Usage) {
        let usage = Usage {
            attempts: usage.attempts.max(1),
            ..*usage
        };
        self.run.usage.add(&usage);
        let execution = self.execution_mut(visit, index);
        execution.usage.add(&usage);
        execution.attempt_usage = usage;
        let reserved = std::mem::take(&mut execution.reserved_fuel);
        if let Some(budget) = &mut self.run.fuel {
            budget.reserved -= reserved;
            budget.left = (budget.left + reserved).saturating_sub(usage.fuel);
        }
    }
}

fn idempotency_key(run: u64, task: TaskId) -> Digest {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&run.to_be_bytes());
    bytes[8..].copy_from_slice(&task.0.to_be_bytes());
    Digest::of(&bytes)
}
