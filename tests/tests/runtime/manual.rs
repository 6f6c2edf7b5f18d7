//! docs/actions.md and the table of docs/standard-actions.md say what is so: manifests are
//! accepted, limits are those of the code, sizes those of the components, and every example in
//! another language than Rust (those are doctests) is a part of a project that is built and run.

use std::fs;

use attune_core::pin::AttemptLimits;
use attune_host_api::http::HttpLimits;
use serde_json::Value as Json;
use tests::guests;

use crate::bench::{Bench, attempt, result};

/// Set to write the sizes in docs/standard-actions.md instead of comparing them.
const UPDATE: &str = "UPDATE_DOCS";

/// How far a size may be from what the documents say: compilers differ.
const TOLERANCE: f64 = 0.15;

fn document(name: &str) -> String {
    fs::read_to_string(guests::root().join("docs").join(name)).unwrap()
}

/// Returns the fenced blocks of docs/actions.md in a language.
fn blocks(language: &str) -> Vec<String> {
    let text = document("actions.md");
    let mut found = Vec::new();
    let mut fences = text.split("\n```");
    fences.next();
    while let Some(block) = fences.next() {
        let (info, content) = block.split_once('\n').unwrap();
        if info == language {
            found.push(content.to_owned());
        }
        fences.next();
    }
    found
}

/// Uploads a guest with the manifest of the page that begins with the comment `# name.yaml`.
async fn accepted(
    bench: &Bench,
    name: &str,
    component: Vec<u8>,
) -> attune_driver::port::Inspection {
    let first = format!("# {name}.yaml\n");
    let all = blocks("yaml");
    let block = all.iter().find(|block| block.starts_with(&first)).unwrap();
    let manifest: Json = serde_yaml::from_str(block).unwrap();
    let uploaded = bench.upload(component, &manifest.to_string()).await;
    uploaded.unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[tokio::test]
async fn manifests_of_the_page_are_accepted() {
    let bench = Bench::new();
    let noop = fs::read(guests::standard("core.noop")).unwrap();
    let charge = accepted(&bench, "charge", noop).await;
    assert_eq!(charge.summary.as_deref(), Some("Charge a card"));
    assert!(!charge.pure);
    assert_eq!(charge.limits, AttemptLimits::default());

    let sums = accepted(&bench, "sums", guests::bytes("typed")).await;
    let finished = bench.run(attempt(&sums, r#"{"a":2,"b":3}"#)).await;
    assert_eq!(result(&finished), "5");

    let command = accepted(&bench, "command", guests::bytes("command")).await;
    let input = r#"{"name":"Ada","greeting":"hi","text":"seven b"}"#;
    let finished = bench.run(attempt(&command, input)).await;
    assert_eq!(result(&finished), r#"{"bytes":7,"arguments":2}"#);
    assert_eq!(blocks("yaml").len(), 3, "each example is tried here");
}

#[test]
fn limits_of_the_page_are_the_defaults() {
    let limits = AttemptLimits::default();
    let http = HttpLimits::default();
    let mib = |bytes: u64| bytes >> 20;
    let text = document("actions.md");
    for row in [
        format!("| `fuel` | {} |", limits.fuel),
        format!("| `timeout` | {}s |", limits.timeout_ms / 1000),
        format!("| `memory` | {}MiB |", mib(limits.memory_bytes)),
        format!("| `output` | {}MiB |", mib(limits.output_bytes)),
        format!("| `log` | {}KiB |", limits.log_bytes >> 10),
        format!("| `http_requests` | {} |", http.requests),
        format!(
            "| `http_request`, `http_response` | {}MiB, {}MiB |",
            mib(http.request_bytes),
            mib(http.response_bytes)
        ),
    ] {
        assert!(text.contains(&row), "docs/actions.md has no `{row}`");
    }
}

#[test]
fn examples_in_other_languages_are_parts_of_the_templates() {
    for (language, template) in [
        ("js", "action-js/src/action.js"),
        ("python", "action-python/app.py"),
        ("wit", "action-c/wit/world.wit"),
        ("c", "action-c/src/action.c"),
        ("go", "action-go/main.go"),
    ] {
        let source = guests::root().join("engine/templates").join(template);
        let source = fs::read_to_string(source).unwrap();
        let all = blocks(language);
        assert!(!all.is_empty(), "{language}");
        // Parts of a block that are not neighbours in the file stand apart in it.
        for part in all.iter().flat_map(|block| block.split("\n\n")) {
            assert!(
                source.contains(part.trim_end()),
                "not in {template}:\n{part}"
            );
        }
    }
}

/// A size as the documents write it: megabytes of two digits.
fn megabytes(bytes: usize) -> String {
    let size = bytes as f64 / 1e6;
    if size < 1.0 {
        format!("{size:.2} MB")
    } else {
        format!("{size:.1} MB")
    }
}

#[test]
fn sizes_of_standard_actions_are_those_of_the_page() {
    let text = document("standard-actions.md");
    let mut rows = Vec::new();
    let mut wrong = Vec::new();
    for line in text.lines() {
        let name = line
            .strip_prefix("| `")
            .and_then(|rest| rest.split_once('`'));
        let cells: Vec<&str> = line.split('|').collect();
        let Some((name, _)) = name.filter(|_| cells.len() == 6 && line.ends_with(" MB |")) else {
            rows.push(line.to_owned());
            continue;
        };
        let bytes = fs::read(guests::standard(name)).unwrap().len();
        let said: f64 = cells[4].trim().trim_end_matches(" MB").parse().unwrap();
        let size = bytes as f64 / 1e6;
        // The last digit that is written counts as well.
        if (size - said).abs() > (said * TOLERANCE).max(0.01) {
            wrong.push(format!("{name}: {said} MB, found {}", megabytes(bytes)));
        }
        let (row, _) = line.trim_end_matches(" |").rsplit_once("| ").unwrap();
        rows.push(format!("{row}| {} |", megabytes(bytes)));
    }
    if std::env::var_os(UPDATE).is_some() {
        let path = guests::root().join("docs/standard-actions.md");
        fs::write(path, rows.join("\n") + "\n").unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{wrong:#?}: {UPDATE}=1 writes them");
    let listed = rows.iter().filter(|row| row.ends_with(" MB |")).count();
    let actions = fs::read_dir(guests::root().join("actions")).unwrap();
    let is_crate = |path: std::path::PathBuf| path.join("Cargo.toml").is_file();
    let all = actions.filter(|entry| is_crate(entry.as_ref().unwrap().path()));
    assert_eq!(listed, all.count(), "the table lists each standard action");
}

#[test]
fn rust_examples_are_doctests() {
    let count = blocks("rust").len();
    assert!(count >= 4, "{count}");
    assert!(include_str!("../../src/lib.rs").contains("../../docs/actions.md"));
}
