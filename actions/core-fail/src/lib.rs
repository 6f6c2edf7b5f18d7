//! The action `core.fail`: fails as it is told.

use attune_sdk::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// What to say: `error.message`.
    #[serde(default = "default_message")]
    message: String,
    /// A word for programs: `error.type`.
    kind: Option<String>,
    /// Whether the task's `retry` applies.
    #[serde(default)]
    retryable: bool,
    /// Anything else: `error.details`.
    details: Option<Value>,
}

fn default_message() -> String {
    "failed as it was told".to_owned()
}

/// Fails with the given message.
///
/// Useful to end a branch with an error of your own, and to try out how a workflow handles one.
#[action]
fn fail(input: Input) -> Result<(), ActionError> {
    let mut error = if input.retryable {
        ActionError::transient(input.message)
    } else {
        ActionError::permanent(input.message)
    };
    if let Some(kind) = input.kind {
        error = error.with_kind(kind);
    }
    if let Some(details) = input.details {
        error = error.with_details(details);
    }
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_sdk::testing;

    #[test]
    fn examples_come_true() {
        testing::check_examples(&fail, include_str!("../examples.json"));
    }

    #[test]
    fn details_are_kept() {
        let input = json!({"message": "no stock", "details": {"sku": 7}});
        let error = testing::call(&fail, &input).unwrap_err();
        assert_eq!(error.details(), Some(&json!({"sku": 7})));
    }
}
