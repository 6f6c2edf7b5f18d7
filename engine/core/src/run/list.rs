//! Rows of task executions, made from visits when somebody looks.

use std::sync::Arc;

use super::{Execution, Kind, Run, Stage, State, TaskRow, TaskStatus, Visit, VisitId};
use crate::effect::OpenInquiry;
use crate::id::TaskId;

/// Which rows to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Of this task.
    pub name: Option<Arc<str>>,
    /// In any of these statuses; empty is all.
    pub status: Vec<TaskStatus>,
}

/// Names of a run's tasks by how they stand, each once, in order of their first visit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskNames {
    /// Not ended.
    pub current: Vec<Arc<str>>,
    /// Latest visit ended well.
    pub completed: Vec<Arc<str>>,
    /// Latest visit failed, timed out or was cancelled.
    pub failed: Vec<Arc<str>>,
    /// Latest visit was skipped.
    pub skipped: Vec<Arc<str>>,
}

impl Run {
    /// Lists task executions in order of their ids, after `after`.
    pub fn task_rows(
        &self,
        after: Option<TaskId>,
        limit: usize,
        filter: &TaskFilter,
    ) -> Vec<TaskRow> {
        let from = after.map_or(1, |after| after.0 + 1);
        let mut rows = Vec::new();
        let ids = (from..=self.next_task).map(TaskId);
        for (visit, index) in ids.filter_map(|id| self.find(id)) {
            if rows.len() >= limit {
                break;
            }
            if self.is_wanted(visit, index, filter) {
                rows.push(self.row(visit, index));
            }
        }
        rows
    }

    fn is_wanted(&self, visit: VisitId, index: u32, filter: &TaskFilter) -> bool {
        let found = self.visit(visit);
        let name = filter.name.as_deref();
        let named = name.is_none_or(|name| self.task_name(found.task()).as_deref() == Some(name));
        named && (filter.status.is_empty() || filter.status.contains(&status(found, index)))
    }

    /// Returns one task execution.
    pub fn task_row(&self, task: TaskId) -> Option<TaskRow> {
        self.find(task).map(|(visit, index)| self.row(visit, index))
    }

    /// Returns the inquiry that a task execution asks, while it waits for its answer.
    pub fn inquiry(&self, task: TaskId) -> Option<OpenInquiry> {
        let (visit, index) = self.find(task)?;
        let execution = self.visit(visit).work.execution(index)?;
        let asks = self.declared(self.visit(visit).task()).kind == Kind::Inquiry;
        let asks = asks && execution.state == State::Waiting;
        if asks {
            self.inquiry_of(visit, index)
        } else {
            None
        }
    }

    /// Finds an execution of a task that waits for an answer.
    pub(crate) fn waiting_inquiry(&self, name: &str) -> Option<TaskId> {
        let named = |visit: &&Arc<Visit>| self.declared(visit.task()).name.as_ref() == name;
        self.visits.iter().filter(named).find_map(|visit| {
            let mut executions = visit.work.executions.iter();
            let waits = executions.position(|execution| execution.state == State::Waiting)?;
            self.inquiry(visit.id(waits as u32))
                .map(|inquiry| inquiry.task)
        })
    }

    /// Returns how the latest visit of a task stands.
    pub fn latest_status(&self, name: &str) -> Option<TaskStatus> {
        let tasks = &self.birth.as_deref()?.tasks;
        let index = tasks.iter().position(|task| &*task.name == name)?;
        self.tasks[index].0.map(|visit| self.visit(visit).status)
    }

    /// Returns the names of tasks by how their latest visits stand.
    pub fn task_names(&self) -> TaskNames {
        let mut names = TaskNames::default();
        let latest = self.tasks.iter().enumerate();
        for (index, visit) in latest.filter_map(|(index, slot)| Some((index, slot.0?))) {
            let list = match self.visit(visit).status {
                TaskStatus::Completed => &mut names.completed,
                TaskStatus::Skipped => &mut names.skipped,
                TaskStatus::Failed
                | TaskStatus::Timeout
                | TaskStatus::Cancelled
                | TaskStatus::Abandoned => &mut names.failed,
                TaskStatus::Requested
                | TaskStatus::Scheduled
                | TaskStatus::Running
                | TaskStatus::Waiting
                | TaskStatus::WaitingRetry => &mut names.current,
            };
            list.extend(self.task_name(crate::TaskIndex(index as u32)));
        }
        names
    }

    fn row(&self, id: VisitId, index: u32) -> TaskRow {
        let visit = self.visit(id);
        let execution = visit.work.execution(index);
        let plan = visit.work.plan(index);
        let batch = visit
            .work
            .iteration
            .as_ref()
            .and_then(|series| series.batch);
        let status = status(visit, index);
        let single = visit.work.iteration.is_none();
        let error = match execution {
            Some(execution) => execution.failure.clone(),
            None => visit.failure.clone(),
        };
        let result = match execution {
            Some(execution) => execution.result.clone(),
            None => visit.result.clone(),
        };
        TaskRow {
            id: visit.id(index),
            name: self.task_name(visit.task()).unwrap_or_else(|| "".into()),
            index: (!single && visit.work.total > 0).then_some(index),
            batch: batch.map(|batch| batch.place(index).0),
            visit: visit.number,
            attempt: execution.map_or(0, |execution| execution.attempt),
            status,
            input: visit
                .work
                .inputs
                .get(index as usize)
                .cloned()
                .unwrap_or_default(),
            result,
            error,
            timed_out: status == TaskStatus::Timeout,
            timeout: plan.timeout,
            started_at: execution.and_then(|execution| execution.begun),
            completed_at: completed(visit, execution),
            retry_count: execution.map_or(0, |execution| execution.delays.len() as u32),
            max_retries: plan.retries,
            next_retry_at: execution.and_then(|execution| execution.next_at),
            triggered_by: visit
                .start
                .cause
                .and_then(|cause| self.task_name(self.visit(cause).task())),
            action: self.action_of(visit.task()).cloned(),
            child: execution.and_then(|execution| execution.child),
            usage: execution
                .map(|execution| execution.usage)
                .unwrap_or_default(),
            created: visit.created,
            updated: execution.map_or(visit.ended.unwrap_or(visit.created), |found| found.updated),
            attempts: execution
                .map(|execution| execution.attempts.clone())
                .unwrap_or_default(),
        }
    }
}

fn completed(visit: &Visit, execution: Option<&Execution>) -> Option<crate::Timestamp> {
    match execution {
        Some(execution) if execution.state == State::Over => Some(execution.updated),
        Some(_) => None,
        None => visit.ended,
    }
}

/// Returns how one execution of a visit stands.
fn status(visit: &Visit, index: u32) -> TaskStatus {
    match visit.work.execution(index) {
        Some(execution) => match execution.state {
            State::Ready => TaskStatus::Scheduled,
            State::Flying(_) => TaskStatus::Running,
            State::Waiting if execution.graph.is_some() => TaskStatus::Running,
            State::Waiting => TaskStatus::Waiting,
            State::Backoff => TaskStatus::WaitingRetry,
            State::Over => execution.status,
        },
        None if visit.work.total == 0 => visit.status,
        None if visit.stage == Stage::Over => visit.work.cut.unwrap_or(visit.status),
        None => TaskStatus::Scheduled,
    }
}
