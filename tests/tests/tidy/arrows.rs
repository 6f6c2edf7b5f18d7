//! Rules between crates: who may know whom, and which crate owns a library.

use std::collections::BTreeMap;
use std::path::Path;

use super::source::{files, read, report};

/// Who may depend on which of our own crates.
const ARROWS: &[(&str, &[&str])] = &[
    ("attune-core", &[]),
    ("attune-driver", &["attune-core"]),
    ("attune-store", &["attune-core", "attune-driver"]),
    ("attune-host-api", &["attune-core", "attune-driver"]),
    (
        "attune-runtime",
        &["attune-core", "attune-driver", "attune-host-api"],
    ),
    ("attune-server", &["attune-core", "attune-driver"]),
    (
        "attune",
        &[
            "attune-core",
            "attune-driver",
            "attune-host-api",
            "attune-runtime",
            "attune-server",
            "attune-store",
        ],
    ),
    ("attune-sdk", &["attune-sdk-macros"]),
    ("attune-sdk-macros", &[]),
];

/// Which crates alone may name a library.
const OWNERS: &[(&str, &[&str])] = &[
    ("axum", &["attune-server"]),
    ("clap", &["attune"]),
    ("minijinja", &["attune-core"]),
    ("redb", &["attune-store"]),
    ("wasmtime", &["attune-runtime", "attune-host-api"]),
    ("wasmtime-wasi", &["attune-runtime", "attune-host-api"]),
    ("wasmtime-wasi-http", &["attune-runtime", "attune-host-api"]),
];

/// Returns each crate's dependencies, those for tests left out.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let manifests = files("toml")
        .into_iter()
        .filter(|path| path.ends_with("Cargo.toml"));
    manifests.filter_map(|path| parse(&path)).collect()
}

fn parse(path: &Path) -> Option<(String, Vec<String>)> {
    let text = read(path);
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("name = "))?
        .trim_matches('"');
    let mut in_dependencies = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with('[') {
            in_dependencies = line == "[dependencies]" || line.ends_with(".dependencies]");
        } else if let Some((dependency, _)) =
            line.split_once(['=', '.']).filter(|_| in_dependencies)
        {
            found.push(dependency.trim().to_owned());
        }
    }
    Some((name.to_owned(), found))
}

#[test]
fn arrows_point_inward() {
    let all = dependencies();
    let mut broken = Vec::new();
    for (name, allowed) in ARROWS {
        let found = all
            .get(*name)
            .unwrap_or_else(|| panic!("there is no crate `{name}`"));
        for dependency in found
            .iter()
            .filter(|dependency| dependency.starts_with("attune"))
        {
            if !allowed.contains(&dependency.as_str()) {
                broken.push(format!("{name} -> {dependency}"));
            }
        }
    }
    report("these dependencies point outward", &broken);
}

#[test]
fn a_library_is_named_by_its_owner_alone() {
    let mut broken = Vec::new();
    for (name, found) in dependencies() {
        for (library, owners) in OWNERS {
            let is_named = found.iter().any(|dependency| dependency == library);
            // Guests are workspaces of their own: an action may render templates itself.
            let is_ours = name.starts_with("attune") || name == "tests";
            if is_named && is_ours && !owners.contains(&name.as_str()) {
                broken.push(format!("{name} names {library}"));
            }
        }
    }
    report("only the owner may name these libraries", &broken);
}

#[test]
fn the_core_is_pure() {
    let impure = [
        "async fn",
        ".await;",
        ".await?",
        "std::fs",
        "std::net",
        "std::thread",
        "std::env",
    ];
    let mut found = Vec::new();
    for path in files("rs")
        .iter()
        .filter(|path| path.starts_with("engine/core/src"))
    {
        // Tests may use the world to look at the core.
        if path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        for (number, line) in read(path).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if impure.iter().any(|word| code.contains(word)) {
                found.push(format!(
                    "{}:{}: {}",
                    path.display(),
                    number + 1,
                    line.trim()
                ));
            }
        }
    }
    report("the core neither waits nor reads the world", &found);
}
