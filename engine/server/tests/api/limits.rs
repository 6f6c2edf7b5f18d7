//! Bounds on what is under way, and what the server does when something of its own fails.

use attune_server::AuthMode;
use serde_json::json;

use crate::app::TestApp;
use crate::runs::SLOW;
use crate::socket::Socket;

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

/// A server with small limits.
async fn small() -> TestApp {
    TestApp::with(|config| {
        config.auth = AuthMode::None;
        config.limits.component_bytes = 1000;
        config.limits.json_bytes = 100;
        config.limits.yaml_bytes = 200;
        config.limits.config_bytes = 50;
        config.limits.kv_bytes = 50;
    })
    .await
}

#[tokio::test]
async fn large_bodies_are_refused_by_the_key_of_their_limit() {
    let app = small().await;
    let (action, form) = (
        "/api/v1/packs/demo/actions/a",
        "multipart/form-data; boundary=X",
    );
    let text = |bytes: usize| json!({"value": "x".repeat(bytes)});
    for (call, key) in [
        // Told before, and found out while it comes.
        (
            app.put(action).header("content-length", "1001").wasm("a"),
            "component_bytes",
        ),
        (
            app.put(action).body("application/wasm", "x".repeat(1001)),
            "component_bytes",
        ),
        (
            app.put(action).body(form, "x".repeat(2000)),
            "component_bytes",
        ),
        (
            app.put("/api/v1/workflows/demo.a").yaml(&"x".repeat(201)),
            "yaml_bytes",
        ),
        (
            app.put("/api/v1/packs/a/config").json(text(100)),
            "json_bytes",
        ),
        (
            app.put("/api/v1/packs/a/config").json(text(50)),
            "config_bytes",
        ),
        (app.put("/api/v1/packs/a/kv/k").json(text(60)), "kv_bytes"),
        (
            app.put("/api/v1/packs/a/secrets/s").json(text(60)),
            "kv_bytes",
        ),
    ] {
        let answer = call.send().await;
        assert_eq!(answer.problem(), (413, "too_large".to_owned()), "{key}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.starts_with(&format!("`{key}`: ")), "{detail}");
    }
}

#[tokio::test]
async fn client_that_sends_all_before_it_reads_gets_the_refusal() {
    let app = small().await;
    let socket = Socket::open(&app).await;
    for told in [true, false] {
        let mut client = socket.connect().await;
        let length = 32 << 20;
        let framing = if told {
            format!("content-length: {length}")
        } else {
            "transfer-encoding: chunked".to_owned()
        };
        client
            .send(&format!(
                "PUT /api/v1/packs/a/actions/b HTTP/1.1\r\nhost: localhost\r\n\
                 content-type: application/wasm\r\n{framing}\r\n\r\n"
            ))
            .await;
        if !told {
            client.send(&format!("{length:x}\r\n")).await;
        }
        client.send(&"x".repeat(length)).await;
        let read = client.read_until("component_bytes").await;
        assert!(read.starts_with("HTTP/1.1 413 "), "{read}");
        assert!(read.contains("connection: close"), "{read}");
    }
    socket.stop().await;
}

/// Asks for the list of runs with some headers beside the host, and returns the answer's first line.
async fn status_with_headers(socket: &Socket, count: usize) -> String {
    let mut client = socket.connect().await;
    let more: String = (1..count)
        .map(|index| format!("x-{index}: 1\r\n"))
        .collect();
    client
        .send(&format!(
            "GET /api/v1/runs HTTP/1.1\r\nhost: localhost\r\n{more}\r\n"
        ))
        .await;
    let read = client.read_until("\r\n\r\n").await;
    read.lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn as_many_headers_are_taken_as_the_limit_says() {
    for limit in [50, 100, 300] {
        let app = TestApp::with(|config| {
            config.auth = AuthMode::None;
            config.limits.header_count = limit;
        })
        .await;
        let socket = Socket::open(&app).await;
        let taken = status_with_headers(&socket, limit).await;
        assert!(taken.starts_with("HTTP/1.1 200"), "{limit}: {taken}");
        let refused = status_with_headers(&socket, limit + 1).await;
        assert!(refused.starts_with("HTTP/1.1 431"), "{limit}: {refused}");
        socket.stop().await;
    }
}

#[tokio::test]
async fn a_failing_store_is_our_fault_and_not_told() {
    let app = TestApp::filled().await;
    app.store.fail(0);
    let answer = app.get("/api/v1/runs").send().await;
    assert_eq!(answer.problem(), (500, "internal".to_owned()));
    assert!(!answer.text().contains("store"), "{}", answer.text());
}
