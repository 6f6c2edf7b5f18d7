//! The description is complete and consistent, and changes only on purpose.

use std::collections::BTreeSet;

use serde_json::Value;

fn description() -> Value {
    serde_json::from_str(&attune_server::openapi_json("0.0.0")).unwrap()
}

/// Calls `visit` with every value in the tree.
fn walk(value: &Value, visit: &mut impl FnMut(&Value)) {
    visit(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::Object(map) => map.values().for_each(|item| walk(item, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let items = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    items
        .filter(|(_, operation)| operation.get("responses").is_some())
        .collect()
}

#[test]
fn references_lead_somewhere_and_operations_have_names_of_their_own() {
    let document = description();
    assert_eq!(document["openapi"], "3.1.0");
    walk(&document, &mut |value| {
        if let Some(target) = value.get("$ref").and_then(Value::as_str) {
            let pointer = target.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{target}");
        }
    });
    let operations = operations(&document);
    let ids: BTreeSet<_> = operations
        .iter()
        .map(|(_, op)| op["operationId"].as_str())
        .collect();
    assert_eq!(ids.len(), operations.len());
}

#[test]
fn every_operation_says_what_it_is_and_which_problems_it_has() {
    for (name, operation) in operations(&description()) {
        assert!(operation["summary"].is_string(), "{name}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{name}"
        );
        assert!(responses.contains_key("400"), "{name}");
        let open = name.ends_with("z") || name.ends_with("/metrics");
        assert_eq!(responses.contains_key("401"), !open, "{name}");
        assert_eq!(operation.get("x-role").is_some(), !open, "{name}");
        assert_eq!(name.contains('{'), responses.contains_key("404"), "{name}");
        let body = operation.get("requestBody").is_some();
        assert_eq!(body, responses.contains_key("413"), "{name}");
    }
}

/// Shows the description with a line for each operation and schema. Problems that nothing is said
/// of are listed by status alone.
fn compact(document: &Value) -> String {
    let mut lines = Vec::new();
    for (name, operation) in operations(document) {
        let mut operation = operation.clone();
        let responses = operation["responses"].as_object_mut().unwrap();
        let plain: Vec<String> = responses
            .iter()
            .filter(|(_, response)| response["$ref"] == "#/components/responses/Problem")
            .map(|(status, _)| status.clone())
            .collect();
        responses.retain(|status, _| !plain.contains(status));
        lines.push(format!("{name} {operation} problems {}", plain.join(" ")));
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        lines.push(format!("{name} {schema}"));
    }
    lines.join("\n")
}

#[test]
fn the_description_is_as_it_was() {
    insta::assert_snapshot!("openapi", compact(&description()));
}

#[test]
fn operations_that_mean_more_than_a_schema_can_say_are_marked() {
    insta::assert_snapshot!(attune_server::semantic_operations().join(" "), @"cancel_runs create_workflow execute_action execute_workflow fork_run preview_workflow put_action put_secret put_workflow respond_inquiry retry_runs");
}
