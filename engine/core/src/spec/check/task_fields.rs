//! `task.NAME.FIELD`: the task must exist, and its kind decides which fields it has.

use crate::expr::{PathStep, Read};
use crate::spec::file::Resolved;
use crate::spec::suggest::nearest;
use crate::spec::task::Draft;

/// Fields of `task.X` for every task.
const TASK: &[&str] = &[
    "result",
    "status",
    "error",
    "attempts",
    "delays",
    "visit",
    "visits",
    "started_at",
    "completed_at",
    "duration_ms",
    "timed_out",
];
/// Those of a task that iterates.
const TASK_ITEMS: &[&str] = &[
    "results",
    "items",
    "by_key",
    "failed_items",
    "succeeded_items",
    "skipped_items",
    "total_count",
    "failed_count",
    "max_in_flight",
];
/// Those of a block.
const TASK_BLOCK: &[&str] = &["tasks", "failed_tasks"];
/// What others call the result.
const OUTPUT: &[&str] = &["output", "outputs", "value", "data", "response"];
/// What is wrong, and what to write instead if that is known.
type Problem = (String, Option<String>);

/// Says what of a read of `task` nothing can define.
pub(super) fn unknown(file: &Resolved<'_>, read: &Read) -> Option<Problem> {
    let Some(PathStep::Name(name)) = read.path.first() else {
        return None;
    };
    let Some(index) = file.by_name.get(name) else {
        let known = file.by_name.keys().map(|known| &**known);
        let fix = nearest(name, known).map(|near| format!("did you mean `task.{near}`?"));
        return Some((format!("there is no task `{name}`"), fix));
    };
    let draft = &file.drafts[*index];
    let Some(PathStep::Name(field)) = read.path.get(1) else {
        return None;
    };
    let known = fields(draft);
    if !known.contains(&&**field) {
        let near = nearest(field, known.iter().copied());
        // `default()` does not make good what is merely misspelt.
        if read.guarded && near.is_none() {
            return None;
        }
        let fix = near
            .or_else(|| OUTPUT.contains(&&**field).then_some("result"))
            .map(|near| format!("did you mean `task.{name}.{near}`?"));
        return Some((format!("`task.{name}` has no field `{field}`"), fix));
    }
    if read.guarded {
        return None;
    }
    match read.path.get(2) {
        Some(PathStep::Name(sub)) if matches!(&**field, "tasks" | "result") => {
            sub_task(file, draft, sub)
        }
        Some(_) | None => None,
    }
}

fn sub_task(file: &Resolved<'_>, block: &Draft<'_>, sub: &str) -> Option<Problem> {
    let names: Vec<&str> = block
        .children
        .iter()
        .map(|child| &**file.drafts[*child].name())
        .collect();
    if names.is_empty() || names.contains(&sub) {
        return None;
    }
    let message = format!("the block `{}` has no task `{sub}`", block.name());
    let fix = nearest(sub, names).map(|near| format!("did you mean `{near}`?"));
    Some((message, fix))
}

/// Returns the fields of `task.X`.
fn fields(draft: &Draft<'_>) -> Vec<&'static str> {
    let mut fields = TASK.to_vec();
    if draft.task.items.is_some() {
        fields.extend(TASK_ITEMS);
    }
    if !draft.children.is_empty() {
        fields.extend(TASK_BLOCK);
    }
    fields
}
