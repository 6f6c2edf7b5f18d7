//! How the task at hand ended: known in transitions, publishes and retry policies.

use super::super::call::Call;
use super::super::fault::Fault;
use super::{Builtin, FUNCTION};
use crate::expr::Completion;
use crate::value::Value;

pub(super) static TABLE: &[Builtin] = &[
    Builtin {
        names: &["result"],
        usage: "result()",
        text: "What the task that just ended gave; in a retry policy also `result`.",
        examples: &[("result().code", "200")],
        run: |call| Ok(ended(call)?.result),
        ..FUNCTION
    },
    Builtin {
        names: &["error"],
        usage: "error()",
        text: "Its error `{type, source, message, details}`, or null; in a retry policy also `error`.",
        examples: &[("error()", "null")],
        run: |call| Ok(ended(call)?.error),
        ..FUNCTION
    },
    Builtin {
        names: &["succeeded"],
        usage: "succeeded()",
        text: "Whether it succeeded.",
        examples: &[("succeeded()", "true")],
        run: |call| Ok(Value::Bool(ended(call)?.succeeded)),
        ..FUNCTION
    },
    Builtin {
        names: &["failed"],
        usage: "failed()",
        text: "Whether it failed, timeouts aside.",
        examples: &[("failed()", "false")],
        run: |call| Ok(Value::Bool(ended(call)?.failed)),
        ..FUNCTION
    },
    Builtin {
        names: &["timed_out"],
        usage: "timed_out()",
        text: "Whether it ran into its timeout.",
        examples: &[("timed_out()", "false")],
        run: |call| Ok(Value::Bool(ended(call)?.timed_out)),
        ..FUNCTION
    },
    Builtin {
        names: &["skipped"],
        usage: "skipped()",
        text: "Whether it was skipped.",
        examples: &[("skipped()", "false")],
        run: |call| Ok(Value::Bool(ended(call)?.skipped)),
        ..FUNCTION
    },
    Builtin {
        names: &["completed"],
        usage: "completed()",
        text: "True: it ended, no matter how.",
        examples: &[("completed()", "true")],
        run: |call| ended(call).map(|_| Value::Bool(true)),
        ..FUNCTION
    },
];

fn ended(call: &Call<'_, '_>) -> Result<Completion, Fault> {
    call.evaluator.scope.completion().ok_or_else(|| {
        call.fault("is known only where a task has just ended: in transitions, publish and retry")
    })
}
