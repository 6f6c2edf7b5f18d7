//! Versions: runs keep what they began with, references pin, and what is used stays.

use std::path::Path;

use attune_core::Digest;
use attune_driver::port::Artifacts as _;
use attune_store::Store;
use serde_json::{Value as Json, json};
use tests::server::Server;

use super::{API, get, number, post, run, start, upload};

/// Waits for a run's end.
async fn end(server: &Server, id: &Json) -> Json {
    get(server, &format!("/runs/{id}?wait=60s")).await
}

fn workflow(name: &str, action: &str, before: &str) -> String {
    format!(
        "ref: t.{name}\nlabel: V\nversion: 1.0.0\ntasks:\n{before}- {{name: call, action: '{action}'}}\n\
         output_map: {{v: '{{{{ task.call.result }}}}'}}\n"
    )
}

/// Starts a run without waiting for it, and returns its id.
async fn begin(server: &Server, name: &str) -> Json {
    let (status, run) = post(server, &format!("/workflows/t.{name}/execute"), &json!({})).await;
    assert_eq!(status, 202, "{run}");
    run["data"]["id"].clone()
}

#[tokio::test]
async fn runs_keep_the_version_they_began_with() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "").await;
    let first = upload(&server, "n", &number(1), "{}").await;
    assert_eq!(first["revision"], 1);
    let digest = first["digest"].as_str().unwrap().to_owned();
    let sleep = "- {name: wait, action: core.sleep, input: {seconds: 3}, on_success: call}\n";
    let slow = workflow("slow", "t.n", sleep);
    server.put_workflow("t.slow", &slow).await.unwrap();
    for (name, action) in [
        ("newest", "t.n".to_owned()),
        ("first", "t.n@1".to_owned()),
        ("exact", format!("t.n@{digest}")),
    ] {
        let source = workflow(name, &action, "");
        server
            .put_workflow(&format!("t.{name}"), &source)
            .await
            .unwrap();
    }
    let before = begin(&server, "slow").await;

    assert_eq!(upload(&server, "n", &number(2), "{}").await["revision"], 2);
    assert_eq!(upload(&server, "n", &number(2), "{}").await["revision"], 2);
    for (name, expected) in [("newest", 2), ("first", 1), ("exact", 1)] {
        let ended = run(&server, &format!("workflows/t.{name}"), json!({})).await;
        assert_eq!(ended["output"]["v"], expected, "{name}: {ended}");
    }
    let after = begin(&server, "slow").await;
    server.kill().await.unwrap();

    let server = start(dir.path(), "").await;
    assert_eq!(end(&server, &before).await["output"]["v"], 1);
    assert_eq!(end(&server, &after).await["output"]["v"], 2);
    let tasks = get(&server, &format!("/runs/{before}/tasks")).await;
    let all = tasks.as_array().unwrap();
    let call = all.iter().find(|task| task["name"] == "call").unwrap();
    assert_eq!(call["action"]["revision"], 1);
    assert_eq!(call["action"]["digest"], digest);
}

#[tokio::test]
async fn what_is_used_is_not_removed() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "").await;
    upload(&server, "n", &number(1), "{}").await;
    let sleep = "- {name: wait, action: core.sleep, input: {seconds: 2}, on_success: call}\n";
    let slow = workflow("slow", "t.n", sleep);
    server.put_workflow("t.slow", &slow).await.unwrap();
    let running = begin(&server, "slow").await;

    let path = format!("{API}/actions/t.n");
    let (status, refused) = server.ask("DELETE", &path, "", b"").await.unwrap();
    assert_eq!(
        (status, &refused["code"]),
        (409, &json!("in_use")),
        "{refused}"
    );
    assert!(refused.to_string().contains("t.slow"), "{refused}");
    let forced = format!("{path}?force=true");
    let (status, _) = server.ask("DELETE", &forced, "", b"").await.unwrap();
    assert_eq!(status, 204);

    // A run is pinned to the content, which stays for it.
    assert_eq!(end(&server, &running).await["output"]["v"], 1);
    let (status, refused) = post(&server, "/workflows/t.slow/execute", &json!({})).await;
    assert_eq!(status, 422, "{refused}");
    let (status, _) = server.ask("GET", &path, "", b"").await.unwrap();
    assert_eq!(status, 404);
    let next = upload(&server, "n", &number(3), "{}").await;
    assert_eq!(next["revision"], 2, "numbers are never used again");
}

/// Starts a server and stops it: what nothing needs is looked for at each start. Tells which of the
/// components are there then.
async fn kept(dir: &Path, config: &str, components: [u32; 4]) -> [bool; 4] {
    start(dir, config).await.terminate().await.unwrap();
    let store = Store::open(dir, attune_store::Options::default()).unwrap();
    let mut kept = [false; 4];
    for (kept, component) in kept.iter_mut().zip(components) {
        let digest = Digest::of(&number(component));
        *kept = store.blob(digest).await.unwrap().is_some();
    }
    store.close();
    kept
}

async fn remove(server: &Server, name: &str) {
    let path = format!("{API}/actions/t.{name}?force=true");
    let (status, refused) = server.ask("DELETE", &path, "", b"").await.unwrap();
    assert_eq!(status, 204, "{refused}");
}

#[tokio::test]
async fn components_that_nothing_needs_are_collected() {
    const SHORT: &str = "retention = \"1s\"\n";
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "").await;
    for (name, component) in [("n", 1), ("twin", 2), ("n", 3), ("other", 2), ("gone", 4)] {
        upload(&server, name, &number(component), "{}").await;
        if component != 3 {
            run(&server, &format!("actions/t.{name}"), json!({})).await;
        }
    }
    remove(&server, "twin").await;
    server.terminate().await.unwrap();
    let all = kept(dir.path(), "", [1, 2, 3, 4]).await;
    assert_eq!(all, [true; 4], "revisions name them");

    let server = start(dir.path(), "").await;
    for name in ["gone", "n", "other"] {
        remove(&server, name).await;
    }
    server.terminate().await.unwrap();
    let pinned = kept(dir.path(), "", [1, 2, 3, 4]).await;
    assert_eq!(pinned, [true, true, false, true], "runs are pinned to them");

    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    // The runs go first, then what they were pinned to.
    kept(dir.path(), SHORT, [1, 2, 3, 4]).await;
    let none = kept(dir.path(), SHORT, [1, 2, 3, 4]).await;
    assert_eq!(none, [false; 4]);
}
