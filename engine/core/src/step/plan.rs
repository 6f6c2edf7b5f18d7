//! Timeouts and retry policies, rendered to numbers.

use std::sync::Arc;

use crate::definition::Task;
use crate::expr::{Iteration, Template};
use crate::run::{Plan, VisitId};
use crate::time::Millis;
use crate::value::Value;

use super::machine::{Flow, Machine, Rendered, render};
use super::open::duration;
use super::view::View;

/// Why a field could not be rendered: its name, and what is wrong.
pub(super) type FieldError = (&'static str, Arc<str>);

/// The most retries a policy may ask for: keeps a task's record of attempts bounded.
pub(super) const MAX_RETRIES: u32 = 1_000_000;

impl Machine<'_> {
    /// Renders the plan of one execution.
    pub(super) fn plan(&self, task: &Task, view: &View<'_>) -> Flow<Result<Plan, FieldError>> {
        let mut plan = Plan::default();
        let durations: [(_, Option<&Template>); 4] = [
            ("timeout", task.timeout.as_ref()),
            (
                "retry.delay",
                task.retry.as_ref().and_then(|retry| retry.delay.as_ref()),
            ),
            (
                "retry.max_delay",
                task.retry
                    .as_ref()
                    .and_then(|retry| retry.max_delay.as_ref()),
            ),
            (
                "retry.max_elapsed",
                task.retry
                    .as_ref()
                    .and_then(|retry| retry.max_elapsed.as_ref()),
            ),
        ];
        let mut read = [None; 4];
        for (place, (field, template)) in durations.into_iter().enumerate() {
            let Some(template) = template else { continue };
            match optional_duration(render(template, view)?) {
                Ok(found) => read[place] = found,
                Err(message) => return Ok(Err((field, message))),
            }
        }
        plan.timeout = read[0];
        plan.delay = read[1].unwrap_or_default();
        plan.max_delay = read[2];
        plan.max_elapsed = read[3];
        if let Some(retry) = &task.retry {
            match count(render(&retry.count, view)?) {
                Ok(found) => plan.retries = found,
                Err(message) => return Ok(Err(("retry.count", message))),
            }
        }
        Ok(Ok(plan))
    }

    /// Renders the plans of a visit: one for all executions if nothing in it is a template.
    pub(super) fn plans(
        &self,
        visit: VisitId,
        iterations: &[Option<Iteration>],
    ) -> Flow<Result<Vec<Plan>, FieldError>> {
        let task = self.task(visit);
        let wanted = if is_fixed(task) { 1 } else { iterations.len() };
        let mut plans = Vec::with_capacity(wanted);
        for iteration in iterations.iter().take(wanted) {
            let view = self.visit_view(visit).in_iteration(iteration.clone());
            match self.plan(task, &view)? {
                Ok(plan) => plans.push(plan),
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(plans))
    }
}

fn is_fixed(task: &Task) -> bool {
    let retry = task.retry.iter().flat_map(|retry| {
        let delays = [&retry.delay, &retry.max_delay, &retry.max_elapsed];
        std::iter::once(&retry.count).chain(delays.into_iter().flatten())
    });
    let mut all = retry.chain(&task.timeout);
    all.all(|template| matches!(template, Template::Literal(_)))
}

fn optional_duration(rendered: Rendered) -> Rendered<Option<Millis>> {
    match rendered {
        Ok(Value::Null) => Ok(None),
        other => duration(other).map(Some),
    }
}

fn count(rendered: Rendered) -> Rendered<u32> {
    let value = rendered?;
    let found = value.as_i64().and_then(|count| u32::try_from(count).ok());
    found
        .map(|count| count.min(MAX_RETRIES))
        .ok_or_else(|| format!("{} is not a number of retries", value.to_public_json()).into())
}
