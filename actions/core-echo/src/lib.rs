//! The action `core.echo`: returns its input.

use attune_sdk::prelude::*;
use attune_sdk::serde_json::Map;

/// Returns its input.
///
/// Useful to compute a value from templates in the middle of a workflow, and in place of an action
/// that does not exist yet.
#[action]
#[expect(clippy::unnecessary_wraps, reason = "an action returns a `Result`")]
fn echo(input: Map<String, Value>) -> Result<Map<String, Value>, ActionError> {
    Ok(input)
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_sdk::testing;

    #[test]
    fn examples_come_true() {
        testing::check_examples(&echo, include_str!("../examples.json"));
    }

    #[test]
    fn keys_keep_their_order() {
        let input = json!({"b": 1, "a": 2});
        let output = testing::call(&echo, &input).unwrap();
        assert_eq!(output.to_string(), r#"{"b":1,"a":2}"#);
    }
}
