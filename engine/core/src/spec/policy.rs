//! Retry, iteration and limits of a task; what is malformed was reported before.

use crate::definition::{Backoff, BatchMode, Items, Limits, MaxFailures, Retry, TaskLimits};
use crate::diagnostics::code;
use crate::expr::{References, Root, Template};
use crate::spec::compile::{Compiler, Moment, Owner};
use crate::spec::context::{Context, View};
use crate::spec::quantity;
use crate::value::Value;

/// Retries if a policy does not say how many: as many as the command `retry` makes.
const DEFAULT_RETRIES: i64 = 3;

/// Reads a retry policy: of a task, by number and name, or of the file's `defaults`.
pub(crate) fn retry<'a>(
    compiler: &Compiler<'a, '_>,
    view: View<'a>,
    task: Option<(usize, &str)>,
) -> Retry {
    let (task, name) = task.unzip();
    let ctx = compiler.ctx;
    let at = |moment| Owner { task, moment };
    let (before, after) = (at(Moment::Policy), at(Moment::Retry));
    check_max_delay(ctx, view);
    let delay = compiler.template_at(view, "delay", after);
    let max_delay = compiler.template_at(view, "max_delay", after);
    let mut delays = delay.iter().chain(&max_delay);
    Retry {
        count: compiler
            .template_at(view, "count", before)
            .unwrap_or(Template::Literal(Value::Int(DEFAULT_RETRIES))),
        delay_per_retry: delays.any(|template| reads_attempt(template, name)),
        delay,
        backoff: match word(ctx, view, "backoff") {
            Some("linear") => Backoff::Linear,
            Some("exponential") => Backoff::Exponential,
            _ => Backoff::Constant,
        },
        max_delay,
        jitter: match word(ctx, view, "jitter") {
            Some("full") => 1.0,
            Some(_) => 0.0,
            None => ctx
                .get(view, "jitter")
                .and_then(|view| quantity::number(view.node))
                .unwrap_or(0.0),
        },
        max_elapsed: compiler.template_at(view, "max_elapsed", before),
        on_error: compiler.condition_at(view, "on_error", after),
        when: compiler.condition_at(view, "when", after),
    }
}

/// Tells whether a template of a task asks how the task's last attempt ended.
fn reads_attempt(template: &Template, task: Option<&str>) -> bool {
    let reads = |references: &References| {
        references.asks_for_end()
            || task.is_some_and(|task| {
                references
                    .names(&Root::Task)
                    .any(|(name, _)| **name == *task)
            })
    };
    let sites = template.sites();
    sites.iter().any(|site| reads(site.expression.references()))
}

fn check_max_delay<'a>(ctx: &Context<'a>, view: View<'a>) {
    let (Some(delay), Some(longest)) = (ctx.get(view, "delay"), ctx.get(view, "max_delay")) else {
        return;
    };
    let pair = quantity::duration(delay.node).zip(quantity::duration(longest.node));
    if pair.is_some_and(|(delay, longest)| longest < delay) {
        let message = "`max_delay` is shorter than `delay`";
        ctx.report(code::E_RETRY_MAX_DELAY, longest.at, message);
    }
}

/// Reads `with_items` and what belongs to it.
pub(crate) fn items<'a>(compiler: &Compiler<'a, '_>, view: View<'a>, task: usize) -> Option<Items> {
    let ctx = compiler.ctx;
    let owner = |moment| Owner {
        task: Some(task),
        moment,
    };
    let source = ctx.get(view, "with_items")?;
    Some(Items {
        source: if source.node.as_list().is_some() {
            compiler.template(source, owner(Moment::Ready))
        } else {
            Template::Expression(compiler.expression(source, owner(Moment::Ready)))
        },
        key: compiler.expression_at(view, "item_key", owner(Moment::Execution)),
        batch_size: compiler.template_at(view, "batch_size", owner(Moment::Ready)),
        batch_mode: match word(ctx, view, "batch_mode") {
            Some("window") => BatchMode::Window,
            _ => BatchMode::Batch,
        },
        max_failures: ctx
            .get(view, "max_failures")
            .and_then(max_failures)
            .unwrap_or_default(),
    })
}

fn max_failures(view: View<'_>) -> Option<MaxFailures> {
    match quantity::percent(view.node) {
        Some(share) => Some(MaxFailures::Percent(share)),
        None => Some(MaxFailures::Count(
            u32::try_from(quantity::integer(view.node)?).ok()?,
        )),
    }
}

/// Reads the file's `limits`.
pub(crate) fn run_limits<'a>(ctx: &Context<'a>, file: View<'a>) -> Limits {
    let mut limits = Limits::default();
    let Some(view) = ctx.get(file, "limits") else {
        return limits;
    };
    let count = |key, limit: &mut u32| {
        let given = ctx.get(view, key).and_then(|v| quantity::integer(v.node));
        if let Some(given) = given.and_then(|n| u32::try_from(n).ok()) {
            *limit = given;
        }
    };
    count("max_tasks", &mut limits.max_tasks);
    count("max_task_visits", &mut limits.max_task_visits);
    count("max_items", &mut limits.max_items);
    count("max_parallel", &mut limits.max_parallel);
    count("max_depth", &mut limits.max_depth);
    limits.fuel = size(ctx, view, "fuel");
    limits
}

/// Reads a task's `limits`.
pub(crate) fn task_limits<'a>(ctx: &Context<'a>, task: View<'a>) -> TaskLimits {
    let Some(view) = ctx.get(task, "limits") else {
        return TaskLimits::default();
    };
    TaskLimits {
        fuel: size(ctx, view, "fuel"),
        memory_bytes: size(ctx, view, "memory"),
        output_bytes: size(ctx, view, "output"),
    }
}

fn size<'a>(ctx: &Context<'a>, view: View<'a>, key: &str) -> Option<u64> {
    quantity::size(ctx.get(view, key)?.node)
}

fn word<'a>(ctx: &Context<'a>, view: View<'a>, key: &str) -> Option<&'a str> {
    ctx.get(view, key)?.text().map(|text| &**text)
}
