//! Every diagnostic code with what it means: one table for messages, SARIF rules and the docs.

use super::Severity;

/// A stable code of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// `E_…` or `W_…`.
    pub name: &'static str,
    /// What it means, as one sentence for people.
    pub meaning: &'static str,
}

impl Code {
    /// Returns the severity, which the code's first letter says.
    pub fn severity(self) -> Severity {
        if self.name.starts_with('W') {
            Severity::Warning
        } else {
            Severity::Error
        }
    }
}

macro_rules! codes {
    ($($name:ident = $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub const $name: Code = Code { name: stringify!($name), meaning: $meaning };
        )*
        /// All codes, errors first.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    E_YAML = "The text is not acceptable YAML.";
    E_UNKNOWN_FIELD = "A key has no meaning here.";
    E_REF = "A ref is malformed, or the file and the request disagree about it.";
    E_UNKNOWN_TASK = "A task is named that does not exist here.";
    E_DUPLICATE_TASK = "Two tasks have the same name.";
    E_RESERVED_NAME = "A task has a name that the language uses itself.";
    E_NO_TASKS = "The workflow has no task.";
    E_NO_ENTRY = "No task can be the first: each has an inbound transition.";
    E_UNREACHABLE = "No path leads to a task from an entry, `on_failure` or `finally` task.";
    E_CYCLE = "The tasks form a cycle, and `allow_cycles` is not set.";
    E_JOIN_COUNT = "A join waits for more tasks than lead to it, or for less than one.";
    E_MISSING_ACTION = "A task does not say which action it calls.";
    E_UNKNOWN_ACTION = "An action does not exist.";
    E_PARALLEL_EMPTY = "A parallel block has no task.";
    E_PARALLEL_WITH_ITEMS = "A parallel block cannot iterate.";
    E_RETRY_MAX_DELAY = "The longest delay of a retry is shorter than its delay.";
    E_EXPRESSION = "An expression is malformed.";
    E_UNKNOWN_VARIABLE = "An expression reads a name that nothing in the file can define.";
    E_PUBLISH_FORM = "A publish entry has none of the known forms.";
    E_SCHEMA = "A value has the wrong type, is missing, or is no schema where one is expected.";
    E_LIMIT = "A number is out of its bounds.";
    E_INPUT = "An input is missing or unknown to the action.";
    E_INPUT_TYPE = "An input has a type that the action does not take.";
    W_DECISION_SHADOWS_ON_SUCCESS = "A decision replaces the task's `on_success`.";
    W_DECISION_NO_DEFAULT = "A decision without a default ends the branch where nothing matches.";
    W_MULTI_INBOUND_NO_JOIN = "Two branches lead to a task without a join: it may run twice.";
    W_TIMEOUT_UNHANDLED = "A task has a timeout, but only `failed()` is looked at.";
    W_CONCURRENT_PUBLISH = "Two branches that may run at once write the same variable.";
    W_BARE_NAME = "A variable or parameter is read without its scope.";
    W_TERNARY = "`a ? b : c` is written where the language has `b if a else c`.";
    W_FAILURE_MASKED = "Every path from a failure ends as if nothing had failed.";
    W_MULTIPLE_ENTRY = "A task that nothing leads to and that leads nowhere: probably forgotten.";
    W_ITEM_IS_LIST = "With `batch_size`, `item` is a list.";
    W_ALIAS = "An old spelling, which is still accepted.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_letter_is_the_severity() {
        assert_eq!(E_YAML.severity(), Severity::Error);
        assert_eq!(W_ALIAS.severity(), Severity::Warning);
        assert!(ALL.iter().all(|c| c.name.starts_with(['E', 'W'])));
    }
}
