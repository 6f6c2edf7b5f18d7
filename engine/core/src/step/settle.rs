//! An attempt has ended: is the execution over, is the visit, and how.

use crate::effect::Effect;
use crate::error::{Failure, kind};
use crate::run::{AttemptRow, Ending, Execution, State, TaskStatus, VisitId};
use crate::time::Millis;
use crate::value::Value;

use super::items::exceeds;
use super::machine::{Flow, Machine};
use super::retry::Verdict;
use super::view::item_status;

/// How an attempt, an execution or a visit ended.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) status: TaskStatus,
    pub(super) result: Value,
    pub(super) failure: Option<Failure>,
}

impl End {
    pub(super) fn ok(result: Value) -> Self {
        Self {
            status: TaskStatus::Completed,
            result,
            failure: None,
        }
    }

    pub(super) fn failed(failure: Failure) -> Self {
        Self {
            status: TaskStatus::Failed,
            result: Value::Null,
            failure: Some(failure),
        }
    }

    pub(super) fn timed_out(what: &str) -> Self {
        let failure = Failure::engine(kind::TIMEOUT, format!("{what} took too long"));
        Self {
            status: TaskStatus::Timeout,
            result: Value::Null,
            failure: Some(failure.retryable()),
        }
    }

    pub(super) fn cancelled() -> Self {
        Self {
            status: TaskStatus::Cancelled,
            result: Value::Null,
            failure: Some(Failure::engine(kind::CANCELLED, "it was cancelled")),
        }
    }
}

impl Machine<'_> {
    pub(super) fn execution_mut(&mut self, visit: VisitId, index: u32) -> &mut Execution {
        let execution = self
            .run
            .visit_mut(visit)
            .work
            .executions
            .get_mut(index as usize);
        execution.expect("only executions that have begun are changed")
    }

    /// An attempt has ended and given its place back: it is tried again, or its execution is
    /// over.
    pub(super) fn end_attempt(&mut self, visit: VisitId, index: u32, end: End) -> Flow {
        self.record_attempt(visit, index, &end);
        if self.run.visit(visit).ending.is_some() {
            let end = self.forced_end(visit, end);
            return self.end_execution(visit, index, end);
        }
        let open = self.run.visit(visit).work.cut.is_none() && self.may_try_again(visit);
        let verdict = if open {
            self.judge(visit, index)?
        } else {
            Verdict::Stands
        };
        match verdict {
            Verdict::Stands => self.end_execution(visit, index, end),
            Verdict::Again(delay) => self.wait_for_retry(visit, index, delay),
            Verdict::Broken(failure) => self.end_execution(visit, index, End::failed(failure)),
        }
    }

    pub(super) fn record_attempt(&mut self, visit: VisitId, index: u32, end: &End) {
        let at = self.at;
        self.forfeit_fuel(visit, index);
        if let Some(timer) = self.execution_mut(visit, index).timer.take() {
            self.cancel_timer(timer);
        }
        let execution = self.execution_mut(visit, index);
        execution.status = end.status;
        execution.result = end.result.clone();
        execution.failure = end.failure.clone();
        execution.updated = at;
        execution.attempts.push(AttemptRow {
            attempt: execution.attempt,
            started_at: execution.attempt_at,
            completed_at: at,
            status: end.status,
            error: end.failure.clone(),
            usage: std::mem::take(&mut execution.attempt_usage),
        });
    }

    /// What is left of an end in a visit that can only end one way.
    fn forced_end(&self, visit: VisitId, end: End) -> End {
        match self.run.visit(visit).ending {
            Some(Ending::TimedOut) => End::timed_out("the task"),
            Some(Ending::Cancelled) if end.status != TaskStatus::Completed => End::cancelled(),
            Some(Ending::Cancelled) | None => end,
        }
    }

    /// An execution is over.
    pub(super) fn end_execution(&mut self, visit: VisitId, index: u32, end: End) -> Flow {
        self.close_execution(visit, index, end);
        self.stop_items(visit)?;
        let work = &mut self.run.visit_mut(visit).work;
        if work.is_finished() {
            self.end_work(visit);
            return Ok(());
        }
        if work.over >= work.window_end && work.window_end < work.total {
            let batch = work.iteration.as_ref().and_then(|series| series.batch);
            let size = batch.map_or(work.total, |batch| batch.size);
            work.window_end = work.window_end.saturating_add(size).min(work.total);
        }
        self.enqueue(visit)
    }

    /// Records that an execution is over, and nothing else.
    pub(super) fn close_execution(&mut self, visit: VisitId, index: u32, end: End) {
        let status = end.status;
        let at = self.at;
        self.forfeit_fuel(visit, index);
        let execution = self.execution_mut(visit, index);
        execution.state = State::Over;
        execution.status = status;
        execution.result = end.result;
        execution.failure = end.failure;
        execution.updated = at;
        execution.next_at = None;
        if let Some(timer) = execution.timer.take() {
            self.cancel_timer(timer);
        }
        self.count(status);
        self.show(visit, index, status);
        let work = &mut self.run.visit_mut(visit).work;
        work.over += 1;
        if is_failure(status) {
            work.failed += 1;
        }
    }

    /// `fail_fast` of an iteration: nothing new starts once more has failed than is tolerated.
    fn stop_items(&mut self, visit: VisitId) -> Flow {
        let task = self.task(visit);
        let Some(items) = task.items.as_ref().filter(|_| task.fail_fast) else {
            return Ok(());
        };
        let work = &mut self.run.visit_mut(visit).work;
        if work.cut.is_some() || !exceeds(items.max_failures, work.failed, work.total) {
            return Ok(());
        }
        work.cut = Some(TaskStatus::Skipped);
        work.again.clear();
        self.end_backoffs(visit)
    }

    /// Executions that would start again end as their last attempt did.
    fn end_backoffs(&mut self, visit: VisitId) -> Flow {
        let waiting: Vec<u32> = self.indexes(visit, |execution| {
            matches!(execution.state, State::Backoff | State::Ready)
        });
        for index in waiting {
            let execution = self.execution_mut(visit, index);
            let end = End {
                status: execution.status,
                result: execution.result.clone(),
                failure: execution.failure.clone(),
            };
            self.end_execution(visit, index, end)?;
        }
        Ok(())
    }

    /// Returns the places of a visit's executions that `wanted` holds for.
    pub(super) fn indexes(&self, visit: VisitId, wanted: impl Fn(&Execution) -> bool) -> Vec<u32> {
        let executions = self.run.visit(visit).work.executions.iter().enumerate();
        let chosen = executions.filter(|(_, execution)| wanted(execution));
        chosen.map(|(index, _)| index as u32).collect()
    }

    /// All executions of a visit are over: so is the visit.
    pub(super) fn end_work(&mut self, visit: VisitId) {
        if self.run.visit(visit).is_over() {
            return;
        }
        let end = self.visit_end(visit);
        let found = self.run.visit_mut(visit);
        found.result = end.result;
        self.end_visit(visit, end.status, end.failure);
    }

    fn visit_end(&self, visit: VisitId) -> End {
        let found = self.run.visit(visit);
        match found.ending {
            Some(Ending::TimedOut) => return End::timed_out("the task"),
            Some(Ending::Cancelled) => return End::cancelled(),
            None => {}
        }
        let work = &found.work;
        let cut_off = work.cut == Some(TaskStatus::Cancelled)
            && (0..work.total).any(|index| item_status(found, index) == TaskStatus::Cancelled);
        if cut_off {
            return End::cancelled();
        }
        match &self.task(visit).items {
            Some(items) => {
                let results = (0..work.total).map(|index| {
                    work.execution(index)
                        .map_or(Value::Null, |found| found.result.clone())
                });
                let result = Value::list(results.collect());
                if !exceeds(items.max_failures, work.failed, work.total) {
                    return End::ok(result);
                }
                let message = format!("{} of {} items failed", work.failed, work.total);
                let failure = Failure::engine(kind::ITEMS_FAILED, message).retryable();
                End {
                    result,
                    ..End::failed(failure)
                }
            }
            None => work
                .execution(0)
                .map_or_else(End::cancelled, |execution| End {
                    status: execution.status,
                    result: execution.result.clone(),
                    failure: execution.failure.clone(),
                }),
        }
    }

    /// A visit has ended; what follows from it is queued.
    pub(super) fn end_visit(
        &mut self,
        visit: VisitId,
        status: TaskStatus,
        failure: Option<Failure>,
    ) {
        let at = self.at;
        let found = self.run.visit_mut(visit);
        found.stage = crate::run::Stage::Over;
        found.status = status;
        found.failure = failure;
        found.started = found.started.or(Some(at));
        found.ended = Some(at);
        let delay = found.delay.take();
        let begun = found.work.executions.len() as u32;
        let total = found.work.total;
        if let Some(timer) = delay {
            self.cancel_timer(timer);
        }
        if total == 0 {
            self.count(status);
            self.show(visit, 0, status);
        }
        let cut = self.run.visit(visit).work.cut;
        (begun..total).for_each(|_| self.count(cut.unwrap_or(TaskStatus::Skipped)));
        self.enqueue_completion(visit);
    }

    /// Starts executions of a visit that has ended once more, each after its wait.
    pub(super) fn reopen(&mut self, visit: VisitId, again: Vec<(u32, Millis)>) -> Flow {
        let found = self.run.visit_mut(visit);
        found.commanded += 1;
        found.stage = crate::run::Stage::Open;
        found.status = TaskStatus::Running;
        found.result = Value::Null;
        found.failure = None;
        found.ended = None;
        let cut = found.work.cut.take();
        let never_begun = found.work.total - found.work.executions.len() as u32;
        (0..never_begun).for_each(|_| self.uncount(cut.unwrap_or(TaskStatus::Skipped)));
        for (index, wait) in again {
            let status = self.execution_mut(visit, index).status;
            self.uncount(status);
            let work = &mut self.run.visit_mut(visit).work;
            work.over -= 1;
            work.failed -= u32::from(is_failure(status));
            self.wait_for_retry(visit, index, wait)?;
        }
        self.enqueue(visit)
    }

    /// Lets go of a visit whose transitions have been taken.
    pub(super) fn leave(&mut self, visit: VisitId) -> Flow {
        let found = self.run.visit_mut(visit);
        let (deadline, key) = (found.deadline, found.key.take());
        let graph = found.start.graph;
        if let Some((timer, _)) = deadline {
            self.cancel_timer(timer);
        }
        if let Some(key) = key {
            self.run.keyed -= 1;
            let task = Some(self.run.claim_of(visit));
            self.effect(Effect::ReleaseKey { task, key });
        }
        let state = self.run.graph_mut(graph);
        state.live -= 1;
        if state.live == 0 && state.owner.is_some() {
            self.end_block(graph)?;
        }
        Ok(())
    }

    /// Counts the executions of a visit that is taken over.
    pub(super) fn count_visit(&mut self, visit: VisitId) {
        let found = self.run.visit(visit);
        let statuses: Vec<TaskStatus> = if found.work.total == 0 {
            vec![found.status]
        } else {
            (0..found.work.total)
                .map(|index| item_status(found, index))
                .collect()
        };
        statuses.into_iter().for_each(|status| self.count(status));
    }

    fn count(&mut self, status: TaskStatus) {
        if let Some(counter) = self.counter(status) {
            *counter += 1;
        }
    }

    fn uncount(&mut self, status: TaskStatus) {
        if let Some(counter) = self.counter(status) {
            *counter -= 1;
        }
    }

    fn counter(&mut self, status: TaskStatus) -> Option<&mut u32> {
        let counts = &mut self.run.counts;
        match status {
            TaskStatus::Completed => Some(&mut counts.completed),
            TaskStatus::Skipped => Some(&mut counts.skipped),
            _ if is_failure(status) => Some(&mut counts.failed),
            TaskStatus::Failed
            | TaskStatus::Timeout
            | TaskStatus::Cancelled
            | TaskStatus::Abandoned
            | TaskStatus::Requested
            | TaskStatus::Scheduled
            | TaskStatus::Running
            | TaskStatus::Waiting
            | TaskStatus::WaitingRetry => None,
        }
    }
}

/// Tells whether an execution that ended so did not do what it should.
pub(super) fn is_failure(status: TaskStatus) -> bool {
    matches!(
        status,
        TaskStatus::Failed | TaskStatus::Timeout | TaskStatus::Cancelled | TaskStatus::Abandoned
    )
}
