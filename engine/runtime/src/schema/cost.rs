//! What checking a value by a schema may cost, found before any value is checked.
//!
//! A few lines of schema can have each part of a value looked at again and again: two references to
//! the same schema at each of thirty levels are a billion looks. And each pattern is a program.

use std::collections::HashMap;

use attune_core::Value;
use attune_core::value::MAX_JSON_DEPTH;

/// Values in a schema: far more than an action of a thousand parameters needs.
const MAX_NODES: usize = 20_000;

/// Patterns in a schema: each may become a mebibyte of program.
const MAX_PATTERNS: usize = 64;

/// Looks at the parts of a value on the way from its root to its deepest.
const MAX_LOOKS: u64 = 20_000;

/// Steps after which this check itself gives up.
const MAX_STEPS: usize = 500_000;

/// Why a schema is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooCostly {
    #[error("the schema has more than {MAX_NODES} parts")]
    Nodes,
    #[error("the schema has more than {MAX_PATTERNS} patterns")]
    Patterns,
    #[error("checking one value could take more than {MAX_LOOKS} looks at each of its parts")]
    Looks,
    #[error("the reference `{0}` is none into the schema itself: write `#/…`")]
    Reference(String),
}

/// Checks what a schema is made of, in either form, before it is compiled.
pub(super) fn check_size(schema: &Value) -> Result<(), TooCostly> {
    let (mut nodes, mut patterns) = (0, 0);
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        nodes += 1;
        if let Some(map) = value.as_map() {
            patterns += usize::from(
                map.get("pattern")
                    .is_some_and(|text| text.as_str().is_some()),
            );
            let named = map.get("patternProperties").and_then(Value::as_map);
            patterns += named.map_or(0, |named| named.len());
            open.extend(map.values());
        }
        open.extend(value.as_list().unwrap_or_default());
        if nodes > MAX_NODES {
            return Err(TooCostly::Nodes);
        }
        if patterns > MAX_PATTERNS {
            return Err(TooCostly::Patterns);
        }
    }
    Ok(())
}

/// Checks what it may cost to check a value by a JSON Schema.
pub(super) fn check_looks(schema: &Value) -> Result<(), TooCostly> {
    let mut walk = Walk {
        root: schema,
        known: HashMap::new(),
        steps: 0,
    };
    let mut most = 0;
    for kind in KINDS {
        most = most.max(walk.looks(schema, MAX_JSON_DEPTH, kind)?);
    }
    if most > MAX_LOOKS {
        return Err(TooCostly::Looks);
    }
    Ok(())
}

/// Which keywords apply to a part of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Object,
    List,
    Scalar,
}

const KINDS: [Kind; 3] = [Kind::Object, Kind::List, Kind::Scalar];

/// Keywords whose schemas look at the same part of the value.
const HERE: &[&str] = &["allOf", "anyOf", "oneOf", "not", "if", "then", "else"];

/// The same, by name.
const HERE_BY_NAME: &[&str] = &["dependentSchemas", "dependencies"];

/// Keywords that refer.
const REFERENCES: &[&str] = &["$ref", "$dynamicRef", "$recursiveRef"];

/// Keywords for each member of an object; of those by name in `properties` one applies.
const MEMBERS: &[&str] = &[
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
];

/// Keywords for each item of a list; of those in `prefixItems` one applies.
const ITEMS: &[&str] = &["items", "additionalItems", "unevaluatedItems", "contains"];

struct Walk<'s> {
    root: &'s Value,
    /// By schema, depth that is left, and kind; `None` while it is being found out.
    known: HashMap<(usize, usize, Kind), Option<u64>>,
    steps: usize,
}

impl<'s> Walk<'s> {
    /// Returns how many looks a schema takes at a part of that kind and at what is in it, along the
    /// costliest way down.
    fn looks(&mut self, schema: &'s Value, left: usize, kind: Kind) -> Result<u64, TooCostly> {
        let place = (std::ptr::from_ref(schema) as usize, left, kind);
        match self.known.get(&place) {
            Some(Some(known)) => return Ok(*known),
            // A circle through one part of a value is gone through once.
            Some(None) => return Ok(0),
            None => {}
        }
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(TooCostly::Looks);
        }
        self.known.insert(place, None);
        let mut looks: u64 = 1;
        for inner in self.here(schema)? {
            looks = looks.saturating_add(self.looks(inner, left, kind)?);
        }
        if left > 0 {
            looks = looks.saturating_add(self.below(schema, left - 1, kind)?);
        }
        if looks > MAX_LOOKS {
            return Err(TooCostly::Looks);
        }
        self.known.insert(place, Some(looks));
        Ok(looks)
    }

    /// Returns the schemas that look at the same part of a value.
    fn here(&self, schema: &'s Value) -> Result<Vec<&'s Value>, TooCostly> {
        let mut all = Vec::new();
        for inner in HERE.iter().filter_map(|key| schema.get(key)) {
            match inner.as_list() {
                Some(list) => all.extend(list),
                None => all.push(inner),
            }
        }
        for key in HERE_BY_NAME {
            let named = schema.get(key).and_then(Value::as_map);
            all.extend(named.into_iter().flat_map(|named| named.values()));
        }
        for key in REFERENCES {
            if let Some(target) = schema.get(key).and_then(Value::as_str) {
                all.push(self.target(target)?);
            }
        }
        Ok(all)
    }

    /// Returns the looks at the costliest member or item.
    fn below(&mut self, schema: &'s Value, left: usize, kind: Kind) -> Result<u64, TooCostly> {
        let (one_of, each) = match kind {
            Kind::Object => ("properties", MEMBERS),
            Kind::List => ("prefixItems", ITEMS),
            Kind::Scalar => return Ok(0),
        };
        let one_of = schema.get(one_of);
        let named = one_of.and_then(Value::as_map).into_iter().flatten();
        let listed = one_of.and_then(Value::as_list).unwrap_or_default();
        let mut one: Vec<&Value> = named.map(|(_, schema)| schema).chain(listed).collect();
        let mut all: Vec<&Value> = Vec::new();
        for inner in each.iter().filter_map(|key| schema.get(key)) {
            match inner.as_list() {
                Some(list) => one.extend(list),
                None => all.push(inner),
            }
        }
        if kind == Kind::Object {
            let patterns = schema.get("patternProperties").and_then(Value::as_map);
            all.extend(patterns.into_iter().flat_map(|named| named.values()));
        }
        let mut most = 0;
        for kind in KINDS {
            let mut costliest = 0;
            for inner in &one {
                costliest = costliest.max(self.looks(inner, left, kind)?);
            }
            for inner in &all {
                costliest = costliest.saturating_add(self.looks(inner, left, kind)?);
            }
            most = most.max(costliest);
        }
        Ok(most)
    }

    fn target(&self, reference: &str) -> Result<&'s Value, TooCostly> {
        let foreign = || TooCostly::Reference(reference.to_owned());
        let pointer = reference.strip_prefix('#').ok_or_else(foreign)?;
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(foreign());
        }
        let mut steps = pointer.split('/').skip(1);
        let found = steps.try_fold(self.root, |value, step| {
            let step = step.replace("~1", "/").replace("~0", "~");
            match value.as_list() {
                Some(items) => items.get(step.parse::<usize>().ok()?),
                None => value.get(&step),
            }
        });
        found.ok_or_else(foreign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), TooCostly> {
        let schema = Value::from_json(text.as_bytes()).unwrap();
        check_size(&schema)?;
        check_looks(&schema)
    }

    /// References to the schema before, twice in each, `levels` times.
    fn doubling(keyword: &str, levels: usize) -> String {
        let twice = |level: usize| match level.checked_sub(1) {
            None => r#""a0":{"type":"object"}"#.to_owned(),
            Some(before) => {
                let before = format!(r##"{{"$ref":"#/$defs/a{before}"}}"##);
                format!(r#""a{level}":{{"{keyword}":[{before},{before}]}}"#)
            }
        };
        let all: Vec<String> = (0..=levels).map(twice).collect();
        let all = all.join(",");
        format!(r##"{{"$defs":{{{all}}},"$ref":"#/$defs/a{levels}"}}"##)
    }

    #[test]
    fn schemas_that_explode_are_refused() {
        for keyword in ["allOf", "anyOf", "oneOf"] {
            assert_eq!(check(&doubling(keyword, 8)), Ok(()), "{keyword}");
            let refused = check(&doubling(keyword, 30));
            assert_eq!(refused, Err(TooCostly::Looks), "{keyword}");
        }
        let by_depth =
            r##"{"anyOf":[{"properties":{"a":{"$ref":"#"}}},{"properties":{"a":{"$ref":"#"}}}]}"##;
        assert_eq!(check(by_depth), Err(TooCostly::Looks));
        let items = r##"{"allOf":[{"items":{"$ref":"#"}},{"contains":{"$ref":"#"}}]}"##;
        assert_eq!(check(items), Err(TooCostly::Looks));
    }

    #[test]
    fn recursive_schemas_of_trees_are_taken() {
        for schema in [
            r##"{"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#"}}}}"##,
            r##"{"type":"object","properties":{"left":{"$ref":"#"},"right":{"$ref":"#"}}}"##,
            r##"{"anyOf":[{"type":"string"},{"type":"array","items":{"$ref":"#"}},{"type":"object","additionalProperties":{"$ref":"#"}}]}"##,
            r##"{"$ref":"#"}"##,
            "true",
        ] {
            assert_eq!(check(schema), Ok(()), "{schema}");
        }
    }

    #[test]
    fn patterns_parts_and_references_are_bounded() {
        let many = |count: usize, part: &str| {
            let parts = (0..count).map(|index| format!(r#""p{index}":{part}"#));
            let parts = parts.collect::<Vec<_>>().join(",");
            check(&format!(r#"{{"properties":{{{parts}}}}}"#))
        };
        let pattern = r#"{"pattern":"(a{200}){40}"}"#;
        assert_eq!(many(60, pattern), Ok(()));
        assert_eq!(many(65, pattern), Err(TooCostly::Patterns));
        assert_eq!(many(2_000, r#"{"type":"string"}"#), Ok(()));
        assert_eq!(many(30_000, "{}"), Err(TooCostly::Nodes));
        let elsewhere = check(r#"{"$ref":"other"}"#).unwrap_err().to_string();
        assert!(elsewhere.contains("`other`"), "{elsewhere}");
    }
}
