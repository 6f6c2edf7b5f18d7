//! A visit gets its executions: everything about them is rendered now, once, for all attempts.

use std::sync::Arc;

use crate::expr::{Iteration, with_article};
use crate::run::{Execution, Stage, TaskStatus, TimerKind, VisitId, Work};
use crate::time::Millis;
use crate::value::Value;

use super::items::Expanded;
use super::machine::{Flow, Machine, Rendered, eval, render};
use super::open::duration;
use super::plan::FieldError;

impl Machine<'_> {
    pub(super) fn launch(&mut self, visit: VisitId) -> Flow {
        let task = self.task(visit);
        let deadline = match self.deadline(visit)? {
            Ok(deadline) => deadline,
            Err(message) => {
                self.fail_early(visit, "deadline", &message);
                return Ok(());
            }
        };
        let work = match &task.items {
            None => self
                .single(visit)?
                .map_err(|(field, message)| self.field_failure(field, &message)),
            Some(items) => match self.expand(visit, items)? {
                Ok(expanded) => self.series(visit, expanded)?,
                Err(failure) => Err(failure),
            },
        };
        let work = match work {
            Ok(work) => work,
            Err(failure) => {
                self.fail_before_start(visit, failure);
                return Ok(());
            }
        };
        let work = self.keep_succeeded(visit, work);
        self.widen(visit, work.total);
        let empty = work.is_finished();
        let launched = self.run.visit_mut(visit);
        launched.stage = Stage::Open;
        launched.status = TaskStatus::Scheduled;
        launched.work = work;
        if empty {
            self.mark_begun(visit);
            self.end_work(visit);
            return Ok(());
        }
        if let Some(deadline) = deadline {
            let due = self.at.after(deadline);
            let timer = self.set_timer(due, TimerKind::Deadline(visit));
            self.run.visit_mut(visit).deadline = Some((timer, due));
        }
        self.enqueue(visit)
    }

    /// In a rerun of the failed items alone: takes over those that succeeded with the same item.
    fn keep_succeeded(&self, visit: VisitId, mut work: Work) -> Work {
        let reuse = self.run.visit(visit).start.reuse;
        let (Some(old), Some(series)) = (reuse, &work.iteration) else {
            return work;
        };
        let old = &self.run.visit(old).work;
        let same = old
            .iteration
            .as_ref()
            .is_some_and(|before| before.values == series.values);
        if !same {
            return work;
        }
        for index in 0..work.total {
            let kept = old.execution(index);
            let kept = kept.filter(|execution| execution.status == TaskStatus::Completed);
            let execution = kept.cloned().unwrap_or_else(|| Execution::new(self.at));
            if kept.is_some() {
                work.over += 1;
            } else {
                work.again.push_back(index);
            }
            work.executions.push(execution);
        }
        work.window_end = work.total;
        work
    }

    fn deadline(&self, visit: VisitId) -> Flow<Rendered<Option<Millis>>> {
        match &self.task(visit).deadline {
            None => Ok(Ok(None)),
            Some(template) => Ok(duration(render(template, &self.visit_view(visit))?).map(Some)),
        }
    }

    fn single(&self, visit: VisitId) -> Flow<Result<Work, FieldError>> {
        let given = self.run.given_input.as_ref();
        let given = given.filter(|(task, _)| *task == self.run.visit(visit).task());
        let input = match given {
            Some((_, input)) => input.clone(),
            None => {
                let rendered = render(&self.task(visit).input, &self.visit_view(visit))?;
                match rendered.and_then(an_input) {
                    Ok(input) => input,
                    Err(message) => return Ok(Err(("input", message))),
                }
            }
        };
        Ok(self.plans(visit, &[None])?.map(|plans| Work {
            total: 1,
            window_end: 1,
            limit: 1,
            inputs: Arc::new(vec![input]),
            plans: Arc::new(plans),
            ..Work::default()
        }))
    }

    fn series(
        &self,
        visit: VisitId,
        expanded: Expanded,
    ) -> Flow<Result<Work, crate::error::Failure>> {
        let limit = match self.concurrency(visit)? {
            Ok(limit) => limit.unwrap_or(u32::MAX),
            Err(message) => return Ok(Err(self.field_failure("concurrency", &message))),
        };
        let series = Some(Box::new(expanded.series));
        let total = expanded.total;
        let iterations: Vec<Option<Iteration>> = (0..total)
            .map(|index| super::view::iteration(&series, index))
            .collect();
        let inputs = match self.inputs(visit, &iterations)? {
            Ok(inputs) => inputs,
            Err(message) => return Ok(Err(self.field_failure("input", &message))),
        };
        let plans = match self.plans(visit, &iterations)? {
            Ok(plans) => plans,
            Err((field, message)) => return Ok(Err(self.field_failure(field, &message))),
        };
        let window = series
            .as_ref()
            .and_then(|series| series.batch)
            .filter(|batch| batch.window);
        Ok(Ok(Work {
            total,
            window_end: window.map_or(total, |batch| batch.size.min(total)),
            limit: limit.min(self.run.born().max_parallel),
            inputs: Arc::new(inputs),
            plans: Arc::new(plans),
            iteration: series,
            ..Work::default()
        }))
    }

    /// Renders `concurrency`: `None` if the task has none; below 1 is 1.
    pub(super) fn concurrency(&self, visit: VisitId) -> Flow<Rendered<Option<u32>>> {
        let Some(expression) = &self.task(visit).concurrency else {
            return Ok(Ok(None));
        };
        Ok(
            eval(expression, &self.visit_view(visit))?.and_then(|value| {
                let number = value.as_i64();
                number
                    .map(|number| Some(u32::try_from(number.max(1)).unwrap_or(u32::MAX)))
                    .ok_or_else(|| format!("{} is not an integer", value.to_public_json()).into())
            }),
        )
    }

    /// Renders the input of every execution. What each asks of the outside world is asked for
    /// together.
    fn inputs(
        &self,
        visit: VisitId,
        iterations: &[Option<Iteration>],
    ) -> Flow<Rendered<Vec<Value>>> {
        let template = &self.task(visit).input;
        let mut view = self.visit_view(visit);
        let mut inputs = Vec::with_capacity(iterations.len());
        let mut needs = Vec::new();
        for iteration in iterations {
            view = view.in_iteration(iteration.clone());
            match render(template, &view) {
                Ok(rendered) => match rendered.and_then(an_input) {
                    Ok(input) => inputs.push(input),
                    Err(message) => return Ok(Err(message)),
                },
                Err(super::StepError::Needs(keys)) => needs.extend(keys),
                Err(other) => return Err(other),
            }
        }
        if needs.is_empty() {
            Ok(Ok(inputs))
        } else {
            needs.sort();
            needs.dedup();
            Err(super::StepError::Needs(needs))
        }
    }

    fn field_failure(&self, field: &str, message: &str) -> crate::error::Failure {
        let message = format!("`{field}`: {message}");
        crate::error::Failure::engine(crate::error::kind::EXPRESSION, message)
    }
}

/// Refuses an input that one expression gave and that is no map.
fn an_input(rendered: Value) -> Rendered {
    if rendered.as_map().is_some() {
        return Ok(rendered);
    }
    let found = with_article(rendered.type_name());
    Err(format!("the expression gives {found}, not a map").into())
}
