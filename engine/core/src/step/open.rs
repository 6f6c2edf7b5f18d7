//! From arrival to launch: the condition, the delay, the concurrency key.

use std::sync::Arc;

use crate::definition::Overlap;
use crate::effect::Effect;
use crate::error::{Failure, kind};
use crate::id::TaskId;
use crate::run::{Next, Stage, TaskStatus, TimerKind, VisitId};
use crate::time::Millis;

use super::Refusal;
use super::machine::{Flow, Machine, Rendered, eval, holds, render};
use super::start::plain_text;
use super::trace::trace;

impl Machine<'_> {
    pub(super) fn check_condition(&mut self, visit: VisitId) -> Flow {
        let task = self.task(visit);
        let runs = match &task.when {
            None => Ok(true),
            Some(when) => {
                let view = self.visit_view(visit);
                let runs = holds(when, &view)?;
                if self.trace.is_some() {
                    let seen = trace((visit, None), when, &view, &runs);
                    self.trace.get_or_insert_default().push(seen);
                }
                runs
            }
        };
        match runs {
            Ok(true) => self.wait_for_delay(visit),
            Ok(false) => {
                self.mark_begun(visit);
                self.end_visit(visit, TaskStatus::Skipped, None);
                Ok(())
            }
            Err(message) => {
                self.fail_early(visit, "when", &message);
                Ok(())
            }
        }
    }

    fn wait_for_delay(&mut self, visit: VisitId) -> Flow {
        let Some(template) = &self.task(visit).delay else {
            return self.ask_for_key(visit);
        };
        match duration(render(template, &self.visit_view(visit))?) {
            Ok(Millis(0)) => self.ask_for_key(visit),
            Ok(delay) => {
                let timer = self.set_timer(self.at.after(delay), TimerKind::Delay(visit));
                let waiting = self.run.visit_mut(visit);
                waiting.delay = Some(timer);
                waiting.stage = Stage::Delayed;
                waiting.status = TaskStatus::Waiting;
                self.show(visit, 0, TaskStatus::Waiting);
                Ok(())
            }
            Err(message) => {
                self.fail_early(visit, "delay", &message);
                Ok(())
            }
        }
    }

    pub(super) fn delay_over(&mut self, visit: VisitId) -> Flow {
        let waiting = self.run.visit_mut(visit);
        waiting.delay = None;
        waiting.status = TaskStatus::Requested;
        self.go_on(visit, Next::Key)
    }

    pub(super) fn ask_for_key(&mut self, visit: VisitId) -> Flow {
        let task = self.task(visit);
        let Some(expression) = &task.concurrency_key else {
            return self.launch(visit);
        };
        match eval(expression, &self.visit_view(visit))? {
            Ok(key) => {
                let key = plain_text(&key);
                let waiting = self.run.visit_mut(visit);
                waiting.stage = Stage::Keyed;
                waiting.status = TaskStatus::Requested;
                waiting.key = Some(Arc::clone(&key));
                let first = waiting.first;
                self.run.keyed += 1;
                self.lined_up.push(visit);
                self.show(visit, 0, TaskStatus::Requested);
                self.effect(Effect::AcquireKey {
                    task: Some(first),
                    key,
                    overlap: Overlap::Queue,
                    priority: task.priority,
                });
                Ok(())
            }
            Err(message) => {
                self.fail_early(visit, "concurrency_key", &message);
                Ok(())
            }
        }
    }

    pub(super) fn task_released(&mut self, task: TaskId) -> Flow {
        let waiting = self
            .run
            .find(task)
            .filter(|(visit, _)| self.run.visit(*visit).stage == Stage::Keyed);
        let (visit, _) = waiting.ok_or(Refusal::Stale)?;
        self.go_on(visit, Next::Launch)
    }

    /// Fails a visit because a field of its own could not be evaluated.
    pub(super) fn fail_early(&mut self, visit: VisitId, field: &str, message: &str) {
        let failure = Failure::engine(kind::EXPRESSION, format!("`{field}`: {message}"));
        self.fail_before_start(visit, failure);
    }

    /// Fails a visit that has no executions yet.
    pub(super) fn fail_before_start(&mut self, visit: VisitId, failure: Failure) {
        self.mark_begun(visit);
        self.end_visit(visit, TaskStatus::Failed, Some(failure));
    }
}

/// Reads a rendered duration: seconds or a text with a unit.
pub(super) fn duration(rendered: Rendered) -> Rendered<Millis> {
    let value = rendered?;
    let seconds = || value.as_f64().and_then(Millis::from_secs_f64);
    let read = value.as_str().map_or_else(seconds, Millis::parse);
    read.ok_or_else(|| {
        let shown = value.to_public_json();
        format!("{shown} is not a duration: write seconds or a text like \"90s\"").into()
    })
}
