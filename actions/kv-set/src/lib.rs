//! The action `kv.set`: writes a value of the store.

use attune_sdk::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The key: letters, digits and `._:-`, at most 256.
    key: String,
    /// The value, any JSON; not for `mode: delete`.
    #[serde(default)]
    value: Value,
    /// How long it stays; without it for ever. Only for `mode: set`.
    ttl: Option<Span>,
    /// What is done.
    #[serde(default)]
    mode: Mode,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// The key is written, whatever it held.
    #[default]
    Set,
    /// The key is written only if it does not exist: of several that try, one succeeds.
    Create,
    /// The key is removed.
    Delete,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    /// The key.
    key: String,
    /// Whether something was changed: false where `create` finds the key, and `delete` none.
    changed: bool,
}

/// Writes or removes a value that `kv.get` and the actions of the pack can read.
///
/// The value is on disk when the task has succeeded, and stays when the run has ended.
#[action(grants = {"kv": "write"})]
fn set(input: Input) -> Result<Output, ActionError> {
    if input.ttl.is_some() && input.mode != Mode::Set {
        return Err(ActionError::invalid_input("`ttl` is for `mode: set` only"));
    }
    let (key, value) = (input.key, input.value);
    let changed = match (input.mode, input.ttl) {
        (Mode::Set, None) => kv::set(&key, &value).map(|_| true)?,
        (Mode::Set, Some(ttl)) => kv::set_for(&key, &value, ttl.duration()).map(|_| true)?,
        (Mode::Create, _) => match kv::create(&key, &value) {
            Ok(_) => true,
            Err(CallError::Conflict) => false,
            Err(error) => return Err(error.into()),
        },
        (Mode::Delete, _) => kv::delete(&key)?,
    };
    Ok(Output { key, changed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_sdk::testing;

    #[test]
    fn examples_come_true() {
        testing::check_examples(&set, include_str!("../examples.json"));
    }

    #[test]
    fn what_was_written_can_be_read() {
        testing::call(&set, &json!({"key": "a", "value": [1], "ttl": "1h"})).unwrap();
        assert_eq!(kv::get::<Value>("a"), Ok(Some(json!([1]))));
        testing::call(&set, &json!({"key": "a", "mode": "delete"})).unwrap();
        assert_eq!(kv::get::<Value>("a"), Ok(None));
    }
}
