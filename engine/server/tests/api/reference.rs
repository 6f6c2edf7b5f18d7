//! The reference page and the settings of Schemathesis list every operation as the code has it.
//!
//! With `UPDATE_DOCS=1` the files are written instead of compared.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

const START: &str = "<!-- operations: made by the tests, see CONTRIBUTING.md -->\n";
const END: &str = "<!-- end of operations -->";

fn root() -> PathBuf {
    let engine = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    engine.parent().unwrap().to_owned()
}

/// Compares a file's content with what it must be, or writes it.
fn keep(file: &Path, expected: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(file, expected).unwrap();
    }
    let found = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        found == expected,
        "`{}` is not up to date: run the tests of attune-server with UPDATE_DOCS=1",
        file.display()
    );
}

/// Every operation, in the order of the description.
fn operations() -> Vec<Value> {
    let document: Value = serde_json::from_str(&attune_server::openapi_json("")).unwrap();
    let items = document["paths"].as_object().unwrap().values();
    let all = items.flat_map(|item| item.as_object().unwrap().values().cloned());
    all.filter(|operation| operation["operationId"].is_string())
        .collect()
}

/// One line for each operation, by tag.
fn table() -> String {
    let document: Value = serde_json::from_str(&attune_server::openapi_json("")).unwrap();
    let mut lines: Vec<(String, String)> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(summary) = operation["summary"].as_str() else {
                continue;
            };
            let tag = operation["tags"][0].as_str().unwrap_or("server");
            let role = operation["x-role"].as_str().unwrap_or("");
            let path = path.strip_prefix("/api/v1").unwrap_or(path);
            let query: Vec<&str> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "query")
                .filter_map(|parameter| parameter["name"].as_str())
                .collect();
            let query = if query.is_empty() {
                String::new()
            } else {
                format!("`{}`", query.join(" "))
            };
            let method = method.to_uppercase();
            let line = format!("| `{method} {path}` | {query} | {role} | {summary} |\n");
            lines.push((tag.to_owned(), line));
        }
    }
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    let mut out = String::new();
    for of_tag in lines.chunk_by(|a, b| a.0 == b.0) {
        let _ = write!(
            out,
            "\n### {}\n\n| operation | query | role | what it does |\n|---|---|---|---|\n",
            of_tag[0].0
        );
        out.extend(of_tag.iter().map(|(_, line)| line.as_str()));
    }
    out
}

#[test]
fn the_reference_page_lists_every_operation() {
    let file = root().join("docs/api.md");
    let page = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = page.split_once(START).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    keep(&file, &format!("{before}{START}{}\n{END}{after}", table()));
}

#[test]
fn schemathesis_knows_which_operations_mean_more_than_their_schema() {
    let mut text = String::from(
        "# Made by the tests of attune-server (UPDATE_DOCS=1) from the operations marked\n\
         # `x-semantic-422`, whose input may fit the schema and still be wrong, and from those that\n\
         # look at versions (412). No check is turned off.\n",
    );
    let semantic = attune_server::semantic_operations();
    for operation in operations() {
        let id = operation["operationId"].as_str().unwrap();
        let mut statuses = vec!["\"2xx\"", "401", "403", "404", "409"];
        if operation["responses"].get("412").is_some() {
            statuses.push("412");
        }
        if semantic.iter().any(|known| known == id) {
            statuses.push("422");
        }
        if statuses.len() == 5 {
            continue;
        }
        statuses.push("\"5xx\"");
        let statuses = statuses.join(", ");
        let _ = write!(
            text,
            "\n[[operations]]\ninclude-operation-id = \"{id}\"\n\
             checks.positive_data_acceptance.expected-statuses = [{statuses}]\n"
        );
    }
    keep(&root().join("schemathesis.toml"), &text);
}
