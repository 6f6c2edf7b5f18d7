//! Every key of a workflow file: name, form, and a sentence for editors.
//!
//! The one declaration behind the checks of a file, its "did you mean" and the editors' schema.

mod task;

use crate::diagnostics::code::{self, Code};
use crate::spec::shape::{Field, Record, Shape};
use task::RETRY;
pub(crate) use task::TASK;

/// Ceilings of what a file may ask for; the defaults are those of the language.
pub(crate) mod ceiling {
    /// Visits, items: far beyond any run that a person could follow.
    pub(crate) const COUNT: i64 = 1_000_000;
    /// Executions of one run in flight.
    pub(crate) const PARALLEL: i64 = 10_000;
    /// Depth of sub-workflows.
    pub(crate) const DEPTH: i64 = 100;
    /// Retries of one task.
    pub(crate) const RETRIES: i64 = 100;
    /// Priorities, both ways.
    pub(crate) const PRIORITY: i64 = 1_000_000;
    /// Fuel: what a JSON number holds exactly.
    pub(crate) const FUEL: i64 = 1 << 53;
}

const fn field(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field {
        name,
        shape,
        missing: None,
        doc,
    }
}

const fn needed(name: &'static str, shape: Shape, missing: Code, doc: &'static str) -> Field {
    Field {
        name,
        shape,
        missing: Some(missing),
        doc,
    }
}

const NAMES: Shape = Shape::OneOf(&[Shape::Target, Shape::List(&Shape::Target)]);
const DURATION: Shape = Shape::Templated(&Shape::Duration);
const KEY_DOC: &str = "Expression: runs or tasks with the same key go one at a time.";
const PRIORITY: Shape = Shape::Integer(-ceiling::PRIORITY, ceiling::PRIORITY);

/// What a file, unlike an inline workflow, must say, with an example.
pub(crate) const FILE_NEEDS: &[(&str, &str)] = &[
    ("ref", "pack.name"),
    ("label", "Place order"),
    ("version", "1.0.0"),
];

/// The whole file.
pub(crate) static FILE: Record = Record {
    id: "workflow",
    name: "a workflow",
    plural: "workflows",
    fields: &[
        field(
            "ref",
            Shape::Ref,
            "The workflow's name, `pack.name`, lower case.",
        ),
        field("label", Shape::Text, "The name for people."),
        field("description", Shape::Text, "What the workflow is for."),
        field(
            "version",
            Shape::Label,
            "The author's own label of this version.",
        ),
        field("tags", Shape::List(&Shape::Label), "Words to find it by."),
        field(
            "enabled",
            Shape::Bool,
            "Whether runs may start; omitted: as the operator left it.",
        ),
        field(
            "run_name",
            Shape::Text,
            "Template: how a run is called in lists.",
        ),
        field(
            "parameters",
            Shape::Schema,
            "The parameters: flat form or JSON Schema.",
        ),
        field(
            "output",
            Shape::Schema,
            "Schema of the output, checked at the end.",
        ),
        field(
            "vars",
            Shape::Map,
            "Initial variables; later ones see earlier ones.",
        ),
        needed(
            "tasks",
            Shape::List(&Shape::Record(&TASK)),
            code::E_NO_TASKS,
            "The tasks; at least one.",
        ),
        field(
            "output_map",
            Shape::Any,
            "The run's output: any JSON with templates.",
        ),
        field(
            "on_failure",
            NAMES,
            "Tasks that run when all else has ended and the run will fail.",
        ),
        field(
            "finally",
            NAMES,
            "Tasks that run at the very end, whatever happened.",
        ),
        field(
            "defaults",
            Shape::Record(&DEFAULTS),
            "For every action task that does not say otherwise.",
        ),
        field("timeout", Shape::Duration, "Of the whole run."),
        field(
            "fail_fast",
            Shape::Bool,
            "Whether an unhandled failure stops everything else.",
        ),
        field(
            "allow_cycles",
            Shape::Bool,
            "Whether the tasks may form cycles.",
        ),
        field(
            "strict_decision",
            Shape::Bool,
            "Whether a decision without a match fails the run.",
        ),
        field(
            "entry",
            NAMES,
            "The first tasks; default: those that nothing leads to.",
        ),
        field("concurrency_key", Shape::Expression, KEY_DOC),
        field(
            "overlap",
            Shape::Word(&["queue", "skip", "cancel_previous"]),
            "What a new run does when its key is taken.",
        ),
        field("priority", PRIORITY, "Higher goes first."),
        field(
            "mcp",
            Shape::Bool,
            "Whether the workflow is offered as a tool at /mcp.",
        ),
        field("limits", Shape::Record(&LIMITS), "Bounds on one run."),
    ],
};

/// `defaults:`
pub(crate) static DEFAULTS: Record = Record {
    id: "defaults",
    name: "defaults",
    plural: "defaults",
    fields: &[
        field("retry", Shape::Record(&RETRY), "Retry policy."),
        field("timeout", DURATION, "Per attempt."),
    ],
};

/// `limits:` of the file.
pub(crate) static LIMITS: Record = Record {
    id: "limits",
    name: "limits",
    plural: "limits",
    fields: &[
        field(
            "max_tasks",
            Shape::Integer(1, ceiling::COUNT),
            "Task visits per run.",
        ),
        field(
            "max_task_visits",
            Shape::Integer(1, ceiling::COUNT),
            "Visits of one task.",
        ),
        field(
            "max_items",
            Shape::Integer(1, ceiling::COUNT),
            "Items of one task.",
        ),
        field(
            "max_parallel",
            Shape::Integer(1, ceiling::PARALLEL),
            "Executions in flight.",
        ),
        field(
            "max_depth",
            Shape::Integer(1, ceiling::DEPTH),
            "Depth of sub-workflows; the root is 1.",
        ),
        field(
            "fuel",
            Shape::Integer(1, ceiling::FUEL),
            "For all tasks and children together.",
        ),
    ],
};
