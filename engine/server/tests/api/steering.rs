//! Runs run again, forked, and steered many at once.

use axum::http::StatusCode;
use serde_json::{Value as Json, json};

use crate::app::TestApp;
use crate::runs::SLOW;

/// A chain whose middle fails unless it is told otherwise.
const CHAIN: &str = "ref: demo.chain
label: Chain
version: 1.0.0
parameters:
  name: {type: string, default: Ada}
  key: {type: string, secret: true, default: s3cret}
vars: {seen: none}
tasks:
  - {name: first, action: demo.echo, input: {of: '{{ parameters.name }}'}, publish: {seen: '{{ result().of }}'}, on_success: second}
  - {name: second, action: demo.fail, on_success: third}
  - {name: third, action: demo.echo, input: {last: '{{ vars.seen }}'}}
output_map: {seen: '{{ vars.seen }}', last: '{{ task.third.result.last }}'}
";

async fn failed_chain() -> TestApp {
    let app = TestApp::filled().await;
    app.workflow(CHAIN).await;
    let path = "/api/v1/workflows/demo.chain/execute?wait=10s";
    let run = app.post(path).json(json!({})).send().await.data();
    assert_eq!(run["status"], "failed", "{run}");
    app
}

#[tokio::test]
async fn a_rerun_is_previewed_and_happens_once_for_a_key() {
    let app = failed_chain().await;
    let retry = |body: Json, key: &str| {
        let call = app.post("/api/v1/runs/1/retry").json(body);
        if key.is_empty() {
            call
        } else {
            call.header("idempotency-key", key)
        }
    };
    let told = retry(json!({"preview": true}), "").send().await;
    assert_eq!(told.status, StatusCode::OK);
    assert_eq!(told.data(), json!({"again": ["second"], "kept": ["first"]}));
    let named = json!({"preview": true, "tasks": [{"name": "first"}]});
    let told = retry(named, "").send().await.data();
    assert_eq!(told, json!({"again": ["first", "second"], "kept": []}));
    let unknown = json!({"preview": true, "tasks": [{"name": "third"}]});
    assert_eq!(
        retry(unknown, "").problem().await,
        (409, "rerun_not_run".to_owned())
    );
    let first = retry(json!({}), "k").send().await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.text());
    let ended = app.get("/api/v1/runs/1?wait=10s").send().await.data();
    assert_eq!(ended["counts"]["total"], 3);
    // The same request once more: nothing runs again.
    let again = retry(json!({}), "k").send().await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    let after = app.get("/api/v1/runs/1?wait=10s").send().await.data();
    assert_eq!(after["counts"]["total"], 3);
    let other = json!({"tasks": [{"name": "first"}]});
    assert_eq!(
        retry(other, "k").problem().await,
        (409, "idempotency_key_reused".to_owned())
    );
}

#[tokio::test]
async fn a_fork_goes_on_from_a_task_with_what_is_edited() {
    let app = failed_chain().await;
    let fork = |body: Json| app.post("/api/v1/runs/1/fork").json(body);
    let told = fork(json!({"preview": true})).send().await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text());
    assert_eq!(told.data(), json!({"again": ["second"], "kept": ["first"]}));
    let mended = CHAIN.replace("demo.fail", "demo.echo");
    app.workflow(&mended).await;
    let body = json!({"definition": "newest", "vars": {"seen": "edited"}});
    let made = fork(body).send().await;
    assert_eq!(made.status, StatusCode::ACCEPTED, "{}", made.text());
    assert_eq!(made.header("location"), "/api/v1/runs/2");
    let run = app.get("/api/v1/runs/2?wait=10s").send().await.data();
    assert_eq!(run["status"], "completed", "{run}");
    assert_eq!(run["triggered_by"], "fork:1");
    assert_eq!(run["revision"], 2);
    assert_eq!(run["output"], json!({"seen": "edited", "last": "edited"}));
    let body = json!({"task": "first", "definition": "newest", "parameters": {"name": "Bob"}});
    fork(body).send().await.data();
    let run = app.get("/api/v1/runs/3?wait=10s").send().await.data();
    assert_eq!(run["output"]["last"], "Bob", "{run}");
    assert_eq!(run["parameters"], json!({"name": "Bob", "key": "[secret]"}));
    // With the old definition it fails again.
    fork(json!({})).send().await.data();
    let run = app.get("/api/v1/runs/4?wait=10s").send().await.data();
    assert_eq!(
        (&run["status"], &run["revision"]),
        (&json!("failed"), &json!(1))
    );
    for (body, problem) in [
        (json!({"task": "third"}), (409, "rerun_not_run")),
        (json!({"task": "nobody"}), (409, "rerun_not_run")),
        (json!({"definition": "oldest"}), (422, "invalid_request")),
        (
            json!({"parameters": {"nam": 1}}),
            (422, "invalid_parameters"),
        ),
    ] {
        let shown = body.to_string();
        let (status, code) = fork(body).problem().await;
        assert_eq!((status, code.as_str()), problem, "{shown}");
    }
    let whole = app.post("/api/v1/runs/2/fork").json(json!({}));
    assert_eq!(whole.problem().await, (422, "invalid_request".to_owned()));
    let none = app.post("/api/v1/runs/99/fork").json(json!({}));
    assert_eq!(none.problem().await.0, 404);
}

#[tokio::test]
async fn a_fork_happens_once_for_a_key_and_not_of_a_disabled_workflow() {
    let app = failed_chain().await;
    let fork = |body: Json| {
        let call = app.post("/api/v1/runs/1/fork").json(body);
        call.header("idempotency-key", "k")
    };
    let first = fork(json!({})).send().await.data();
    let again = fork(json!({})).send().await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.data()["id"], first["id"]);
    let other = fork(json!({"task": "first"})).problem().await;
    assert_eq!(other, (409, "idempotency_key_reused".to_owned()));
    app.post("/api/v1/workflows/demo.chain/disable")
        .send()
        .await
        .data();
    let disabled = app.post("/api/v1/runs/1/fork").json(json!({}));
    assert_eq!(
        disabled.problem().await,
        (409, "workflow_disabled".to_owned())
    );
}

#[tokio::test]
async fn many_runs_are_counted_cancelled_and_run_again() {
    let app = failed_chain().await;
    app.workflow(SLOW).await;
    for team in ["a", "a", "b"] {
        let body = json!({"labels": {"team": team}});
        let path = "/api/v1/workflows/demo.slow_one/execute";
        app.post(path).json(body).send().await.data();
    }
    let counted = app
        .post("/api/v1/runs/cancel?label=team:a&dry_run=true")
        .send()
        .await
        .data();
    assert_eq!(
        counted,
        json!({"dry_run": true, "count": 2, "runs": [], "refused": [], "next": null})
    );
    let body = json!({"label": ["team:a"], "mode": "cancel_running"});
    let told = app
        .post("/api/v1/runs/cancel")
        .json(body)
        .send()
        .await
        .data();
    assert_eq!(told["runs"], json!([3, 2]), "{told}");
    for id in [2, 3] {
        let path = format!("/api/v1/runs/{id}?wait=10s");
        let run = app.get(&path).send().await.data();
        assert_eq!(run["status"], "cancelled", "{run}");
    }
    let left = app.get("/api/v1/runs/4").send().await.data();
    assert_eq!(left["status"], "running");
    // What has ended is not cancelled, what has not is not run again.
    let none = json!({"status": ["failed"]});
    let told = app
        .post("/api/v1/runs/cancel")
        .json(none)
        .send()
        .await
        .data();
    assert_eq!(told["count"], 0);
    let told = app
        .post("/api/v1/runs/retry")
        .json(json!({}))
        .send()
        .await
        .data();
    assert_eq!((&told["count"], &told["runs"]), (&json!(3), &json!([1])));
    assert_eq!(told["refused"][0]["run"], 3);
    let run = app.get("/api/v1/runs/1?wait=10s").send().await.data();
    assert_eq!(run["counts"]["total"], 3);
    let wrong = app.post("/api/v1/runs/retry?status=odd").problem().await;
    assert_eq!(wrong, (400, "invalid_query".to_owned()));
}

#[tokio::test]
async fn what_cacheable_actions_did_is_executed_again_and_compared() {
    let app = TestApp::filled().await;
    app.workflow(
        "ref: demo.mixed\nlabel: Mixed\nversion: 1.0.0\ntasks:\n\
         - {name: steady, action: demo.greet, input: {name: Ada}, on_success: drifting}\n\
         - {name: drifting, action: demo.drift, on_success: other}\n\
         - {name: other, action: demo.echo}\n",
    )
    .await;
    let path = "/api/v1/workflows/demo.mixed/execute?wait=10s";
    app.post(path).json(json!({})).send().await.data();
    let told = app.post("/api/v1/runs/1/audit").send().await.data();
    let seen: Vec<_> = told["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| (task["name"].as_str(), task["verdict"].as_str()))
        .collect();
    let expected = [
        (Some("steady"), Some("same")),
        (Some("drifting"), Some("different")),
        (Some("other"), Some("skipped")),
    ];
    assert_eq!(seen, expected, "{told}");
    assert_eq!(told["tasks"][2]["reason"], "not_cacheable");
    assert_ne!(told["tasks"][1]["recorded"], told["tasks"][1]["found"]);
    let part = app.post("/api/v1/runs/1/audit?limit=1").send().await.data();
    let next = part["next"].as_str().unwrap();
    let path = format!("/api/v1/runs/1/audit?after={next}&limit=5");
    let rest = app.post(&path).send().await.data();
    assert_eq!(rest["tasks"].as_array().unwrap().len(), 2);
    assert_eq!(app.post("/api/v1/runs/9/audit").problem().await.0, 404);
    // Nothing of it became a part of the run.
    let run = app.get("/api/v1/runs/1").send().await.data();
    assert_eq!(run["counts"]["total"], 3);
}

#[tokio::test]
async fn the_source_of_a_run_stays_when_the_workflow_goes() {
    let app = failed_chain().await;
    app.delete("/api/v1/workflows/demo.chain").send().await;
    let source = app.get("/api/v1/runs/1/source").send().await;
    assert_eq!(source.header("content-type"), "application/yaml");
    assert_eq!(source.text(), CHAIN);
    assert_eq!(app.get("/api/v1/runs/9/source").problem().await.0, 404);
}
