//! The schema for editors, on the same files as the validator: it accepts every correct one, and
//! refuses of the wrong ones those whose mistake a schema can see.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::fmt::Write as _;

use attune_core::spec::{Options, editor, parse_with, yaml};
use serde_json::{Value as Json, json};

const CASES: [&str; 12] = [
    include_str!("conformance.yaml"),
    include_str!("rules.yaml"),
    include_str!("values.yaml"),
    include_str!("rules/transitions.yaml"),
    include_str!("rules/joins.yaml"),
    include_str!("rules/blocks.yaml"),
    include_str!("rules/items.yaml"),
    include_str!("rules/time.yaml"),
    include_str!("rules/states.yaml"),
    include_str!("rules/limits.yaml"),
    include_str!("rules/expressions.yaml"),
    include_str!("rules/combined.yaml"),
];

/// Codes whose mistakes lie in the form of the file alone.
const VISIBLE: [&str; 2] = ["E_UNKNOWN_FIELD", "E_LIMIT"];

fn sources(table: &str) -> Vec<(&str, &str)> {
    let sections = table.split("=== ").skip(1);
    let parts = sections.map(|section| section.split_once('\n').unwrap());
    parts
        .map(|(title, rest)| (title, rest.split("---\n").next().unwrap()))
        .collect()
}

/// Gives a file what only inline workflows may lack.
fn complete(mut file: Json) -> Json {
    if let Some(map) = file.as_object_mut() {
        for (key, value) in [("ref", "demo.x"), ("label", "x"), ("version", "1")] {
            map.entry(key).or_insert_with(|| json!(value));
        }
    }
    file
}

fn read(source: &str) -> Option<Json> {
    let value = yaml::to_value(source).ok()?;
    Some(complete(value.to_public_serde()))
}

fn schema() -> jsonschema::Validator {
    jsonschema::draft202012::new(&editor::schema()).unwrap()
}

#[test]
fn the_schema_is_one() {
    let schema = editor::schema();
    assert!(jsonschema::meta::is_valid(&schema));
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
}

#[test]
fn correct_files_are_accepted() {
    let schema = schema();
    let mut wrong = String::new();
    let tables = [
        include_str!("spec/correct.txt"),
        include_str!("spec/near.txt"),
    ];
    for (title, source) in tables.into_iter().flat_map(sources) {
        for error in schema.iter_errors(&read(source).unwrap()) {
            let _ = writeln!(wrong, "{title}: {} {error}", error.instance_path());
        }
    }
    for case in CASES
        .into_iter()
        .flat_map(|text| attune_core::rehearse::read(text).unwrap())
    {
        if case.expect.invalid.is_some() || !case.workflow.is_object() {
            continue;
        }
        for error in schema.iter_errors(&complete(case.workflow.clone())) {
            let _ = writeln!(wrong, "{}: {} {error}", case.id, error.instance_path());
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn mistakes_that_a_schema_can_see_are_refused() {
    let schema = schema();
    let mut seen = 0;
    for (title, source) in sources(include_str!("spec/wrong.txt")) {
        let parsed = parse_with(source, &Options::inline());
        let mut codes = parsed.diagnostics.iter().map(|problem| problem.code);
        let by_type = parsed.diagnostics.iter().any(|problem| {
            let of_schema = ["/parameters", "/output/"];
            problem.code == "E_SCHEMA"
                && problem.message.contains("` must be ")
                && !of_schema
                    .iter()
                    .any(|part| problem.pointer.starts_with(part))
        });
        let visible = codes.any(|code| VISIBLE.contains(&code)) || by_type;
        let Some(file) = read(source).filter(|_| visible) else {
            continue;
        };
        seen += 1;
        assert!(!schema.is_valid(&file), "{title} is accepted");
    }
    assert!(seen >= 3, "the table has such files");
}

/// Small mistakes in a correct file, each of which the schema refuses.
#[test]
fn single_mistakes_are_refused() {
    let schema = schema();
    let good = complete(json!({"tasks": [{"name": "a", "action": "n.n"}]}));
    assert!(schema.is_valid(&good));
    let file = |key: &str, value: Json| {
        let mut file = good.clone();
        file[key] = value;
        file
    };
    let task = |key: &str, value: Json| {
        let mut file = good.clone();
        file["tasks"][0][key] = value;
        file
    };
    let wrong = [
        file("taks", json!([])),
        file("tasks", json!({})),
        file("tasks", json!([])),
        file("enabled", json!("yes")),
        file("fail_fast", json!(1)),
        file("overlap", json!("wait")),
        file("timeout", json!("soon")),
        file("limits", json!({"max_depth": 0})),
        file("limits", json!({"max_dept": 1})),
        file("vars", json!([1])),
        task("name", json!(5)),
        task("on_sucess", json!("b")),
        task("type", json!("paralel")),
        task("join", json!("some")),
        task("join", json!(0)),
        task("retry", json!({"cuont": 1})),
        task("retry", json!({"count": 101})),
        task("retry", json!({"jitter": 2})),
        task("retry", json!({"backoff": "fast"})),
        task("on_success", json!({"do": "b"})),
        task("next", json!([{"wehn": "x", "do": "b"}])),
        task("decision", json!({"when": "x"})),
        task("batch_mode", json!("rolling")),
        task("max_failures", json!("many")),
        task("input", json!([1])),
        task("limits", json!({"memroy": 1})),
        task("timeout", json!("5 parsecs")),
        task("type", json!("parallel")),
        task("tasks", json!([{"name": "b", "action": "n.n"}])),
        task("name", json!("noop")),
        file("tasks", json!([{"name": "a"}])),
        file(
            "tasks",
            json!([{"name": "p", "type": "parallel", "tasks": []}]),
        ),
        file(
            "tasks",
            json!([{"name": "p", "type": "parallel", "with_items": [1], "tasks": [{"name": "b", "action": "n.n"}]}]),
        ),
    ];
    for file in &wrong {
        assert!(!schema.is_valid(file), "{file} is accepted");
        let text = serde_json::to_string(file).unwrap();
        let parsed = parse_with(&text, &Options::inline());
        assert!(parsed.definition.is_none(), "{file} is read");
    }
}
