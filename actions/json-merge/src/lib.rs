//! The action `json.merge`: merges objects.

use attune_sdk::prelude::*;
use attune_sdk::serde_json::Map;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The objects, later ones winning.
    objects: Vec<Map<String, Value>>,
    /// What happens where two objects have the same key.
    #[serde(default)]
    mode: Mode,
    /// What happens where both values are lists.
    #[serde(default)]
    lists: Lists,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// Objects are merged all the way down; of other values the later one wins.
    #[default]
    Deep,
    /// The later value wins, whatever it is.
    Shallow,
    /// As `deep`, but a null removes the key (JSON Merge Patch, RFC 7396).
    Patch,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Lists {
    /// The later list wins.
    #[default]
    Replace,
    /// The later list is appended to the earlier one; not in mode `shallow`.
    Append,
}

/// Merges objects into one.
#[action]
#[expect(clippy::unnecessary_wraps, reason = "an action returns a `Result`")]
fn merge(input: Input) -> Result<Map<String, Value>, ActionError> {
    let mut merged = Map::new();
    for object in input.objects {
        merge_into(&mut merged, object, input.mode, input.lists);
    }
    Ok(merged)
}

fn merge_into(
    target: &mut Map<String, Value>,
    source: Map<String, Value>,
    mode: Mode,
    lists: Lists,
) {
    for (key, value) in source {
        match (target.get_mut(&key), value) {
            (_, Value::Null) if mode == Mode::Patch => {
                target.shift_remove(&key);
            }
            (Some(Value::Object(old)), Value::Object(new)) if mode != Mode::Shallow => {
                merge_into(old, new, mode, lists);
            }
            (Some(Value::Array(old)), Value::Array(new))
                if mode != Mode::Shallow && lists == Lists::Append =>
            {
                old.extend(new);
            }
            (_, Value::Object(new)) if mode == Mode::Patch => {
                // A patch within a value that was not there still drops its nulls.
                let mut fresh = Map::new();
                merge_into(&mut fresh, new, mode, lists);
                target.insert(key, Value::Object(fresh));
            }
            (_, value) => {
                target.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_sdk::testing;

    #[test]
    fn examples_come_true() {
        testing::check_examples(&merge, include_str!("../examples.json"));
    }

    #[test]
    fn a_patch_within_a_new_value_drops_its_nulls() {
        let input = json!({"mode": "patch", "objects": [{"a": {"b": null, "c": {"d": null}}}]});
        assert_eq!(
            testing::call(&merge, &input).unwrap(),
            json!({"a": {"c": {}}})
        );
    }
}
