//! Every key of a workflow file: name, form, and a sentence for editors.
//!
//! The one declaration behind the checks of a file, its "did you mean" and the editors' schema.

use crate::diagnostics::code::{self, Code};
use crate::spec::shape::{Field, Record, Shape};

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
const TRANSITIONS: Shape = Shape::OneOf(&[
    Shape::Target,
    Shape::List(&Shape::OneOf(&[Shape::Target, Shape::Record(&TRANSITION)])),
]);
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

/// One task.
pub(crate) static TASK: Record = Record {
    id: "task",
    name: "a task",
    fields: &[
        needed(
            "name",
            Shape::Text,
            code::E_SCHEMA,
            "Unique in the whole file, sub-tasks included.",
        ),
        field("label", Shape::Text, "The name for people."),
        field("description", Shape::Text, "What the task is for."),
        field(
            "type",
            Shape::Word(&["action", "parallel", "workflow"]),
            "What the task is; default `action`.",
        ),
        field(
            "action",
            Shape::Action,
            "The action's or workflow's ref, perhaps pinned.",
        ),
        field("input", Shape::Map, "The input: any JSON with templates."),
        field(
            "when",
            Shape::Condition,
            "Run condition; false: the task is skipped.",
        ),
        field(
            "needs",
            NAMES,
            "Tasks that must have succeeded; implies `join: all`.",
        ),
        field("delay", DURATION, "Wait before the first attempt."),
        field(
            "with_items",
            Shape::OneOf(&[Shape::List(&Shape::Any), Shape::Expression]),
            "A list, or an expression that gives a list or a map: one execution for each item.",
        ),
        field("item_key", Shape::Expression, "Gives each item a name."),
        field(
            "batch_size",
            Shape::Templated(&Shape::Integer(1, ceiling::COUNT)),
            "Items per batch.",
        ),
        field(
            "batch_mode",
            Shape::Word(&["batch", "window"]),
            "`batch`: one execution per batch, `item` is a list; `window`: items stay single.",
        ),
        field(
            "concurrency",
            Shape::Expression,
            "Executions in flight; default all.",
        ),
        field(
            "max_failures",
            Shape::OneOf(&[Shape::Integer(0, ceiling::COUNT), Shape::Percent]),
            "Tolerated item failures: a number, or a share such as `10%`.",
        ),
        field(
            "fail_fast",
            Shape::Bool,
            "Start nothing new in this task once it has failed.",
        ),
        field(
            "publish",
            Shape::Publish,
            "Variables to set when the task succeeds.",
        ),
        field("on_success", TRANSITIONS, "What follows a success."),
        field(
            "on_failure",
            TRANSITIONS,
            "What follows a failure; it is then handled.",
        ),
        field(
            "on_complete",
            TRANSITIONS,
            "What follows any end; never handles a failure.",
        ),
        field(
            "on_timeout",
            TRANSITIONS,
            "What follows a timeout, instead of `on_failure`.",
        ),
        field(
            "on_skip",
            TRANSITIONS,
            "What follows a skip, instead of everything else.",
        ),
        field(
            "decision",
            Shape::List(&Shape::Record(&DECISION)),
            "After a success, the first branch that matches; replaces `on_success`.",
        ),
        field(
            "next",
            Shape::List(&Shape::Record(&TRANSITION)),
            "Transitions in their general form.",
        ),
        field(
            "join",
            Shape::OneOf(&[
                Shape::Word(&["all", "any"]),
                Shape::Integer(i64::MIN, i64::MAX),
            ]),
            "Wait for all, any or that many of the tasks that lead here.",
        ),
        field("retry", Shape::Record(&RETRY), "Retry policy."),
        field("timeout", DURATION, "Per attempt."),
        field("deadline", DURATION, "All attempts and items together."),
        field(
            "tasks",
            Shape::List(&Shape::Record(&TASK)),
            "The sub-tasks of a parallel block.",
        ),
        field(
            "limits",
            Shape::Record(&TASK_LIMITS),
            "May lower what the action's grant allows.",
        ),
        field(
            "cache",
            Shape::Duration,
            "How long a result may be reused; pure actions only.",
        ),
        field("concurrency_key", Shape::Expression, KEY_DOC),
        field("priority", PRIORITY, "Higher goes first."),
    ],
};

/// One entry of `next`, or of `on_…` in its long form.
pub(crate) static TRANSITION: Record = Record {
    id: "transition",
    name: "a transition",
    fields: &[
        field("when", Shape::Condition, "Holds it back unless true."),
        field("publish", Shape::Publish, "Variables to set when it fires."),
        field(
            "do",
            NAMES,
            "Tasks or commands (`noop continue fail retry`); none: `continue`.",
        ),
    ],
};

/// One entry of `decision`.
pub(crate) static DECISION: Record = Record {
    id: "branch",
    name: "a branch",
    fields: &[
        field(
            "when",
            Shape::Condition,
            "The branch is taken if this is the first that holds.",
        ),
        field("next", NAMES, "Where the branch leads."),
        field(
            "default",
            Shape::OneOf(&[Shape::Bool, Shape::Target, Shape::List(&Shape::Target)]),
            "`true`, or at once where the default leads.",
        ),
        field(
            "publish",
            Shape::Publish,
            "Variables to set when the branch is taken.",
        ),
    ],
};

/// `retry:`
pub(crate) static RETRY: Record = Record {
    id: "retry",
    name: "a retry policy",
    fields: &[
        field(
            "count",
            Shape::Templated(&Shape::Integer(0, ceiling::RETRIES)),
            "Retries; attempts are one more. Default 3.",
        ),
        field("delay", DURATION, "Wait before the first retry."),
        field(
            "backoff",
            Shape::Word(&["constant", "linear", "exponential"]),
            "How the delay grows.",
        ),
        field("max_delay", DURATION, "The longest delay."),
        field(
            "jitter",
            Shape::OneOf(&[Shape::Word(&["none", "full"]), Shape::Number(0.0, 1.0)]),
            "How much of the delay is drawn at random.",
        ),
        field(
            "max_elapsed",
            DURATION,
            "No retry whose wait ends later than this.",
        ),
        field(
            "on_error",
            Shape::Condition,
            "Whether a failed attempt is retried.",
        ),
        field(
            "when",
            Shape::Condition,
            "Whether any attempt, a success too, is retried.",
        ),
    ],
};

/// `defaults:`
pub(crate) static DEFAULTS: Record = Record {
    id: "defaults",
    name: "defaults",
    fields: &[
        field("retry", Shape::Record(&RETRY), "Retry policy."),
        field("timeout", DURATION, "Per attempt."),
    ],
};

/// `limits:` of the file.
pub(crate) static LIMITS: Record = Record {
    id: "limits",
    name: "limits",
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

/// `limits:` of a task.
pub(crate) static TASK_LIMITS: Record = Record {
    id: "task_limits",
    name: "limits",
    fields: &[
        field(
            "fuel",
            Shape::Integer(1, ceiling::FUEL),
            "Fuel of one attempt.",
        ),
        field("memory", Shape::Size, "Memory of one attempt."),
        field("output", Shape::Size, "Size of the result."),
    ],
};
