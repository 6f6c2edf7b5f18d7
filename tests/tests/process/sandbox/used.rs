//! What attempts use: exact, the same in API and command line, and bounded for a run as a whole.

use serde_json::{Value as Json, json};
use tests::guests;
use tests::server::Server;

use super::{attune, get, post, run, start, upload};

const THREE: &str = "ref: t.three\nlabel: Three\nversion: 1.0.0\ntasks:\n\
    - {name: a, action: t.primes, input: {n: 2000}, on_success: b}\n\
    - {name: b, action: t.primes, input: {n: 2000}, on_success: c}\n\
    - {name: c, action: t.primes, input: {n: 2000}}\n";

/// Runs the three tasks with a budget of fuel.
async fn within(server: &Server, fuel: u64) -> Json {
    let body = json!({ "limits": { "fuel": fuel } });
    let (_, answer) = post(server, "/workflows/t.three/execute?wait=60s", &body).await;
    answer["data"].clone()
}

#[tokio::test]
async fn usage_is_exact_and_a_run_keeps_to_its_fuel() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "").await;
    upload(&server, "primes", &guests::bytes("primes"), "{}").await;
    server.put_workflow("t.three", THREE).await.unwrap();

    let free = run(&server, "workflows/t.three", json!({})).await;
    let tasks = get(&server, &format!("/runs/{}/tasks", free["id"])).await;
    let one = tasks[0]["usage"]["fuel"].as_u64().unwrap();
    assert!(one > 10_000, "{tasks}");
    for task in tasks.as_array().unwrap() {
        let usage = &task["usage"];
        assert_eq!(usage["fuel"], one, "the same work costs the same");
        assert_eq!(usage["input_bytes"], r#"{"n":2000}"#.len(), "{usage}");
        assert_eq!(usage["output_bytes"], "303".len(), "{usage}");
        assert_eq!(usage["attempts"], 1);
        assert!(usage["peak_memory_bytes"].as_u64().unwrap() >= 1 << 16);
    }
    assert_eq!(free["usage"]["fuel"], 3 * one);
    let id = free["id"].to_string();
    let shown = attune(&server, &["run", "show", &id]);
    assert!(shown.contains(&format!("{} fuel", 3 * one)), "{shown}");
    let listed = attune(&server, &["run", "tasks", &id]);
    assert_eq!(listed.matches(&one.to_string()).count(), 3, "{listed}");

    // What one task did not use of its share is there for the next.
    let enough = within(&server, 3 * one + one / 2).await;
    assert_eq!(enough["status"], "completed", "{enough}");
    assert_eq!(enough["usage"]["fuel"], 3 * one);
    let scarce = 2 * one + one / 2;
    let short = within(&server, scarce).await;
    assert_eq!(short["status"], "failed", "{short}");
    assert_eq!(short["error"]["type"], "fuel_exhausted", "{short}");
    let used = short["usage"]["fuel"].as_u64().unwrap();
    assert!((2 * one..=scarce).contains(&used), "{used} of {scarce}");
}

#[tokio::test]
async fn what_was_seen_is_seen_again_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "").await;
    let observe = upload(&server, "observe", &guests::bytes("observe"), "{}").await;
    assert_eq!(
        (&observe["pure"], &observe["cacheable"]),
        (&json!(true), &json!(true))
    );
    let before = run(&server, "actions/t.observe", json!({})).await;
    server.terminate().await.unwrap();

    let server = start(dir.path(), "").await;
    let after = run(&server, "actions/t.observe", json!({})).await;
    assert_eq!(
        after["output"], before["output"],
        "clocks and randomness too"
    );
    let (status, audit) = post(
        &server,
        &format!("/runs/{}/audit", before["id"]),
        &json!({}),
    )
    .await;
    assert_eq!(status, 200, "{audit}");
    assert_eq!(audit["data"]["tasks"][0]["verdict"], "same", "{audit}");
    let told = attune(&server, &["run", "audit", &before["id"].to_string()]);
    assert!(told.contains("same"), "{told}");
}

#[tokio::test]
async fn kept_results_are_used_again_until_a_restart() {
    let source = "ref: t.kept\nlabel: Kept\nversion: 1.0.0\ntasks:\n\
        - {name: a, action: t.primes, input: {n: 500}, cache: 1h}\n\
        output_map: {v: '{{ task.a.result }}'}\n";
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "").await;
    upload(&server, "primes", &guests::bytes("primes"), "{}").await;
    server.put_workflow("t.kept", source).await.unwrap();
    let used = async |server: &Server| {
        let ended = run(server, "workflows/t.kept", json!({})).await;
        assert_eq!(ended["output"]["v"], 95, "{ended}");
        ended["usage"]["fuel"].as_u64().unwrap()
    };
    let first = used(&server).await;
    assert!(first > 0);
    assert_eq!(used(&server).await, 0, "nothing was executed");
    server.terminate().await.unwrap();
    let server = start(dir.path(), "").await;
    assert_eq!(used(&server).await, first, "they are kept in memory alone");
}
