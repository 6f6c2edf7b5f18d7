//! Another attempt: whether, and after how long.

use crate::definition::{Backoff, Retry};
use crate::error::{Failure, kind};
use crate::run::{Kind, Plan, State, TaskStatus, TimerKind, VisitId};
use crate::time::{MAX_DURATION, Millis};

use super::machine::{Flow, Machine, Rendered, holds};
use super::settle::is_failure;

/// What becomes of an attempt that has ended.
pub(super) enum Verdict {
    /// Its outcome is the execution's.
    Stands,
    /// Another attempt follows after a wait.
    Again(Millis),
    /// The policy itself failed.
    Broken(Failure),
}

impl Machine<'_> {
    /// Decides whether an attempt that has just ended is followed by another.
    pub(super) fn judge(&mut self, visit: VisitId, index: u32) -> Flow<Verdict> {
        let task = self.task(visit);
        let Some(retry) = &task.retry else {
            return Ok(Verdict::Stands);
        };
        // An unanswered question is not asked again: its timeout counts from the first asking.
        if self.kind(visit) == Kind::Inquiry {
            return Ok(Verdict::Stands);
        }
        let wanted = match self.wants_retry(retry, visit, index)? {
            Ok(wanted) => wanted,
            Err(message) => return Ok(Verdict::Broken(broken("retry", &message))),
        };
        let work = &self.run.visit(visit).work;
        let Some(execution) = work.execution(index) else {
            return Ok(Verdict::Stands);
        };
        if !wanted || execution.retries >= work.plan(index).retries {
            return Ok(Verdict::Stands);
        }
        let number = execution.retries + 1;
        let begun = execution.begun.unwrap_or(self.at);
        let plan = match self.plan_after(visit, index)? {
            Ok(plan) => plan,
            Err((field, message)) => return Ok(Verdict::Broken(broken(field, &message))),
        };
        let wait = wait(plan, retry.backoff, number);
        let wait = Millis((wait.0 as f64 * (1.0 - self.jitter(retry))).round() as u64);
        let elapsed = self.at.after(wait).since(begun);
        if plan.max_elapsed.is_some_and(|most| elapsed > most) {
            return Ok(Verdict::Stands);
        }
        self.execution_mut(visit, index).retries = number;
        Ok(Verdict::Again(wait))
    }

    fn wants_retry(&self, retry: &Retry, visit: VisitId, index: u32) -> Flow<Rendered<bool>> {
        let Some(execution) = self.run.visit(visit).work.execution(index) else {
            return Ok(Ok(false));
        };
        let view = self.attempt_view(visit, index);
        if execution.status != TaskStatus::Completed {
            let by_error = match &retry.on_error {
                Some(condition) => holds(condition, &view)?,
                None => {
                    let mendable = execution.failure.as_ref().is_none_or(|f| f.retryable);
                    Ok(retry.when.is_none() && mendable)
                }
            };
            if by_error != Ok(false) {
                return Ok(by_error);
            }
        }
        match &retry.when {
            Some(condition) => holds(condition, &view),
            None => Ok(Ok(false)),
        }
    }

    /// Draws which share of a wait is left out.
    fn jitter(&mut self, retry: &Retry) -> f64 {
        if retry.jitter > 0.0 {
            retry.jitter.min(1.0) * self.draw()
        } else {
            0.0
        }
    }

    /// Returns what the `retry` command starts again, each with its wait: what has failed in the
    /// visit, or all of it if nothing has.
    pub(super) fn command_waits(
        &self,
        visit: VisitId,
    ) -> Flow<Result<Vec<(u32, Millis)>, Failure>> {
        let mut again = self.indexes(visit, |execution| is_failure(execution.status));
        if again.is_empty() {
            again = self.indexes(visit, |_| true);
        }
        let mut waits = Vec::with_capacity(again.len());
        for index in again {
            match self.plan_after(visit, index)? {
                Ok(plan) => waits.push((index, wait(plan, Backoff::Constant, 1))),
                Err((field, message)) => return Ok(Err(broken(field, &message))),
            }
        }
        Ok(Ok(waits))
    }

    /// Lets an execution wait for its next attempt.
    pub(super) fn wait_for_retry(&mut self, visit: VisitId, index: u32, wait: Millis) -> Flow {
        self.execution_mut(visit, index).delays.push(wait);
        if wait == Millis(0) {
            return self.ready_again(visit, index);
        }
        let due = self.at.after(wait);
        let timer = self.set_timer(due, TimerKind::Retry(visit, index));
        let execution = self.execution_mut(visit, index);
        execution.state = State::Backoff;
        execution.timer = Some(timer);
        execution.next_at = Some(due);
        self.show(visit, index, TaskStatus::WaitingRetry);
        self.enqueue(visit)
    }

    /// Queues an execution for its next attempt.
    pub(super) fn ready_again(&mut self, visit: VisitId, index: u32) -> Flow {
        let execution = self.execution_mut(visit, index);
        execution.state = State::Ready;
        execution.timer = None;
        self.run.visit_mut(visit).work.again.push_back(index);
        self.show(visit, index, TaskStatus::Scheduled);
        self.enqueue(visit)
    }
}

/// Makes the failure of a policy that cannot be evaluated.
pub(super) fn broken(field: &str, message: &str) -> Failure {
    Failure::engine(kind::EXPRESSION, format!("`{field}`: {message}"))
}

/// Returns the wait before retry `number`, saturating, without jitter.
fn wait(plan: Plan, backoff: Backoff, number: u32) -> Millis {
    let base = plan.delay.0;
    let grown = match backoff {
        Backoff::Constant => base,
        Backoff::Linear => base.saturating_mul(u64::from(number)),
        Backoff::Exponential => {
            let factor = 1_u64.checked_shl(number - 1).unwrap_or(u64::MAX);
            base.saturating_mul(factor)
        }
    };
    let most = plan.max_delay.unwrap_or(MAX_DURATION);
    Millis(grown.min(most.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_by_their_backoff_up_to_the_most() {
        let plan = Plan {
            delay: Millis(1000),
            max_delay: Some(Millis(10_000)),
            ..Plan::default()
        };
        let waits = |backoff| [1, 2, 3, 5, 80].map(|number| wait(plan, backoff, number).0);
        assert_eq!(waits(Backoff::Constant), [1000; 5]);
        assert_eq!(waits(Backoff::Linear), [1000, 2000, 3000, 5000, 10_000]);
        assert_eq!(
            waits(Backoff::Exponential),
            [1000, 2000, 4000, 10_000, 10_000]
        );
    }
}
