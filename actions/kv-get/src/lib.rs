//! The action `kv.get`: reads a value of the store.

use attune_sdk::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The key: letters, digits and `._:-`, at most 256.
    key: String,
    /// What is returned where there is no such key. Without it that is an error.
    #[serde(default, deserialize_with = "present")]
    default: Option<Value>,
}

/// Tells a default of null from none.
fn present<'de, D: attune_sdk::serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[derive(Serialize, JsonSchema)]
struct Output {
    /// The key.
    key: String,
    /// The value, or the default.
    value: Value,
    /// Whether the key was there.
    found: bool,
}

/// Reads a value that `kv.set` or an action of the pack has written.
#[action(grants = {"kv": "read"})]
fn get(input: Input) -> Result<Output, ActionError> {
    let (value, found) = match (kv::get(&input.key)?, input.default) {
        (Some(value), _) => (value, true),
        (None, Some(default)) => (default, false),
        (None, None) => {
            let message = format!("there is no key `{}`", input.key);
            return Err(ActionError::permanent(message).with_kind("not_found"));
        }
    };
    Ok(Output {
        key: input.key,
        value,
        found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_sdk::testing;

    #[test]
    fn examples_come_true() {
        testing::check_examples(&get, include_str!("../examples.json"));
    }
}
