//! Errors of tasks and runs, as they are recorded and shown: data, not Rust errors.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::value::Value;

/// Why an attempt, a task or a run failed. `kind` is the `type` that expressions and the API see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable word: one of [`kind`], or whatever the action itself named.
    pub kind: Arc<str>,
    /// Who said so: `engine`, `action` or `workflow`.
    pub source: Source,
    /// One sentence for people.
    pub message: Arc<str>,
    /// Anything more, as data.
    pub details: Value,
    /// Whether a retry policy without `on_error` tries again.
    pub retryable: bool,
}

impl Failure {
    /// Makes a failure found by the engine that a retry cannot mend.
    pub fn engine(kind: &str, message: impl Into<Arc<str>>) -> Self {
        Self {
            kind: kind.into(),
            source: Source::Engine,
            message: message.into(),
            details: Value::Null,
            retryable: false,
        }
    }

    /// The same failure, which may be retried.
    pub fn retryable(self) -> Self {
        Self {
            retryable: true,
            ..self
        }
    }

    /// The same failure with details.
    pub fn with_details(self, details: Value) -> Self {
        Self { details, ..self }
    }
}

/// Who reported a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The engine: limits, expressions, joins.
    Engine,
    /// The action itself.
    Action,
    /// A child workflow.
    Workflow,
}

/// The error types the engine itself uses. Each is part of the public contract.
pub mod kind {
    macro_rules! kinds {
        ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {$(
            $(#[$doc])* pub const $name: &str = $text;
        )*};
    }
    kinds! {
        /// An action failed and named no type of its own.
        ACTION_FAILED = "action";
        /// The input does not fit the action's schema.
        INVALID_INPUT = "input";
        /// The attempt, task or run took too long.
        TIMEOUT = "timeout";
        /// An expression in a field of the task could not be evaluated.
        EXPRESSION = "expression_error";
        /// A publish could not be evaluated.
        PUBLISH = "publish_error";
        /// A run's output could not be rendered or violates its schema, or an action's result is
        /// not JSON.
        OUTPUT = "output_error";
        /// `fail` was reached.
        FAILED_BY_COMMAND = "failed_by_command";
        /// A strict decision without a match.
        NO_BRANCH = "no_branch_matched";
        /// An arrival at a join was never used.
        UNREACHABLE_JOIN = "unreachable_join";
        /// `with_items` is neither a list nor a map.
        WITH_ITEMS_TYPE = "with_items_type";
        /// More items failed than tolerated.
        ITEMS_FAILED = "items_failed";
        /// Something in the block failed.
        PARALLEL_FAILED = "parallel_failed";
        /// The child workflow failed.
        WORKFLOW_FAILED = "workflow_failed";
        /// The action or workflow is not known.
        UNKNOWN_ACTION = "unknown_action";
        /// A limit of the run was reached.
        LIMIT_EXCEEDED = "limit_exceeded";
        /// The attempt was lost with the process, too often.
        ABANDONED = "abandoned";
        /// Cancelled.
        CANCELLED = "cancelled";
        /// The action trapped.
        TRAP = "trap";
        /// Out of fuel.
        FUEL_EXHAUSTED = "fuel_exhausted";
        /// Out of memory, tables, instances or scratch files.
        MEMORY_EXHAUSTED = "memory_exhausted";
        /// The result is too large.
        OUTPUT_TOO_LARGE = "output_too_large";
        /// A capability was not granted.
        DENIED = "denied";
        /// The engine could not run the attempt: its fault, not the action's.
        ENGINE = "engine_error";
    }
}
