//! The journal, the log, and both of them live.

use std::time::Duration;

use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use serde_json::{Value as Json, json};

use crate::app::TestApp;
use crate::runs::SLOW;
use crate::socket::Socket;

/// The messages of a stream: id, name, data.
fn messages(text: &str) -> Vec<(u64, String, Json)> {
    let field = |message: &str, name: &str| -> String {
        let line = message.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().to_owned()
    };
    text.split("\n\n")
        .filter(|message| message.starts_with("id:"))
        .map(|message| {
            let data = field(message, "data: ");
            let id = field(message, "id: ").parse().unwrap();
            (
                id,
                field(message, "event: "),
                serde_json::from_str(&data).unwrap(),
            )
        })
        .collect()
}

async fn hello(app: &TestApp) {
    let path = "/api/v1/workflows/demo.hello/execute?wait=10s";
    let body = json!({"parameters": {"name": "Ada", "key": "s3cret"}});
    app.post(path).json(body).send().await.data();
}

#[tokio::test]
async fn the_stream_of_a_finished_run_ends_and_resumes() {
    let app = TestApp::filled().await;
    hello(&app).await;
    let answer = app.get("/api/v1/runs/1/stream").send().await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    assert!(!answer.text().contains("s3cret"));
    let all = messages(&answer.text());
    let numbers: Vec<u64> = all.iter().map(|(id, _, _)| *id).collect();
    assert_eq!(numbers, (0..all.len() as u64).collect::<Vec<_>>());
    assert_eq!(all[0].1, "run_started");
    assert_eq!(all.last().unwrap().2["status"], "completed");

    let resumed = app
        .get("/api/v1/runs/1/stream")
        .header("last-event-id", "0")
        .send()
        .await;
    assert_eq!(messages(&resumed.text()), all[1..]);
    let last = (all.len() - 1).to_string();
    let over = app
        .get("/api/v1/runs/1/stream")
        .header("last-event-id", &last)
        .send()
        .await;
    assert_eq!(over.status, StatusCode::NO_CONTENT);
    for wrong in ["x", "-1", "9223372036854775808"] {
        let call = app
            .get("/api/v1/runs/1/stream")
            .header("last-event-id", wrong);
        let problem = call.problem().await;
        assert_eq!(problem, (400, "invalid_header".to_owned()), "{wrong}");
    }
    assert_eq!(app.get("/api/v1/runs/7/stream").problem().await.0, 404);
}

#[tokio::test]
async fn events_are_listed_by_page_and_live_on_request() {
    let app = TestApp::filled().await;
    hello(&app).await;
    let first = app.get("/api/v1/runs/1/events?limit=1").send().await.json();
    assert_eq!(first["data"][0]["type"], "run_started");
    assert_eq!(first["next"], "0");
    let rest = app.get("/api/v1/runs/1/events?after=0").send().await.json();
    assert_eq!(rest["data"][0]["number"], 1);
    assert_eq!(rest["next"], Json::Null);
    let live = app
        .get("/api/v1/runs/1/events")
        .header("accept", "text/event-stream");
    let live = live.send().await;
    assert_eq!(
        messages(&live.text()).len(),
        rest["data"].as_array().unwrap().len() + 1
    );
    assert_eq!(app.get("/api/v1/runs/9/events").problem().await.0, 404);
}

#[tokio::test]
async fn log_lines_are_listed_filtered_and_followed() {
    let app = TestApp::filled().await;
    let body = json!({"parameters": {}});
    app.post("/api/v1/actions/demo.log/execute?wait=10s")
        .json(body)
        .send()
        .await
        .data();
    let list = app.get("/api/v1/runs/1/logs").send().await.json();
    assert_eq!(list["data"][0]["message"], "careful\nnow");
    assert_eq!(list["data"][0]["fields"], json!({"n": "1"}));
    for (filter, count) in [
        ("level=error", 0),
        ("level=warn", 1),
        ("attempt=2", 0),
        ("task_id=99", 0),
    ] {
        let list = app
            .get(&format!("/api/v1/runs/1/logs?{filter}"))
            .send()
            .await
            .data();
        assert_eq!(list.as_array().unwrap().len(), count, "{filter}");
    }
    let followed = app.get("/api/v1/runs/1/logs?follow=true").send().await;
    let lines = messages(&followed.text());
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].2["message"], "careful\nnow");
    for wrong in ["level=loud", "task_id=9223372036854775808"] {
        let path = format!("/api/v1/runs/1/logs?{wrong}");
        assert_eq!(app.get(&path).problem().await.0, 400, "{wrong}");
    }
    assert_eq!(app.get("/api/v1/runs/9/logs").problem().await.0, 404);
}

#[tokio::test]
async fn a_quiet_stream_shows_that_it_lives_and_ends_with_the_run() {
    let app = TestApp::with(|config| {
        config.auth = attune_server::AuthMode::None;
        config.limits.heartbeat = Duration::from_millis(20);
    })
    .await;
    app.put("/api/v1/packs/demo/actions/slow")
        .wasm("slow")
        .send()
        .await
        .data();
    app.workflow(SLOW).await;
    app.post("/api/v1/workflows/demo.slow_one/execute")
        .json(json!({}))
        .send()
        .await
        .data();
    let mut body = app.get("/api/v1/runs/1/stream").open().await.into_body();
    let mut text = String::new();
    while !text.contains(": still here\n\n") {
        text.push_str(&next(&mut body).await.unwrap());
    }
    let mode = json!({"mode": "cancel_running"});
    app.post("/api/v1/runs/1/cancel")
        .json(mode)
        .send()
        .await
        .data();
    while let Some(chunk) = next(&mut body).await {
        text.push_str(&chunk);
    }
    assert_eq!(messages(&text).last().unwrap().2["status"], "cancelled");
}

/// The next part of a live body.
async fn next(body: &mut axum::body::Body) -> Option<String> {
    let frame = body.frame().await?.unwrap();
    let bytes = frame.into_data().unwrap();
    Some(String::from_utf8(bytes.into()).unwrap())
}

#[tokio::test]
async fn places_for_streams_are_bounded() {
    let app = TestApp::with(|config| {
        config.auth = attune_server::AuthMode::None;
        config.limits.streams = 1;
    })
    .await;
    app.put("/api/v1/packs/demo/actions/slow")
        .wasm("slow")
        .send()
        .await
        .data();
    app.workflow(SLOW).await;
    app.post("/api/v1/workflows/demo.slow_one/execute")
        .json(json!({}))
        .send()
        .await
        .data();
    let open = app.get("/api/v1/runs/1/stream").open().await;
    let refused = app.get("/api/v1/runs/1/stream").send().await;
    assert_eq!(refused.problem(), (503, "overloaded".to_owned()));
    assert_eq!(refused.header("retry-after"), "10");
    drop(open);
    let again = app.get("/api/v1/runs/1/stream").open().await;
    assert_eq!(again.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_stopping_server_ends_streams_and_waits() {
    let app = TestApp::filled().await;
    app.workflow(SLOW).await;
    app.post("/api/v1/workflows/demo.slow_one/execute")
        .json(json!({}))
        .send()
        .await
        .data();
    let socket = Socket::open(&app).await;
    let mut stream = socket.connect().await;
    stream
        .send("GET /api/v1/runs/1/stream HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    stream.read_until("attempt_started").await;
    let mut waiting = socket.connect().await;
    waiting
        .send("GET /api/v1/runs/1?wait=50s HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    while socket.under_way(&app).await == 0 {
        tokio::task::yield_now().await;
    }
    socket.stop().await;
    assert!(waiting.read_to_end().await.contains("\"running\""));
    assert!(stream.read_to_end().await.ends_with("0\r\n\r\n"));
}
