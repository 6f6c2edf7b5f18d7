//! What the real binary says of workflow files without a server: the schema for editors, pictures,
//! rehearsals with their report and exit codes, and diagnostics in every format.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};

const ORDER: &str = "ref: shop.order
label: Order
version: 1.0.0
tasks:
  - {name: reserve, action: shop.reserve, on_success: ship}
  - {name: ship, action: shop.ship}
";

const REHEARSAL: &str = "- id: good
  title: it ships
  workflow: order.yaml
  expect: {status: completed, sequence: [reserve, ship]}
- id: bad
  title: it should not ship
  workflow: order.yaml
  expect: {status: failed, sequence: [reserve]}
";

/// What a command did.
#[derive(Debug)]
struct Done {
    code: i32,
    out: String,
    err: String,
}

fn attune(folder: &Path, words: &[&str]) -> Done {
    let done = Command::new(env!("CARGO_BIN_EXE_attune"))
        .args(words)
        .current_dir(folder)
        .env("XDG_CONFIG_HOME", folder)
        .env("XDG_DATA_HOME", folder)
        .output()
        .unwrap();
    Done {
        code: done.status.code().unwrap(),
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
    }
}

fn json(done: &Done) -> Json {
    serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {done:?}"))
}

/// A folder with a workflow, its rehearsal and a workflow with mistakes.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let wrong = ORDER
        .replace("on_success: ship", "on_sucess: ship")
        .replace("name: ship, ", "name: ship, on_failure: notfy, ");
    for (name, text) in [
        ("order.yaml", ORDER),
        ("rehearsal.yaml", REHEARSAL),
        ("wrong.yaml", &wrong),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn the_schema_for_editors_is_one() {
    let folder = folder();
    let done = attune(folder.path(), &["workflow", "schema"]);
    assert_eq!(done.code, 0, "{done:?}");
    let schema = json(&done);
    let dialect = "https://json-schema.org/draft/2020-12/schema";
    assert_eq!(schema["$schema"], dialect);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let file = |tasks: Json| json!({"ref": "a.b", "label": "x", "version": "1", "tasks": tasks});
    let task = json!([{"name": "a", "action": "b.c", "on_success": "d"}]);
    assert!(validator.is_valid(&file(task)));
    let misspelt = json!([{"name": "a", "action": "b.c", "on_sucess": "d"}]);
    assert!(!validator.is_valid(&file(misspelt)));
}

#[test]
fn a_file_is_drawn_in_every_format() {
    let folder = folder();
    for (format, begins) in [
        ("mermaid", "flowchart"),
        ("dot", "digraph"),
        ("json", "{"),
        ("svg", "<svg"),
    ] {
        let words = ["workflow", "graph", "order.yaml", "--format", format];
        let done = attune(folder.path(), &words);
        assert_eq!(done.code, 0, "{done:?}");
        assert!(done.out.starts_with(begins), "{format}: {}", done.out);
        assert!(done.out.contains("reserve"), "{format}: {}", done.out);
    }
    let done = attune(folder.path(), &["workflow", "graph", "wrong.yaml"]);
    assert_eq!(done.code, 1, "{done:?}");
}

#[test]
fn a_rehearsal_that_fails_shows_both_sides_and_fails_the_command() {
    let folder = folder();
    let run = |words: &[&str]| {
        let words = [&["workflow", "test", "rehearsal.yaml"], words].concat();
        attune(folder.path(), &words)
    };
    let all = run(&["--junit", "report.xml"]);
    assert_eq!(all.code, 1, "{all:?}");
    for line in ["pass good", "fail bad", "- \"failed\"", "+ \"completed\""] {
        assert!(all.err.contains(line), "{line}: {}", all.err);
    }
    let report = std::fs::read_to_string(folder.path().join("report.xml")).unwrap();
    assert!(
        report.contains("tests=\"2\"") && report.contains("failures=\"1\""),
        "{report}"
    );
    // The id of one, the title of the other.
    assert_eq!(run(&["--filter", "good"]).code, 0);
    assert_eq!(run(&["--filter", "should not"]).code, 1);
    assert_eq!(run(&["--filter", "zzz"]).code, 3);
    let told = json(&run(&["--output", "json"]));
    assert_eq!(told.as_array().unwrap().len(), 2);
}

#[test]
fn mistakes_are_shown_at_their_place_in_every_format() {
    let folder = folder();
    let run = |words: &[&str]| attune(folder.path(), &[&["workflow", "validate"], words].concat());
    assert_eq!(run(&["order.yaml", "--strict"]).code, 0);
    let shown = run(&["wrong.yaml"]);
    assert_eq!(shown.code, 1, "{shown:?}");
    let told = format!("{}{}", shown.out, shown.err);
    for part in [
        "error[E_UNKNOWN_FIELD]",
        "did you mean `on_success`?",
        "error[E_UNKNOWN_TASK]",
        "wrong.yaml:5:",
        "^^^^^",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let listed = json(&run(&["wrong.yaml", "--output", "json"])).to_string();
    assert!(listed.contains("E_UNKNOWN_TASK"), "{listed}");
    let sarif = json(&run(&["wrong.yaml", "--output", "sarif"]));
    assert_eq!(sarif["version"], "2.1.0");
    let first = &sarif["runs"][0]["results"][0];
    assert_eq!(first["ruleId"], "E_UNKNOWN_FIELD", "{sarif}");
    let github = run(&["wrong.yaml", "--output", "github"]);
    let line = "::error file=wrong.yaml,line=5";
    assert!(github.out.contains(line), "{github:?}");
}
