//! What an expression reads, and why it may give no value.

use std::sync::Arc;

use crate::event::{FactKey, Facts};
use crate::value::Value;

/// What an expression may read. Values are shared, so every method is cheap.
pub trait Scope {
    /// `parameters`: a map.
    fn parameters(&self) -> Value;
    /// `vars` and `workflow`: a map.
    fn vars(&self) -> Value;
    /// `task.<name>`: the fields of a declared task that the expression mentions (all of them if
    /// it uses the task as a whole). `None` if there is no such task.
    fn task(&self, name: &str, fields: &Fields) -> Option<Value>;
    /// One field of `task.<name>`: `None` if there is no such task, `Some(None)` if it has no such
    /// field. Override it where that is cheaper than [`task`](Self::task).
    fn task_field(&self, name: &str, field: &Arc<str>) -> Option<Option<Value>> {
        let task = self.task(name, &Fields::Named(vec![Arc::clone(field)]))?;
        Some(task.get(field).cloned())
    }
    /// Names of all declared tasks, for "did you mean".
    fn task_names(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
    /// `pack.config`.
    fn config(&self) -> Value;
    /// `system`: a map.
    fn system(&self) -> Value;
    /// Answers of outside state.
    fn facts(&self) -> Arc<Facts>;
    /// `item`, `index`, `batch`, inside an iteration.
    fn iteration(&self) -> Option<Iteration>;
    /// What `result()`, `error()`, `succeeded()`… answer, where a task has just ended.
    fn completion(&self) -> Option<Completion>;
}

/// Which fields of `task.<name>` an expression mentions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fields {
    /// The task as a whole, or a field by a computed name.
    All,
    /// These.
    Named(Vec<Arc<str>>),
}

impl Fields {
    /// Tells whether `field` must be provided.
    pub fn wants(&self, field: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.iter().any(|name| &**name == field),
        }
    }
}

/// The place in an iteration.
#[derive(Clone, Debug, PartialEq)]
pub struct Iteration {
    /// `item` (alias `items` for a batch).
    pub item: Value,
    /// `index`.
    pub index: u32,
    /// `batch.index`, `batch.size`, `batch.start`.
    pub batch: Option<(u32, u32, u32)>,
}

/// How the task at hand ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// `result()`.
    pub result: Value,
    /// `error()`: `{type, source, message, details}` or null.
    pub error: Value,
    /// `succeeded()`.
    pub succeeded: bool,
    /// `failed()`: without timeouts.
    pub failed: bool,
    /// `timed_out()`.
    pub timed_out: bool,
    /// `skipped()`.
    pub skipped: bool,
    /// `attempt`, in a retry policy: the attempt that just ended. In one, `result` and `error`
    /// may also be written without parentheses.
    pub attempt: Option<u32>,
}

/// Why an expression gave no value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EvalError {
    /// It asks for facts that are not there yet.
    #[error("the expression needs facts")]
    Needs(Vec<FactKey>),
    /// It failed. The message names what, where in the expression, and the nearest known name.
    #[error("{message}")]
    Failed {
        /// For people.
        message: Arc<str>,
    },
}
