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

const DELAY: &str = "retry.delay";
const MAX_DELAY: &str = "retry.max_delay";

/// The most retries a policy may ask for: keeps a task's record of attempts bounded.
pub(super) const MAX_RETRIES: u32 = 1_000_000;

impl Machine<'_> {
    /// Renders the plan of one execution.
    pub(super) fn plan(&self, task: &Task, view: &View<'_>) -> Flow<Result<Plan, FieldError>> {
        let mut plan = Plan::default();
        let retry = task.retry.as_ref();
        let early = retry.filter(|retry| !retry.delay_per_retry);
        let durations: [(_, Option<&Template>); 4] = [
            ("timeout", task.timeout.as_ref()),
            (DELAY, early.and_then(|retry| retry.delay.as_ref())),
            (MAX_DELAY, early.and_then(|retry| retry.max_delay.as_ref())),
            (
                "retry.max_elapsed",
                retry.and_then(|retry| retry.max_elapsed.as_ref()),
            ),
        ];
        let [timeout, delay, max_delay, max_elapsed] = match read(durations, view)? {
            Ok(read) => read,
            Err(error) => return Ok(Err(error)),
        };
        plan.timeout = timeout;
        plan.delay = delay.unwrap_or_default();
        plan.max_delay = max_delay;
        plan.max_elapsed = max_elapsed;
        if let Some(retry) = retry {
            match count(render(&retry.count, view)?) {
                Ok(found) => plan.retries = found,
                Err(message) => return Ok(Err(("retry.count", message))),
            }
        }
        Ok(Ok(plan))
    }

    /// Returns the plan of an execution whose attempt has just ended: what it says of waits may
    /// depend on how.
    pub(super) fn plan_after(&self, visit: VisitId, index: u32) -> Flow<Result<Plan, FieldError>> {
        let plan = self.run.visit(visit).work.plan(index);
        let retry = self.task(visit).retry.as_ref();
        let Some(retry) = retry.filter(|retry| retry.delay_per_retry) else {
            return Ok(Ok(plan));
        };
        let durations = [
            (DELAY, retry.delay.as_ref()),
            (MAX_DELAY, retry.max_delay.as_ref()),
        ];
        let read = read(durations, &self.attempt_view(visit, index))?;
        Ok(read.map(|[delay, max_delay]| Plan {
            delay: delay.unwrap_or_default(),
            max_delay,
            ..plan
        }))
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

/// Renders durations, each of a field that may be missing or null.
fn read<const N: usize>(
    fields: [(&'static str, Option<&Template>); N],
    view: &View<'_>,
) -> Flow<Result<[Option<Millis>; N], FieldError>> {
    let mut read = [None; N];
    for (place, (field, template)) in fields.into_iter().enumerate() {
        let Some(template) = template else { continue };
        match optional_duration(render(template, view)?) {
            Ok(found) => read[place] = found,
            Err(message) => return Ok(Err((field, message))),
        }
    }
    Ok(Ok(read))
}

/// Tells whether all executions of a task have the same plan.
fn is_fixed(task: &Task) -> bool {
    let retry = task.retry.iter().flat_map(|retry| {
        let early = !retry.delay_per_retry;
        let delays = [&retry.delay, &retry.max_delay];
        let delays = delays.into_iter().flatten().filter(move |_| early);
        std::iter::once(&retry.count)
            .chain(delays)
            .chain(&retry.max_elapsed)
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
