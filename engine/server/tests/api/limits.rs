//! Bounds on what is under way, and what the server does when something of its own fails.

use attune_server::AuthMode;
use serde_json::json;

use crate::app::TestApp;
use crate::runs::SLOW;

#[tokio::test]
async fn too_many_runs_or_executes_are_refused_for_now() {
    for (runs, executes, expected) in [(0, 10, (429, "busy")), (10, 0, (503, "overloaded"))] {
        let app = TestApp::with(|config| {
            config.auth = AuthMode::None;
            config.limits.queued_runs = runs;
            config.limits.executes = executes;
        })
        .await;
        app.put("/api/v1/packs/demo/actions/slow")
            .wasm("slow")
            .send()
            .await
            .data();
        app.workflow(SLOW).await;
        let answer = app
            .post("/api/v1/workflows/demo.slow_one/execute")
            .json(json!({}))
            .send()
            .await;
        let (status, code) = answer.problem();
        assert_eq!((status, code.as_str()), expected);
        assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
    }
}

#[tokio::test]
async fn large_bodies_are_refused_before_and_while_they_come() {
    let app = TestApp::with(|config| {
        config.auth = AuthMode::None;
        config.limits.component_bytes = 1000;
        config.limits.json_bytes = 100;
    })
    .await;
    let path = "/api/v1/packs/demo/actions/a";
    let told = app
        .put(path)
        .header("content-length", "1001")
        .wasm("a")
        .problem()
        .await;
    assert_eq!(told, (413, "too_large".to_owned()));
    let untold = app
        .put(path)
        .body("application/wasm", "x".repeat(1001))
        .problem()
        .await;
    assert_eq!(untold, (413, "too_large".to_owned()));
    let json = app
        .put("/api/v1/packs/a/config")
        .json(json!({"a": "x".repeat(100)}));
    assert_eq!(json.problem().await, (413, "too_large".to_owned()));
}

#[tokio::test]
async fn a_failing_store_is_our_fault_and_not_told() {
    let app = TestApp::filled().await;
    app.store.fail(0);
    let answer = app.get("/api/v1/runs").send().await;
    assert_eq!(answer.problem(), (500, "internal".to_owned()));
    assert!(!answer.text().contains("store"), "{}", answer.text());
}
