//! One task of the file, with everything of it that needs no other task.

use std::sync::Arc;

use crate::definition::{Join, Task, TaskKind};
use crate::diagnostics::code;
use crate::expr::Template;
use crate::id::TaskIndex;
use crate::spec::arrow::{self, Arrow, Goal};
use crate::spec::compile::{Compiler, Moment, Owner};
use crate::spec::context::{At, Context, View};
use crate::spec::publish::{self, Written};
use crate::spec::{policy, quantity, reference};
use crate::value::Value;

/// Names that the language uses itself.
pub(crate) const RESERVED: &[&str] = &[
    "parameters",
    "vars",
    "task",
    "system",
    "kv",
    "pack",
    "item",
    "batch",
    "index",
    "workflow",
    "noop",
    "fail",
    "continue",
    "retry",
];

/// Fields that mean nothing to a parallel block.
pub(crate) const NOT_FOR_BLOCKS: &[&str] = &[
    "action",
    "input",
    "item_key",
    "batch_size",
    "batch_mode",
    "max_failures",
    "limits",
    "cache",
];

/// A task whose transitions still lead to names.
pub(crate) struct Draft<'a> {
    pub(crate) view: View<'a>,
    /// The place of its name, or of the task where that is missing.
    pub(crate) at: At,
    /// Without transitions, inbound tasks and entry tasks.
    pub(crate) task: Task,
    /// Its direct sub-tasks.
    pub(crate) children: Vec<usize>,
    pub(crate) arrows: Vec<Arrow>,
    pub(crate) needs: Vec<Goal>,
    pub(crate) written: Vec<Written>,
}

impl Draft<'_> {
    /// Returns the task's name.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.task.name
    }

    /// Returns the block the task belongs to.
    pub(crate) fn parent(&self) -> Option<usize> {
        self.task.parent.map(TaskIndex::get)
    }
}

/// Reads a list of tasks and all below them into `drafts`; returns the direct ones.
pub(crate) fn read_all<'a>(
    compiler: &Compiler<'a, '_>,
    list: View<'a>,
    parent: Option<usize>,
    drafts: &mut Vec<Draft<'a>>,
) -> Vec<usize> {
    let mut direct = Vec::new();
    for view in compiler.ctx.items(list) {
        if view.node.as_map().is_none() {
            continue;
        }
        let index = drafts.len();
        drafts.push(read(compiler, view, index, parent));
        if let Some(tasks) = compiler.ctx.get(view, "tasks") {
            let children = read_all(compiler, tasks, Some(index), drafts);
            drafts[index].children = children;
        }
        direct.push(index);
    }
    direct
}

fn read<'a>(
    compiler: &Compiler<'a, '_>,
    view: View<'a>,
    index: usize,
    parent: Option<usize>,
) -> Draft<'a> {
    let ctx = compiler.ctx;
    let name = ctx.get(view, "name");
    let owner = |moment| Owner {
        task: Some(index),
        moment,
    };
    let (published, written) = publish::read(
        compiler,
        ctx.get(view, "publish"),
        owner(Moment::Completion),
    );
    let given = |key| ctx.get(view, key).is_some();
    let task = Task {
        name: name_of(name).into(),
        label: text(ctx, view, "label"),
        place: view.at.start(),
        parent: parent.map(task_index),
        kind: kind(ctx, view),
        input: compiler
            .template_at(view, "input", owner(Moment::Execution))
            .unwrap_or_else(|| Template::Literal(Value::Map(Arc::default()))),
        when: compiler.condition_at(view, "when", owner(Moment::Ready)),
        when_text: ctx.get(view, "when").and_then(arrow::text_of),
        delay: compiler.template_at(view, "delay", owner(Moment::Ready)),
        items: policy::items(compiler, view, index),
        concurrency: compiler.expression_at(view, "concurrency", owner(Moment::Ready)),
        fail_fast: flag(ctx, view, "fail_fast"),
        publish: published,
        transitions: Vec::new(),
        has_on_skip: given("on_skip"),
        publish_on_failure: given("on_complete") && !given("on_success") && !given("decision"),
        join: join(ctx, view),
        inbound: Vec::new(),
        in_cycle: false,
        retry: ctx
            .get(view, "retry")
            .map(|retry| policy::retry(compiler, retry, Some((index, name_of(name))))),
        timeout: compiler.template_at(view, "timeout", owner(Moment::Execution)),
        deadline: compiler.template_at(view, "deadline", owner(Moment::Ready)),
        limits: policy::task_limits(ctx, view),
        cache: ctx
            .get(view, "cache")
            .and_then(|cache| quantity::duration(cache.node)),
        concurrency_key: compiler.expression_at(view, "concurrency_key", owner(Moment::Ready)),
        priority: priority(ctx, view),
    };
    Draft {
        view,
        at: name.map_or(view.at, |name| name.at),
        task,
        children: Vec::new(),
        arrows: arrow::read(compiler, view, index),
        needs: ctx
            .get(view, "needs")
            .map(|needs| arrow::names(ctx, needs))
            .unwrap_or_default(),
        written,
    }
}

/// Returns a task's name as it is given; empty where it is missing or no text.
fn name_of(name: Option<View<'_>>) -> &str {
    name.and_then(View::text).map_or("", |text| text)
}

/// Decides what the task is, and reports what does not fit that.
fn kind<'a>(ctx: &Context<'a>, view: View<'a>) -> TaskKind {
    let word = ctx.get(view, "type").and_then(View::text).map(|t| &**t);
    if word == Some("parallel") {
        return block(ctx, view);
    }
    if let Some(tasks) = ctx.get(view, "tasks") {
        let message = "only a parallel block has `tasks`";
        let fix = Some("add `type: parallel`".to_owned());
        ctx.report_with(code::E_SCHEMA, tasks.at, message, fix);
        if ctx.get(view, "action").is_none() {
            return parallel();
        }
    }
    let Some(action) = ctx.get(view, "action") else {
        let message = "the task names no action";
        let fix = Some("add `action: pack.name`".to_owned());
        ctx.report_with(code::E_MISSING_ACTION, view.at, message, fix);
        return parallel();
    };
    let reference: Arc<str> = action.text().cloned().unwrap_or_default();
    reference::check_action(ctx, action);
    match (word, &*reference) {
        (Some("workflow"), _) => TaskKind::Workflow { reference },
        (_, "core.sleep") => TaskKind::Sleep,
        (_, "core.inquiry") => TaskKind::Inquiry,
        _ => TaskKind::Action { reference },
    }
}

fn parallel() -> TaskKind {
    TaskKind::Parallel {
        entry: Vec::new(),
        tasks: Vec::new(),
    }
}

fn block<'a>(ctx: &Context<'a>, view: View<'a>) -> TaskKind {
    let tasks = ctx.get(view, "tasks");
    if tasks.is_none_or(|tasks| tasks.node.as_list().is_some_and(<[_]>::is_empty)) {
        let at = tasks.map_or(view.at, |tasks| tasks.at);
        ctx.report(code::E_PARALLEL_EMPTY, at, "the parallel block has no task");
    }
    if ctx.get(view, "with_items").is_some() {
        let at = ctx.key_at(view, "with_items");
        let message = "a parallel block cannot iterate";
        let fix = Some("put the block into a workflow of its own and call that".to_owned());
        ctx.report_with(code::E_PARALLEL_WITH_ITEMS, at, message, fix);
    }
    for key in NOT_FOR_BLOCKS {
        if ctx.get(view, key).is_some() {
            let message = format!("`{key}` means nothing to a parallel block");
            ctx.report(code::E_UNKNOWN_FIELD, ctx.key_at(view, key), message);
        }
    }
    parallel()
}

fn join<'a>(ctx: &Context<'a>, view: View<'a>) -> Option<Join> {
    let join = ctx.get(view, "join")?;
    match join.text().map(|text| &**text) {
        Some("all") => Some(Join::All),
        Some(_) => Some(Join::Count(1)),
        None => {
            let count = quantity::integer(join.node)?;
            if count < 1 {
                ctx.report(
                    code::E_JOIN_COUNT,
                    join.at,
                    "a join waits for at least one task",
                );
            }
            Some(Join::Count(u32::try_from(count).unwrap_or(1)))
        }
    }
}

/// Returns a text member as it is.
pub(crate) fn text<'a>(ctx: &Context<'a>, view: View<'a>, key: &str) -> Option<String> {
    ctx.get(view, key)?.text().map(|text| text.to_string())
}

/// Returns a boolean member; not given is false.
pub(crate) fn flag<'a>(ctx: &Context<'a>, view: View<'a>, key: &str) -> bool {
    ctx.get(view, key)
        .is_some_and(|view| matches!(view.node.data, crate::spec::tree::Data::Bool(true)))
}

/// Returns the priority; not given is 0.
pub(crate) fn priority<'a>(ctx: &Context<'a>, view: View<'a>) -> i32 {
    ctx.get(view, "priority")
        .and_then(|view| quantity::integer(view.node))
        .and_then(|number| i32::try_from(number).ok())
        .unwrap_or(0)
}

/// Converts a place in the list of tasks.
pub(crate) fn task_index(index: usize) -> TaskIndex {
    TaskIndex(u32::try_from(index).expect("the file's size bounds the tasks"))
}
