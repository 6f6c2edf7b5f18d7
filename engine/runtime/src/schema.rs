//! Schemas that a manifest brings, and whether they agree with what the binary says.

mod cost;

use attune_core::Value;
use attune_core::spec::schema::Schema;
use attune_driver::port::InspectError;

fn invalid(message: String) -> InspectError {
    InspectError {
        code: "invalid_manifest",
        message,
        hint: None,
    }
}

/// Compiles a schema of parameters, flat or JSON Schema, and returns it as JSON Schema.
pub(crate) fn parameters(pointer: &str, value: &Value) -> Result<Value, InspectError> {
    let costly = |error: cost::TooCostly| {
        invalid(format!("the manifest is not valid at `{pointer}`: {error}"))
    };
    cost::check_size(value).map_err(costly)?;
    let schema = Schema::from_value(value).map_err(|problems| {
        let lines = problems
            .iter()
            .map(|p| format!("`{pointer}{}`: {}", p.pointer, p.message));
        invalid(format!(
            "the manifest is not valid at {}",
            lines.collect::<Vec<_>>().join("; ")
        ))
    })?;
    cost::check_looks(schema.json()).map_err(costly)?;
    Ok(schema.json().clone())
}

/// Compiles a schema of results.
pub(crate) fn output(pointer: &str, value: &Value) -> Result<Value, InspectError> {
    parameters(pointer, value)
}

/// The schema of a component that says nothing about its input.
pub(crate) fn any_object() -> Value {
    Value::map([("type", "object".into())])
}

/// The schema of a component that says nothing about its result.
pub(crate) fn anything() -> Value {
    Value::Map(std::sync::Arc::default())
}

/// Checks that `narrowed`, which a manifest brings, does not contradict `derived`: it names only
/// parameters that exist, all that are required, and with a type that they may have.
pub(crate) fn agree(derived: &Value, narrowed: &Value) -> Result<(), InspectError> {
    let (Some(known), Some(named)) = (properties(derived), properties(narrowed)) else {
        return Ok(());
    };
    let same = |a: &str, b: &str| a.replace('_', "-") == b.replace('_', "-");
    let closed = derived.get("additionalProperties").and_then(Value::as_bool) == Some(false);
    for (name, schema) in named {
        let Some((_, own)) = known.iter().find(|(own, _)| same(own, name)) else {
            if closed {
                return Err(invalid(format!(
                    "the manifest has a parameter `{name}`, which the function does not take"
                )));
            }
            continue;
        };
        if !overlap(&types(own), &types(schema)) {
            return Err(invalid(format!(
                "the manifest gives the parameter `{name}` another type than the function"
            )));
        }
    }
    let required = derived.get("required").and_then(Value::as_list);
    for name in required
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
    {
        if !named.keys().any(|own| same(own, name)) {
            return Err(invalid(format!(
                "the manifest lacks the parameter `{name}`, which the function requires"
            )));
        }
    }
    Ok(())
}

fn properties(schema: &Value) -> Option<&attune_core::Map> {
    schema.get("properties")?.as_map()
}

/// The types that a schema allows; empty where it does not say.
fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(ty) => match ty.as_list() {
            Some(types) => types.iter().filter_map(Value::as_str).collect(),
            None => ty.as_str().into_iter().collect(),
        },
        None => Vec::new(),
    }
}

fn overlap(a: &[&str], b: &[&str]) -> bool {
    let fits = |a: &str, b: &str| a == b || (a == "number" && b == "integer");
    let either = |a: &str, b: &str| fits(a, b) || fits(b, a);
    a.is_empty() || b.is_empty() || a.iter().any(|a| b.iter().any(|b| either(a, b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        Value::from_json(text.as_bytes()).unwrap()
    }

    #[test]
    fn contradictions_are_found() {
        let derived = json(
            r#"{"type":"object","properties":{"card-number":{"type":"string"},"n":{"type":"number"}},
                "required":["card-number"],"additionalProperties":false}"#,
        );
        for (narrowed, fits) in [
            (
                r#"{"properties":{"card_number":{"type":"string","minLength":4}}}"#,
                true,
            ),
            (
                r#"{"properties":{"card-number":{},"n":{"type":"integer"}}}"#,
                true,
            ),
            (
                r#"{"properties":{"card-number":{"type":"integer"}}}"#,
                false,
            ),
            (r#"{"properties":{"card-number":{},"other":{}}}"#, false),
            (r#"{"properties":{"n":{}}}"#, false),
        ] {
            assert_eq!(agree(&derived, &json(narrowed)).is_ok(), fits, "{narrowed}");
        }
    }
}
