//! What compiled actions import and export: the list of imports is the list of permissions.

use std::fs;

use tests::component::outside;
use tests::guests;

/// The imports of our own, without WASI's.
fn own_imports(bytes: &[u8]) -> Vec<String> {
    let mut imports = outside(bytes).imports;
    imports.retain(|name| !name.starts_with("wasi:"));
    imports
}

fn check_imports(guest: &str, expected: &[&str]) {
    assert_eq!(own_imports(&guests::bytes(guest)), expected, "{guest}");
}

#[test]
fn standard_actions_import_what_they_are_for_and_wasi() {
    let expected = [
        "attune:action/describe@1.0.0",
        "attune:action/handler@1.0.0",
    ];
    let references = fs::read_dir(guests::root().join("actions"))
        .unwrap()
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let name = path
                .file_name()
                .unwrap()
                .to_string_lossy()
                .replacen('-', ".", 1);
            path.join("Cargo.toml").is_file().then_some(name)
        });
    for reference in references {
        let bytes = fs::read(guests::standard(&reference)).unwrap();
        assert_eq!(outside(&bytes).exports, expected, "{reference}");
        let own = match &*reference {
            "code.js" => vec!["attune:action/log@1.0.0"],
            "http.request" => vec!["attune:action/context@1.0.0"],
            "kv.get" | "kv.set" => vec!["attune:action/kv@1.0.0"],
            _ => Vec::new(),
        };
        assert_eq!(own_imports(&bytes), own, "{reference}");
    }
}

#[test]
fn the_smallest_action_reaches_no_file_network_or_clock() {
    let imports = outside(&fs::read(guests::standard("core.noop")).unwrap()).imports;
    let reaching = [
        "wasi:filesystem",
        "wasi:sockets",
        "wasi:http",
        "wasi:clocks",
    ];
    for name in &imports {
        assert!(
            !reaching.iter().any(|package| name.starts_with(package)),
            "{name}"
        );
    }
}

#[test]
fn guests_import_what_they_call_and_no_more() {
    check_imports("spin", &[]);
    check_imports("log", &["attune:action/log@1.0.0"]);
    check_imports("about", &["attune:action/context@1.0.0"]);
    check_imports("counter", &["attune:action/kv@1.0.0"]);
    check_imports(
        "unknown-import",
        &["acme:shop/stock@1.0.0", "acme:shop/prices@1.0.0"],
    );
}

#[test]
fn guests_of_other_kinds_export_what_they_are_for() {
    let exports = |guest| outside(&guests::bytes(guest)).exports;
    assert_eq!(exports("typed"), ["sample:typed/sums@1.2.0"]);
    assert_eq!(exports("typed-one"), ["greet"]);
    assert_eq!(exports("two-exports"), ["double", "triple"]);
    assert_eq!(exports("command"), ["wasi:cli/run@0.2.0"]);
}

#[test]
fn every_guest_is_built() {
    let guests_root = guests::root().join("tests/guests");
    for entry in fs::read_dir(guests_root).unwrap() {
        let entry = entry.unwrap();
        if entry.path().join("Cargo.toml").is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert!(!outside(&guests::bytes(&name)).exports.is_empty(), "{name}");
        }
    }
    assert!(guests::bytes("core-module").starts_with(b"\0asm\x01\0\0\0"));
}

#[test]
fn cargo_component_makes_the_same_exports() {
    let Some(path) = guests::by_cargo_component("counter") else {
        return;
    };
    let by_cargo_component = fs::read(path).unwrap();
    let by_cargo = guests::bytes("counter");
    assert_eq!(
        outside(&by_cargo_component).exports,
        outside(&by_cargo).exports
    );
    assert_eq!(own_imports(&by_cargo_component), own_imports(&by_cargo));
}
