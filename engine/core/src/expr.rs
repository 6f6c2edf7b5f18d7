//! Expressions and templates over typed values.
//!
//! A text with `{{ }}` is parsed once, when its definition is made, into small trees that read a
//! [`Scope`] and give a [`Value`](crate::Value). Evaluation is pure, bounded in steps, output and
//! depth, and cannot panic; what reads a secret gives a secret.

mod expression;
mod problem;
mod references;
mod scope;
mod template;

mod lower;
mod node;
mod parse;
mod split;

mod builtin;
mod call;
mod compare;
mod evaluator;
mod fault;
mod foreign;
mod number;
mod path;
mod slice;
mod text;

#[cfg(test)]
mod tests;

pub use builtin::reference;
pub use expression::{Condition, Expression};
pub(crate) use path::with_article;
pub use problem::{ExprProblem, Located, Problems};
pub use references::{Call, PathStep, Read, References, Root, Ternary};
pub(crate) use references::{ON_COMPLETION, RETRY_NAMES};
pub use scope::{Completion, EvalError, Fields, Iteration, Scope};
pub use template::{Site, Template, Text};

/// How long the text of one expression may be; longer ones belong into an action.
pub const MAX_EXPRESSION_BYTES: usize = 8 * 1024;

/// Steps one evaluation may take: ample for lists of `max_items`, milliseconds at worst.
pub const MAX_STEPS: u64 = 100_000;

/// How large a text may become: what a text of a file may hold too.
pub const MAX_OUTPUT_BYTES: usize = 1024 * 1024;
