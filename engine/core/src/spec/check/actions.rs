//! Inputs against the schemas of the actions they go to, and what is read of their results.
//!
//! A text with an expression in it may become anything, so only what is written out is judged.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::definition::TaskKind;
use crate::diagnostics::code;
use crate::expr::{PathStep, Read, Root};
use crate::spec::context::{Context, View};
use crate::spec::file::Resolved;
use crate::spec::schema::{
    Mismatch, MismatchKind, Schema, closed_properties, read as read_schema, resolve,
};
use crate::spec::suggest::nearest;
use crate::spec::task::Draft;
use crate::spec::tree::{Data, Node};
use crate::spec::{ActionSchemas, Actions, builtin};
use crate::value::Value;

/// What is known of an action.
enum Known {
    /// It does not exist.
    Missing,
    /// Nobody was asked.
    Unasked,
    Found {
        parameters: Option<Schema>,
        output: Option<Value>,
    },
}

/// Checks all tasks and expressions.
pub(super) fn check<'a>(ctx: &Context<'a>, file: &Resolved<'a>, actions: Option<&dyn Actions>) {
    let mut known: BTreeMap<Arc<str>, Known> = BTreeMap::new();
    let references: Vec<Option<Arc<str>>> = file.drafts.iter().map(reference).collect();
    for reference in references.iter().flatten() {
        known
            .entry(reference.clone())
            .or_insert_with(|| look_up(reference, actions));
    }
    for (draft, reference) in file.drafts.iter().zip(&references) {
        match reference
            .as_ref()
            .map(|reference| (reference, &known[reference]))
        {
            Some((reference, Known::Missing)) => missing(ctx, draft, reference, actions),
            Some((
                _,
                Known::Found {
                    parameters: Some(schema),
                    ..
                },
            )) => input(ctx, draft, schema),
            Some((_, Known::Found { .. } | Known::Unasked)) | None => {}
        }
    }
    let output = |task: usize| match known.get(references[task].as_ref()?)? {
        Known::Found { output, .. } if file.drafts[task].task.items.is_none() => output.as_ref(),
        Known::Found { .. } | Known::Missing | Known::Unasked => None,
    };
    for site in &file.sites {
        for read in site
            .references()
            .reads
            .iter()
            .filter(|read| read.root == Root::Task)
        {
            let Some(problem) = unknown_field(file, read, &output) else {
                continue;
            };
            let at = site.place(ctx, read.offset, read.len);
            ctx.report_with(code::E_UNKNOWN_VARIABLE, at, problem.0, problem.1);
        }
    }
}

fn reference(draft: &Draft<'_>) -> Option<Arc<str>> {
    match &draft.task.kind {
        TaskKind::Action { reference } | TaskKind::Workflow { reference } => {
            Some(reference.clone())
        }
        TaskKind::Sleep => Some(builtin::SLEEP.into()),
        TaskKind::Inquiry => Some(builtin::INQUIRY.into()),
        TaskKind::Parallel { .. } => None,
    }
}

fn look_up(reference: &str, actions: Option<&dyn Actions>) -> Known {
    let found = match (builtin::schemas(reference), actions) {
        (Some(built_in), _) => Some(built_in),
        (None, None) => return Known::Unasked,
        (None, Some(actions)) => actions.lookup(reference),
    };
    match found {
        None => Known::Missing,
        Some(ActionSchemas { parameters, output }) => Known::Found {
            // An action with a broken schema takes anything: that is not this file's problem.
            parameters: parameters.and_then(|schema| Schema::from_value(&schema).ok()),
            output,
        },
    }
}

fn missing<'a>(
    ctx: &Context<'a>,
    draft: &Draft<'a>,
    reference: &str,
    actions: Option<&dyn Actions>,
) {
    let known = actions.map(Actions::references).unwrap_or_default();
    let fix = nearest(reference, known.iter().map(String::as_str))
        .map(|near| format!("did you mean `{near}`?"));
    let at = ctx
        .get(draft.view, "action")
        .map_or(draft.at, |view| view.at);
    let message = format!("there is no action `{reference}`");
    ctx.report_with(code::E_UNKNOWN_ACTION, at, message, fix);
}

/// Checks a task's input; problems at or above a template are not known to be any.
fn input<'a>(ctx: &Context<'a>, draft: &Draft<'a>, schema: &Schema) {
    let view = ctx.get(draft.view, "input");
    let empty = Value::Map(Arc::default());
    let value = view.map_or(empty, |view| view.node.to_value());
    for mismatch in schema.mismatches(&value) {
        let place = view.map(|view| ctx.follow(view, &mismatch.pointer));
        let code = match mismatch.kind {
            MismatchKind::Missing | MismatchKind::Unknown => code::E_INPUT,
            MismatchKind::Value if place.is_some_and(|place| has_template(place.node)) => continue,
            MismatchKind::Value => code::E_INPUT_TYPE,
        };
        let at = match (mismatch.kind, place, view) {
            (MismatchKind::Unknown, Some(_), Some(view)) => key_at(ctx, view, &mismatch.pointer),
            (_, Some(place), _) => place.at,
            (_, None, _) => draft.at,
        };
        let name = mismatch.pointer.trim_start_matches('/').replace('/', ".");
        let message = describe(&name, &mismatch);
        ctx.report_with(code, at, message, mismatch.fix.clone());
    }
    if draft.task.kind == TaskKind::Inquiry {
        answer(ctx, view);
    }
}

/// Checks the schema of an answer, if it is written out.
fn answer<'a>(ctx: &Context<'a>, input: Option<View<'a>>) {
    let schema = input.and_then(|view| ctx.get(view, "schema"));
    let written =
        |view: &View<'_>| !matches!(view.node.data, Data::Null) && !has_template(view.node);
    if let Some(view) = schema.filter(written) {
        read_schema(ctx, view);
    }
}

fn describe(name: &str, mismatch: &Mismatch) -> String {
    match name {
        "" => format!("the input {}", mismatch.message),
        _ => format!("the input `{name}` {}", mismatch.message),
    }
}

/// Returns the place of the key that a pointer ends with.
fn key_at<'a>(ctx: &Context<'a>, input: View<'a>, pointer: &str) -> crate::spec::context::At {
    let (parent, key) = pointer.rsplit_once('/').unwrap_or(("", pointer));
    let key = key.replace("~1", "/").replace("~0", "~");
    ctx.key_at(ctx.follow(input, parent), &key)
}

fn has_template(node: &Node) -> bool {
    match &node.data {
        Data::Text(text) => text.contains("{{"),
        Data::List(items) => items.iter().any(has_template),
        Data::Map(members) => members.values().any(|member| has_template(&member.node)),
        Data::Null | Data::Bool(_) | Data::Int(_) | Data::BigInt(_) | Data::Float(_) => false,
    }
}

/// Follows `task.X.result.…` through X's output schema; says what is not there, and the fix.
fn unknown_field<'s>(
    file: &Resolved<'_>,
    read: &Read,
    output: &impl Fn(usize) -> Option<&'s Value>,
) -> Option<(String, Option<String>)> {
    let [PathStep::Name(task), PathStep::Name(field), rest @ ..] = read.path.as_slice() else {
        return None;
    };
    if read.guarded || &**field != "result" {
        return None;
    }
    let root = output(*file.by_name.get(task)?)?;
    let mut schema = resolve(root, root);
    let mut path = format!("task.{task}.result");
    for step in rest {
        let PathStep::Name(name) = step else {
            schema = resolve(root, schema.get("items")?);
            path.push_str("[…]");
            continue;
        };
        let scalar = schema
            .get("type")
            .and_then(Value::as_str)
            .filter(|kind| !matches!(*kind, "object" | "array"));
        if let Some(kind) = scalar {
            return Some((format!("`{path}` is {kind}: it has no `{name}`"), None));
        }
        let known = closed_properties(schema)?;
        let Some(next) = known.get(name) else {
            let fix = nearest(name, known.keys().map(|key| &**key))
                .map(|near| format!("did you mean `{path}.{near}`?"));
            return Some((format!("`{path}` has no `{name}`"), fix));
        };
        schema = resolve(root, next);
        path = format!("{path}.{name}");
    }
    None
}
