//! Starting runs, waiting for them, listing and steering them.

use axum::http::StatusCode;
use serde_json::{Value as Json, json};

use crate::app::TestApp;

const EXECUTE: &str = "/api/v1/workflows/demo.hello/execute";

/// Replaces what differs from run to run.
fn settle(value: &mut Json) {
    match value {
        Json::Array(items) => items.iter_mut().for_each(settle),
        Json::Object(map) => {
            for (key, item) in map {
                match key.as_str() {
                    "created" | "updated" | "started_at" | "completed_at" | "at" => {
                        assert!(item.as_str().is_some_and(|at| at.ends_with('Z')), "{item}");
                        *item = "[time]".into();
                    }
                    "duration_ms" | "digest" => *item = format!("[{key}]").into(),
                    _ => settle(item),
                }
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

#[tokio::test]
async fn a_run_that_is_waited_for_is_answered_whole() {
    let app = TestApp::filled().await;
    let body = json!({"parameters": {"name": "Ada", "key": "s3cret"}, "labels": {"team": "a"}});
    let answer = app
        .post(&format!("{EXECUTE}?wait=10s"))
        .json(body)
        .send()
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("location"), "/api/v1/runs/1");
    assert!(!answer.text().contains("s3cret"), "{}", answer.text());
    let mut run = answer.data();
    settle(&mut run);
    insta::assert_json_snapshot!(run);
    let mut read = app.get("/api/v1/runs/1").send().await.data();
    settle(&mut read);
    assert_eq!(read, run);
}

#[tokio::test]
async fn a_run_that_is_not_waited_for_is_accepted_and_can_be_waited_for_later() {
    let app = TestApp::filled().await;
    let body = json!({"parameters": {"name": "Ada"}});
    let answer = app.post(EXECUTE).json(body).send().await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let location = answer.header("location").to_owned();
    assert_eq!(answer.data()["id"], 1);
    let run = app.get(&format!("{location}?wait=10s")).send().await.data();
    assert_eq!(run["status"], "completed");
    assert_eq!(run["output"], json!({"greeting": "Hello, Ada!"}));
}

#[tokio::test]
async fn parameters_that_do_not_fit_are_named_with_their_place() {
    let app = TestApp::filled().await;
    let body = json!({"parameters": {"name": 7, "nam": 1}});
    let answer = app.post(EXECUTE).json(body).send().await;
    assert_eq!(answer.problem(), (422, "invalid_parameters".to_owned()));
    insta::assert_json_snapshot!(answer.json()["errors"], @r#"
    [
      {
        "pointer": "/parameters/nam",
        "message": "parameter `nam` is unknown",
        "fix": "did you mean `name`?"
      },
      {
        "pointer": "/parameters/name",
        "message": "parameter `name` must be string, not integer"
      }
    ]
    "#);
}

#[tokio::test]
async fn bodies_of_execute_are_checked() {
    let app = TestApp::filled().await;
    for (body, code) in [
        (
            json!({"parameters": {"name": "x"}, "revision": "1"}),
            (422, "invalid_request"),
        ),
        (
            json!({"parameters": {"name": "x"}, "color": 1}),
            (422, "invalid_request"),
        ),
        (
            json!({"parameters": {"name": "x"}, "labels": {"A": "x"}}),
            (422, "invalid_request"),
        ),
        (
            json!({"parameters": {"name": "x"}, "start_at": "soon"}),
            (422, "invalid_request"),
        ),
        (
            json!({"parameters": {"name": "x"}, "revision": 9}),
            (404, "not_found"),
        ),
        (json!({"parameters": []}), (422, "invalid_parameters")),
    ] {
        let shown = body.to_string();
        let (status, found) = app.post(EXECUTE).json(body).problem().await;
        assert_eq!((status, found.as_str()), code, "{shown}");
    }
    let deep = format!(
        "{{\"parameters\": {{\"name\": {}{}}}}}",
        "[".repeat(70),
        "]".repeat(70)
    );
    let call = app.post(EXECUTE).body("application/json", deep);
    assert_eq!(call.problem().await.0, 422);
    let call = app
        .post(EXECUTE)
        .body("application/json", "{\"parameters\"");
    assert_eq!(call.problem().await, (400, "invalid_json".to_owned()));
    let call = app
        .post(EXECUTE)
        .body("application/json", vec![b'"', 0xff, b'"']);
    assert_eq!(call.problem().await, (400, "invalid_json".to_owned()));
    let call = app
        .post(EXECUTE)
        .body("application/x-www-form-urlencoded", "a=1");
    assert_eq!(
        call.problem().await,
        (415, "unsupported_media_type".to_owned())
    );
    let call = app.post(&format!("{EXECUTE}?wait=soon")).json(json!({}));
    assert_eq!(call.problem().await, (400, "invalid_query".to_owned()));
}

#[tokio::test]
async fn an_idempotency_key_starts_one_run() {
    let app = TestApp::filled().await;
    let ask = |name: &str, key: &str| {
        let body = json!({"labels": {"b": "1", "a": "2"}, "parameters": {"name": name}});
        app.post(EXECUTE).json(body).header("idempotency-key", key)
    };
    let first = ask("Ada", "k1").send().await;
    assert_eq!(first.header("idempotent-replayed"), "");
    let again = ask("Ada", "k1").send().await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.data()["id"], first.data()["id"]);
    let other = ask("Ada", "k2").send().await;
    assert_ne!(other.data()["id"], first.data()["id"]);
    let reused = ask("Bob", "k1").problem().await;
    assert_eq!(reused, (409, "idempotency_key_reused".to_owned()));
    assert_eq!(
        ask("Ada", "").problem().await,
        (400, "invalid_header".to_owned())
    );
}

#[tokio::test]
async fn a_single_action_is_a_run_of_one_task() {
    let app = TestApp::filled().await;
    let path = "/api/v1/actions/demo.echo/execute?wait=10s";
    let body = json!({"parameters": {"any": [1, "{{ x }}"]}});
    for _ in 0..2 {
        let run = app.post(path).json(body.clone()).send().await.data();
        assert_eq!(run["status"], "completed", "{run}");
        assert_eq!(run["output"], body["parameters"]);
        assert_eq!(run["workflow"], "demo.echo");
        assert_eq!(run["counts"]["total"], 1);
    }
    let wrong = json!({"parameters": {"name": 1}});
    let call = app.post("/api/v1/actions/demo.greet/execute").json(wrong);
    assert_eq!(call.problem().await, (422, "invalid_parameters".to_owned()));
    let call = app
        .post("/api/v1/actions/demo.nobody/execute")
        .json(json!({}));
    assert_eq!(call.problem().await, (404, "not_found".to_owned()));
}

#[tokio::test]
async fn lists_filter_and_page() {
    let app = TestApp::filled().await;
    for number in 0..5 {
        let label = if number % 2 == 0 { "even" } else { "odd" };
        let body = json!({"parameters": {"name": "x"}, "labels": {"kind": label}});
        app.post(&format!("{EXECUTE}?wait=10s"))
            .json(body)
            .send()
            .await
            .data();
    }
    let ids = |list: &Json| -> Vec<u64> {
        let rows = list["data"].as_array().unwrap().iter();
        rows.map(|row| row["id"].as_u64().unwrap()).collect()
    };
    let list = app.get("/api/v1/runs?limit=2").send().await.json();
    assert_eq!(ids(&list), [5, 4]);
    assert!(list["data"][0].get("output").is_none());
    let next = list["next"].as_str().unwrap();
    let list = app
        .get(&format!("/api/v1/runs?limit=3&after={next}"))
        .send()
        .await
        .json();
    assert_eq!(ids(&list), [3, 2, 1]);
    for (filter, expected) in [
        ("label=kind:even", vec![5, 3, 1]),
        ("status=failed&status=completed", vec![5, 4, 3, 2, 1]),
        ("status=failed", vec![]),
        ("workflow=demo.other", vec![]),
        ("since=2999-01-01T00:00:00Z", vec![]),
        ("until=1999-01-01T00:00:00%2B01:00", vec![]),
        ("search=HELLO", vec![5, 4, 3, 2, 1]),
    ] {
        let list = app
            .get(&format!("/api/v1/runs?{filter}"))
            .send()
            .await
            .json();
        assert_eq!(ids(&list), expected, "{filter}");
    }
    for wrong in [
        "status=sleeping",
        "label=x",
        "limit=0",
        "limit=501",
        "since=now",
        "after=x",
        "a=1",
    ] {
        let problem = app.get(&format!("/api/v1/runs?{wrong}")).problem().await;
        assert_eq!(problem, (400, "invalid_query".to_owned()), "{wrong}");
    }
}

#[tokio::test]
async fn a_run_is_paused_resumed_cancelled_and_not_after_its_end() {
    let app = TestApp::filled().await;
    app.workflow(SLOW).await;
    app.post("/api/v1/workflows/demo.slow_one/execute")
        .json(json!({}))
        .send()
        .await
        .data();
    let paused = app
        .post("/api/v1/runs/1/pause")
        .json(json!({"reason": "lunch"}))
        .send()
        .await;
    assert_eq!(paused.data()["paused"], true);
    assert_eq!(paused.data()["pause_reason"], "lunch");
    let resumed = app.post("/api/v1/runs/1/resume").send().await.data();
    assert_eq!(resumed["status"], "running");
    let mode = json!({"mode": "cancel_running"});
    app.post("/api/v1/runs/1/cancel")
        .json(mode)
        .send()
        .await
        .data();
    let ended = app.get("/api/v1/runs/1?wait=10s").send().await.data();
    assert_eq!(ended["status"], "cancelled");
    let late = app.post("/api/v1/runs/1/pause").problem().await;
    assert_eq!(late, (409, "state_forbids".to_owned()));
    let unknown = app.post("/api/v1/runs/99/cancel").problem().await;
    assert_eq!(unknown, (404, "not_found".to_owned()));
    let wrong = app
        .post("/api/v1/runs/1/cancel")
        .json(json!({"mode": "now"}))
        .problem()
        .await;
    assert_eq!(wrong, (422, "invalid_request".to_owned()));
}

pub(crate) const SLOW: &str = "ref: demo.slow_one
label: Slow
version: 1.0.0
tasks: [{name: slow, action: demo.slow}]
";

#[tokio::test]
async fn a_failed_run_says_why_and_is_run_again() {
    let app = TestApp::filled().await;
    app.workflow(
        "ref: demo.broken\nlabel: Broken\nversion: 1.0.0\n\
         tasks: [{name: work, action: demo.fail, retry: {count: 1}}]\n",
    )
    .await;
    let path = "/api/v1/workflows/demo.broken/execute?wait=10s";
    let run = app.post(path).json(json!({})).send().await.data();
    assert_eq!(run["status"], "failed");
    assert_eq!(run["error_message"], "it is broken");
    insta::assert_json_snapshot!(run["error"], @r#"
    {
      "type": "broken",
      "source": "engine",
      "message": "it is broken",
      "task": "work",
      "details": null
    }
    "#);
    assert_eq!(run["failed_tasks"], json!(["work"]));
    let active = app
        .post("/api/v1/runs/1/retry")
        .json(json!({"tasks": [{"name": "nope"}]}));
    assert_eq!(active.problem().await, (409, "rerun_not_run".to_owned()));
    let again = app.post("/api/v1/runs/1/retry").send().await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{}", again.text());
    let run = app.get("/api/v1/runs/1?wait=10s").send().await.data();
    assert_eq!(run["counts"]["total"], 2);
}

#[tokio::test]
async fn tasks_are_listed_shown_and_explained() {
    let app = TestApp::filled().await;
    let body = json!({"parameters": {"name": "Ada"}});
    app.post(&format!("{EXECUTE}?wait=10s"))
        .json(body)
        .send()
        .await
        .data();
    let list = app.get("/api/v1/runs/1/tasks").send().await.json();
    assert_eq!(list["next"], Json::Null);
    assert!(list["data"][0].get("input").is_none());
    let id = list["data"][0]["id"].as_u64().unwrap();
    let mut task = app
        .get(&format!("/api/v1/runs/1/tasks/{id}"))
        .send()
        .await
        .data();
    settle(&mut task);
    insta::assert_json_snapshot!(task);
    let told = app
        .get("/api/v1/runs/1/tasks/greet/explain")
        .send()
        .await
        .data();
    assert_eq!(told["reasons"][0]["type"], "first");
    for (path, status) in [
        ("/api/v1/runs/1/tasks/99", 404),
        ("/api/v1/runs/1/tasks/nope/explain", 404),
        ("/api/v1/runs/9/tasks", 404),
        ("/api/v1/runs/x/tasks", 404),
        ("/api/v1/runs/1/tasks?status=odd", 400),
    ] {
        assert_eq!(app.get(path).problem().await.0, status, "{path}");
    }
    let none = app
        .get("/api/v1/runs/1/tasks?name=other&status=failed")
        .send()
        .await
        .data();
    assert_eq!(none, json!([]));
}

#[tokio::test]
async fn graph_and_context_of_a_run_are_shown() {
    let app = TestApp::filled().await;
    let body = json!({"parameters": {"name": "Ada", "key": "s3cret"}});
    app.post(&format!("{EXECUTE}?wait=10s"))
        .json(body)
        .send()
        .await
        .data();
    let graph = app.get("/api/v1/runs/1/graph").send().await.data();
    assert_eq!(graph["nodes"][0]["name"], "greet");
    let context = app.get("/api/v1/runs/1/context").send().await;
    assert!(!context.text().contains("s3cret"));
    let context = context.data();
    assert_eq!(context["task"]["greet"]["result"], "Hello, Ada!");
    assert_eq!(context["vars"]["key"], "[secret]");
}

/// Asks why a task waits until its place in the queue of its key is known.
async fn queued(app: &TestApp, run: u64) -> Json {
    for _ in 0..1000 {
        let path = format!("/api/v1/runs/{run}/tasks/ask/explain");
        let told = app.get(&path).send().await.data();
        let reasons = told["reasons"].as_array().unwrap().clone();
        let waits = reasons.into_iter().find(|reason| reason["type"] == "waits");
        match waits {
            Some(waits) if waits["data"]["ahead"].is_u64() => return waits["data"].clone(),
            _ => tokio::task::yield_now().await,
        }
    }
    Json::Null
}

#[tokio::test]
async fn what_waits_for_a_key_tells_who_has_it_and_how_many_are_before_it() {
    let app = TestApp::filled().await;
    app.workflow(
        "ref: demo.keyed\nlabel: Keyed\nversion: 1.0.0\nconcurrency_key: \"'one'\"\n\
         tasks: [{name: ask, action: core.inquiry}]\n",
    )
    .await;
    app.workflow(
        "ref: demo.tasks\nlabel: Keyed tasks\nversion: 1.0.0\n\
         tasks: [{name: ask, action: core.inquiry, concurrency_key: \"'two'\"}]\n",
    )
    .await;
    for workflow in ["keyed", "keyed", "keyed", "tasks", "tasks"] {
        let path = format!("/api/v1/workflows/demo.{workflow}/execute");
        let run = app.post(&path).json(json!({})).send().await;
        assert_eq!(run.status, StatusCode::ACCEPTED, "{}", run.text());
    }
    let wait = |key: &str, holder: u64, ahead: u64| json!({"for": "key", "key": key, "holder": holder, "ahead": ahead});
    assert_eq!(queued(&app, 2).await, wait("one", 1, 0));
    assert_eq!(queued(&app, 3).await, wait("one", 1, 1));
    assert_eq!(queued(&app, 5).await, wait("two", 4, 0));
}
