//! The keys of a task and of what stands inside one.

use super::{DURATION, KEY_DOC, NAMES, PRIORITY, ceiling, field, needed};
use crate::diagnostics::code;
use crate::spec::shape::{Record, Shape};

const TRANSITIONS: Shape = Shape::OneOf(&[
    Shape::Target,
    Shape::List(&Shape::OneOf(&[Shape::Target, Shape::Record(&TRANSITION)])),
]);

/// One task.
pub(crate) static TASK: Record = Record {
    id: "task",
    name: "a task",
    plural: "tasks",
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
        field(
            "input",
            Shape::Templated(&Shape::Map),
            "The input: any JSON with templates, or one template that gives a map.",
        ),
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
    plural: "transitions",
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
    plural: "branches",
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
    plural: "retry policies",
    fields: &[
        field(
            "count",
            Shape::Templated(&Shape::Integer(0, ceiling::RETRIES)),
            "Retries; attempts are one more. Default 3.",
        ),
        field(
            "delay",
            DURATION,
            "Wait before the first retry; may read `error`, `result`, `attempt`.",
        ),
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

/// `limits:` of a task.
pub(crate) static TASK_LIMITS: Record = Record {
    id: "task_limits",
    name: "limits",
    plural: "limits",
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
