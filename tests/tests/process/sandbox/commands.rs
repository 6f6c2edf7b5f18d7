//! The command line around actions, with a real component: from its upload to its removal.

use std::fs;

use serde_json::json;
use tests::guests;
use tests::server::Server;

use super::{attune, post, start, tried};

const MANIFEST: &str = "label: Does as told
grants: {kv: write, config: true, secrets: {pay: {hosts: [a.test], reveal: true}}}
";

/// Checks that all of the words are in a text.
fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no `{word}` in: {text}");
    }
}

#[tokio::test]
async fn action_goes_from_upload_to_removal_by_commands() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "").await;
    let component = guests::bytes("store");
    fs::write(dir.path().join("store.wasm"), &component).unwrap();
    fs::write(dir.path().join("store.yaml"), MANIFEST).unwrap();

    let inspected = attune(&server, &["action", "inspect", "store.wasm"]);
    let imports = ["attune:action/kv@1.0.0", "attune:action/secrets@1.0.0"];
    says(&inspected, &imports);
    says(
        &inspected,
        &["pending_approval", "+ kv: write", "+ secrets.pay: "],
    );
    let push = ["action", "push", "store.wasm", "--as", "t.store"];
    let looked = attune(&server, &[&push[..], &["--dry-run"]].concat());
    says(&looked, &["t.store", "pending_approval", "+ secrets.pay: "]);
    assert_eq!(
        tried(&server, &["action", "show", "t.store"]).0,
        3,
        "not kept"
    );
    let pushed = attune(&server, &push);
    says(&pushed, &["attune action approve t.store@1"]);
    let (code, refused) = tried(&server, &["action", "run", "t.store", "call=config"]);
    assert_eq!(code, 1);
    says(&refused, &["waits for an admin's approval"]);
    let approved = attune(&server, &["action", "approve", "t.store@1"]);
    says(&approved, &["revision 1 is active"]);

    pack_data(&server);

    fs::write(dir.path().join("store.yaml"), "grants: {kv: read}\n").unwrap();
    let narrower = attune(&server, &push);
    says(
        &narrower,
        &[
            "revision 2",
            "active",
            "compared with revision 1",
            "- config: true",
        ],
    );
    let (code, denied) = tried(&server, &["action", "run", "t.store", "call=config"]);
    assert_eq!(code, 1);
    says(&denied, &["config: true", "denied"]);
    let versions = attune(&server, &["action", "versions", "t.store"]);
    assert_eq!(versions.lines().count(), 3, "a head and two: {versions}");
    let first = attune(&server, &["action", "show", "t.store@1"]);
    says(&first, &["revision 1", "pay"]);
    attune(
        &server,
        &["action", "download", "t.store", "--to", "again.wasm"],
    );
    assert_eq!(fs::read(dir.path().join("again.wasm")).unwrap(), component);

    let source = "ref: t.w\nlabel: W\nversion: 1.0.0\n\
        tasks: [{name: a, action: t.store, input: {call: get, key: a}}]\n";
    server.put_workflow("t.w", source).await.unwrap();
    let (code, used) = tried(&server, &["action", "remove", "t.store"]);
    assert_eq!(code, 1);
    says(&used, &["t.w"]);
    attune(&server, &["action", "remove", "t.store", "--force"]);
    assert_eq!(tried(&server, &["action", "show", "t.store"]).0, 3);
    let (status, _) = post(&server, "/actions/t.store/approve", &json!({})).await;
    assert_eq!(status, 404);
}

/// What commands write into a pack its action reads, and the reverse.
fn pack_data(server: &Server) {
    let run = |words: &[&str]| attune(server, &[&["action", "run", "t.store"], words].concat());
    attune(server, &["pack", "config", "t", "region=eu"]);
    says(&run(&["call=config", "key=region"]), &["eu\n"]);
    attune(server, &["kv", "set", "t", "a", "[1, 2]", "--json"]);
    let read = run(&["call=get", "key=a"]);
    assert!(
        read.split_whitespace()
            .collect::<String>()
            .contains("[1,2]"),
        "{read}"
    );
    run(&["call=set", "key=b", "value:={\"n\": 1}"]);
    says(&attune(server, &["kv", "get", "t", "b"]), &["\"n\": 1"]);
    fs::write(server.data_dir().join("secret"), "hunter22-and-more\n").unwrap();
    attune(server, &["secret", "set", "t", "pay", "--from", "secret"]);
    let shown = run(&["call=reveal", "name=pay"]);
    says(&shown, &["[secret]"]);
    assert!(!shown.contains("hunter22"), "{shown}");
}

#[tokio::test]
async fn limit_of_the_configuration_is_named_to_who_exceeds_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "[limits]\ncomponent_bytes = 100000\n").await;
    let shown = attune(&server, &["config", "--config", "attune.toml"]);
    says(&shown, &["limits.component_bytes", "100000", "attune.toml"]);
    let mut large = b"\0asm".to_vec();
    large.resize(16 << 20, 0);
    fs::write(dir.path().join("large.wasm"), large).unwrap();
    let (code, refused) = tried(
        &server,
        &["action", "push", "large.wasm", "--as", "t.large"],
    );
    assert_eq!(code, 1, "{refused}");
    says(&refused, &["`component_bytes`: ", "100000 bytes"]);
}
