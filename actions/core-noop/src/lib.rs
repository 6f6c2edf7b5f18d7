//! The action `core.noop`: does nothing.

use attune_sdk::prelude::*;

/// Does nothing, successfully, whatever its input. The result is null.
#[action]
#[expect(clippy::unnecessary_wraps, reason = "an action returns a `Result`")]
fn noop() -> Result<(), ActionError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_sdk::testing;

    #[test]
    fn examples_come_true() {
        testing::check_examples(&noop, include_str!("../examples.json"));
    }
}
