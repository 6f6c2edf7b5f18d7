//! What a revision of an action wants, and how that differs from the one in use before it.

use std::collections::BTreeSet;

use attune_core::Value;
use attune_driver::port::ActionRecord;
use serde::Serialize;
use utoipa::ToSchema;

/// How the wanted grants differ from those of the revision in use before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = GrantDifference)]
pub(crate) struct DifferenceView {
    /// The newest approved revision before this one; null if there is none.
    since: Option<u32>,
    /// What is wanted now and was not before.
    #[schema(example = json!(["http: GET https://api.example.com/*"]))]
    added: Vec<String>,
    /// What was wanted before and is not now.
    removed: Vec<String>,
}

impl DifferenceView {
    /// Compares wanted grants with those of the revision in use before.
    pub(crate) fn new(wanted: &Value, before: Option<&ActionRecord>) -> Self {
        let now = lines(wanted);
        let old = before
            .map(|record| lines(&record.grants))
            .unwrap_or_default();
        Self {
            since: before.map(|record| record.revision),
            added: now.difference(&old).cloned().collect(),
            removed: old.difference(&now).cloned().collect(),
        }
    }
}

/// Returns grants as one line each.
fn lines(grants: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (name, wanted) in grants.as_map().into_iter().flatten() {
        match wanted {
            Value::List(items) => {
                found.extend(items.iter().map(|item| format!("{name}: {}", text(item))));
            }
            Value::Map(map) => {
                let each = map.iter();
                found.extend(each.map(|(key, value)| format!("{name}.{key}: {}", text(value))));
            }
            Value::Null | Value::Bool(false) => {}
            Value::Text(word) if &**word == "none" => {}
            Value::Bool(true)
            | Value::Int(_)
            | Value::BigInt(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::Secret(_) => {
                found.insert(format!("{name}: {}", text(wanted)));
            }
        }
    }
    found
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_public_json(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_become_lines() {
        let json = r#"{"http": ["GET https://a.example/*", "POST https://b.example/*"],
            "kv": "write", "config": true, "files": "none",
            "secrets": {"key": {"hosts": ["a.example"]}}}"#;
        let wanted = Value::from_json(json.as_bytes()).unwrap();
        let told = DifferenceView::new(&wanted, None);
        let expected = [
            "config: true",
            "http: GET https://a.example/*",
            "http: POST https://b.example/*",
            "kv: write",
            r#"secrets.key: {"hosts":["a.example"]}"#,
        ];
        assert_eq!(told.added, expected);
        assert_eq!((told.since, told.removed.len()), (None, 0));
    }
}
