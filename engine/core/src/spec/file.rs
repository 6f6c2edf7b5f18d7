//! The whole file: its own fields, then all tasks, and the definition they make.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::definition::{Definition, Overlap, Target, Task, TaskKind, Transition, TransitionKind};
use crate::diagnostics::code;
use crate::expr::Template;
use crate::id::{Digest, TaskIndex};
use crate::spec::compile::{Compiler, Moment, Owner, Site};
use crate::spec::context::{Context, View};
use crate::spec::link::{self, ByName, Lists};
use crate::spec::network::Network;
use crate::spec::schema::Schema;
use crate::spec::task::{self, Draft, task_index};
use crate::spec::{Options, check, conform, policy, quantity, reference, schema};

/// The most tasks of one file, sub-tasks included.
pub(crate) const MAX_TASKS: usize = 1_000;
/// The most transitions of one file.
pub(crate) const MAX_TRANSITIONS: usize = 5_000;

/// The reference of an inline workflow that has none.
const INLINE_REF: &str = "inline.workflow";

/// A file with all names resolved, before it is judged.
pub(crate) struct Resolved<'a> {
    pub(crate) file: View<'a>,
    pub(crate) drafts: Vec<Draft<'a>>,
    pub(crate) by_name: ByName,
    pub(crate) lists: Lists,
    pub(crate) network: Network,
    pub(crate) sites: Vec<Site<'a>>,
    pub(crate) vars: Vec<(Arc<str>, Template)>,
    pub(crate) parameters: Schema,
}

/// Reads the file; `None` if it has errors.
pub(crate) fn read<'a>(
    ctx: &Context<'a>,
    file: View<'a>,
    digest: Digest,
    options: &Options<'_>,
) -> Option<Definition> {
    if file.node.is_null() {
        ctx.report(code::E_NO_TASKS, file.at, "the file is empty");
        return None;
    }
    conform::file(ctx, file);
    reference::check_file(ctx, file, options);
    let compiler = Compiler::new(ctx);
    let mut drafts = Vec::new();
    if let Some(tasks) = ctx.get(file, "tasks") {
        task::read_all(&compiler, tasks, None, &mut drafts);
        if tasks.node.as_list().is_some_and(<[_]>::is_empty) {
            ctx.report(code::E_NO_TASKS, tasks.at, "the workflow has no task");
        }
    }
    if too_large(ctx, file, &drafts) {
        return None;
    }
    let shell = shell(&compiler, file, digest, &mut drafts, options);
    let by_name = link::by_name(ctx, &drafts);
    link::resolve(ctx, &mut drafts, &by_name);
    let lists = link::lists(ctx, file, &drafts, &by_name);
    let network = Network::new(&drafts, &lists);
    let resolved = Resolved {
        file,
        vars: vars(&compiler, file),
        parameters: parameters(ctx, file),
        sites: compiler.into_sites(),
        drafts,
        by_name,
        lists,
        network,
    };
    check::all(ctx, &resolved, options);
    (!ctx.has_errors()).then(|| assemble(shell, resolved))
}

fn too_large<'a>(ctx: &Context<'a>, file: View<'a>, drafts: &[Draft<'a>]) -> bool {
    let transitions: usize = drafts.iter().map(|draft| draft.arrows.len()).sum();
    let (what, found, limit) = if drafts.len() > MAX_TASKS {
        ("tasks", drafts.len(), MAX_TASKS)
    } else if transitions > MAX_TRANSITIONS {
        ("transitions", transitions, MAX_TRANSITIONS)
    } else {
        return false;
    };
    let at = ctx.key_at(file, "tasks");
    let message = format!("the file has {found} {what}, more than {limit}");
    let fix = Some("split it into workflows that call each other".to_owned());
    ctx.report_with(code::E_LIMIT, at, message, fix);
    true
}

/// Reads the file's own fields and applies `defaults` to the tasks.
fn shell<'a>(
    compiler: &Compiler<'a, '_>,
    file: View<'a>,
    digest: Digest,
    drafts: &mut [Draft<'a>],
    options: &Options<'_>,
) -> Definition {
    let ctx = compiler.ctx;
    let owner = |moment| Owner { task: None, moment };
    apply_defaults(compiler, file, drafts);
    let own_ref = ctx.get(file, "ref").and_then(View::text);
    Definition {
        reference: own_ref
            .cloned()
            .or_else(|| options.default_ref.map(Arc::from))
            .unwrap_or_else(|| INLINE_REF.into()),
        label: task::text(ctx, file, "label"),
        description: task::text(ctx, file, "description"),
        version: label(ctx, ctx.get(file, "version")),
        tags: ctx
            .get(file, "tags")
            .map(|tags| {
                ctx.items(tags)
                    .filter_map(|tag| label(ctx, Some(tag)))
                    .collect()
            })
            .unwrap_or_default(),
        enabled: ctx
            .get(file, "enabled")
            .map(|_| task::flag(ctx, file, "enabled")),
        run_name: compiler.template_at(file, "run_name", owner(Moment::Start)),
        parameters: Schema::any(),
        output: ctx
            .get(file, "output")
            .and_then(|view| schema::read(ctx, view)),
        vars: Vec::new(),
        tasks: Vec::new(),
        entry: Vec::new(),
        on_failure: Vec::new(),
        finally: Vec::new(),
        output_map: compiler.template_at(file, "output_map", owner(Moment::End)),
        timeout: ctx
            .get(file, "timeout")
            .and_then(|view| quantity::duration(view.node)),
        fail_fast: task::flag(ctx, file, "fail_fast"),
        allow_cycles: task::flag(ctx, file, "allow_cycles"),
        strict_decision: task::flag(ctx, file, "strict_decision"),
        concurrency_key: compiler.expression_at(file, "concurrency_key", owner(Moment::Start)),
        overlap: match ctx.get(file, "overlap").and_then(View::text).map(|t| &**t) {
            Some("skip") => Overlap::Skip,
            Some("cancel_previous") => Overlap::CancelPrevious,
            _ => Overlap::Queue,
        },
        priority: task::priority(ctx, file),
        mcp: task::flag(ctx, file, "mcp"),
        limits: policy::run_limits(ctx, file),
        digest,
        by_name: BTreeMap::new(),
    }
}

/// `defaults` are for tasks that run an action, not for waits, answers, children and blocks.
fn apply_defaults<'a>(compiler: &Compiler<'a, '_>, file: View<'a>, drafts: &mut [Draft<'a>]) {
    let Some(defaults) = compiler.ctx.get(file, "defaults") else {
        return;
    };
    let owner = Owner {
        task: None,
        moment: Moment::Execution,
    };
    let timeout = compiler.template_at(defaults, "timeout", owner);
    let retry = compiler
        .ctx
        .get(defaults, "retry")
        .map(|retry| policy::retry(compiler, retry, None));
    for draft in drafts {
        if matches!(draft.task.kind, TaskKind::Action { .. }) {
            let task = &mut draft.task;
            task.timeout = task.timeout.take().or_else(|| timeout.clone());
            task.retry = task.retry.take().or_else(|| retry.clone());
        }
    }
}

fn vars<'a>(compiler: &Compiler<'a, '_>, file: View<'a>) -> Vec<(Arc<str>, Template)> {
    let owner = |index| Owner {
        task: None,
        moment: Moment::Variable(index),
    };
    let Some(vars) = compiler.ctx.get(file, "vars") else {
        return Vec::new();
    };
    compiler
        .ctx
        .members(vars)
        .enumerate()
        .map(|(index, (name, at, value))| {
            compiler.check_variable(name, at);
            (name.clone(), compiler.template(value, owner(index)))
        })
        .collect()
}

/// Without `parameters` a workflow takes none.
fn parameters<'a>(ctx: &Context<'a>, file: View<'a>) -> Schema {
    ctx.get(file, "parameters")
        .and_then(|view| schema::read_parameters(ctx, view))
        .unwrap_or_else(Schema::none)
}

/// Returns a text or number as it is written.
fn label<'a>(ctx: &Context<'a>, view: Option<View<'a>>) -> Option<String> {
    let view = view?;
    match view.text() {
        Some(text) => Some(text.to_string()),
        None => ctx
            .written(view)
            .or_else(|| Some(view.node.to_value().to_public_json())),
    }
}

fn assemble(mut definition: Definition, resolved: Resolved<'_>) -> Definition {
    let Resolved {
        drafts,
        lists,
        network,
        by_name,
        vars,
        parameters,
        ..
    } = resolved;
    let indexes = |list: &[usize]| list.iter().copied().map(task_index).collect::<Vec<_>>();
    definition.entry = indexes(&network.entry);
    definition.on_failure = indexes(&lists.on_failure);
    definition.finally = indexes(&lists.finally);
    definition.by_name = by_name
        .into_iter()
        .map(|(name, index)| (name, task_index(index)))
        .collect();
    definition.vars = vars;
    definition.parameters = parameters;
    definition.tasks = drafts
        .into_iter()
        .enumerate()
        .map(|(index, draft)| finish(draft, index, &network))
        .collect();
    definition
}

/// Completes a task with what the graph says about it.
fn finish(draft: Draft<'_>, index: usize, network: &Network) -> Task {
    let mut task = draft.task;
    let decides = draft
        .arrows
        .iter()
        .any(|arrow| matches!(arrow.kind, TransitionKind::Decision { .. }));
    task.transitions = draft
        .arrows
        .into_iter()
        // A decision replaces `on_success`.
        .filter(|arrow| !(decides && arrow.kind == TransitionKind::OnSuccess))
        .map(|arrow| Transition {
            kind: arrow.kind,
            when: arrow.when,
            when_text: arrow.when_text,
            publish: arrow.publish,
            targets: arrow
                .goals
                .iter()
                .map(|goal| goal.target.unwrap_or(Target::Continue))
                .collect(),
        })
        .collect();
    task.inbound = network.inbound[index]
        .iter()
        .copied()
        .map(task_index)
        .collect();
    task.in_cycle = network.in_cycle[index];
    if let TaskKind::Parallel { entry, tasks } = &mut task.kind {
        let indexes =
            |list: &[usize]| -> Vec<TaskIndex> { list.iter().copied().map(task_index).collect() };
        *entry = indexes(&network.block_entry[index]);
        *tasks = indexes(&draft.children);
    }
    task
}
