//! What happens to every request, whatever its route: ids, hosts, origins, heads, unknown paths.

use std::time::Duration;

use attune_server::{AuthMode, ServeError};
use axum::http::StatusCode;
use tokio_util::sync::CancellationToken;

use crate::app::TestApp;
use crate::socket::Socket;

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let app = TestApp::new().await;
    for path in [
        "/",
        "/api/v1",
        "/api/v1/nothing",
        "/api/v2/runs",
        "/api/v1/runs/",
    ] {
        assert_eq!(
            app.get(path).problem().await,
            (404, "not_found".to_owned()),
            "{path}"
        );
    }
    let answer = app.delete("/api/v1/runs").send().await;
    assert_eq!(answer.problem(), (405, "method_not_allowed".to_owned()));
    assert_eq!(answer.header("allow"), "GET,HEAD");
    let answer = app.get("/api/v1/workflows/validate").send().await;
    assert_eq!(answer.problem().0, 405);
    assert_eq!(answer.header("allow"), "POST");
    for path in [
        "/api/v1/workflows/UPPER.x",
        "/api/v1/runs/-1",
        "/api/v1/runs/1.5",
        "/api/v1/actions/%ff",
    ] {
        assert_eq!(app.get(path).problem().await.0, 404, "{path}");
    }
    let name = app
        .put("/api/v1/packs/demo/actions/Greet")
        .wasm("greet")
        .problem()
        .await;
    assert_eq!(name, (422, "invalid_name".to_owned()));
    let run = app.get("/api/v1/runs/abc").send().await;
    assert_eq!(run.json()["detail"], "`abc` is not a number");
    for limit in ["x", "-1", "501"] {
        let path = format!("/api/v1/runs?limit={limit}");
        let wrong = app.get(&path).send().await.json();
        let detail = "query parameter `limit`: must be between 1 and 500";
        assert_eq!(wrong["detail"], detail, "{limit}");
    }
    let query = app.get("/api/v1/whoami?color=red").problem().await;
    assert_eq!(query, (400, "invalid_query".to_owned()));
}

#[tokio::test]
async fn every_answer_has_an_id_and_is_not_sniffed_or_kept() {
    let app = TestApp::new().await;
    let own = app
        .get("/healthz")
        .header("x-request-id", "abc-1")
        .send()
        .await;
    assert_eq!(own.header("x-request-id"), "abc-1");
    let bad = app
        .get("/nothing")
        .header("x-request-id", "a b")
        .send()
        .await;
    assert_ne!(bad.header("x-request-id"), "a b");
    assert!(!bad.header("x-request-id").is_empty());
    for answer in [own, bad] {
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn other_hosts_and_origins_are_refused_in_every_mode() {
    for auth in [AuthMode::None, AuthMode::Tokens] {
        let app = TestApp::with(|config| {
            config.auth = auth;
            config.hosts = vec!["attune.example".to_owned()];
        })
        .await;
        let evil = app.get("http://evil.example/healthz").problem().await;
        assert_eq!(evil, (403, "forbidden_host".to_owned()));
        let post = |site: &'static str| {
            app.post("/api/v1/workflows/validate")
                .header("sec-fetch-site", site)
                .yaml("a: 1")
        };
        assert_eq!(
            post("cross-site").problem().await,
            (403, "forbidden_origin".to_owned())
        );
        assert_ne!(
            post("same-origin").send().await.status,
            StatusCode::FORBIDDEN
        );
    }
}

#[tokio::test]
async fn heads_are_bounded() {
    let app = TestApp::new().await;
    let long = format!("/api/v1/runs?search={}", "x".repeat(9000));
    assert_eq!(
        app.get(&long).problem().await,
        (414, "target_too_long".to_owned())
    );
    let large = "x".repeat(17 << 10);
    let call = app.get("/healthz").header("x-large", &large);
    assert_eq!(call.problem().await, (431, "headers_too_large".to_owned()));
    let mut call = app.get("/healthz");
    for number in 0..101 {
        call = call.header(&format!("x-{number}"), "1");
    }
    assert_eq!(call.problem().await, (431, "headers_too_large".to_owned()));
}

#[tokio::test]
async fn a_socket_serves_and_gives_up_on_heads_and_bodies_that_do_not_come() {
    let app = TestApp::with(|config| {
        config.auth = AuthMode::None;
        config.limits.header_read = Duration::from_millis(50);
        config.limits.body_stall = Duration::from_millis(50);
    })
    .await;
    let socket = Socket::open(&app).await;
    let mut client = socket.connect().await;
    client
        .send("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    assert!(client.read_until("ok\n").await.starts_with("HTTP/1.1 200"));
    let mut slow_head = socket.connect().await;
    slow_head.send("GET /healthz HTTP/1.1\r\nhost: loc").await;
    assert!(!slow_head.read_to_end().await.contains("200"));
    let mut slow_body = socket.connect().await;
    slow_body
        .send(
            "POST /api/v1/workflows/validate HTTP/1.1\r\nhost: localhost\r\n\
             content-type: application/yaml\r\ncontent-length: 100\r\n\r\nref: a",
        )
        .await;
    let answer = slow_body.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("\"body_timeout\""), "{answer}");
    let mut huge_head = socket.connect().await;
    let head = format!(
        "GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n",
        "x".repeat(70 << 10)
    );
    huge_head.send(&head).await;
    assert!(
        huge_head
            .read_until("\r\n")
            .await
            .starts_with("HTTP/1.1 431")
    );
    socket.stop().await;
}

#[tokio::test]
async fn open_servers_listen_on_loopback_alone() {
    let app = TestApp::new().await;
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let served = app.server.serve(listener, CancellationToken::new()).await;
    assert!(
        matches!(served, Err(ServeError::NotLoopback(_))),
        "{served:?}"
    );
}

#[tokio::test]
async fn health_readiness_and_counters_are_told() {
    let app = TestApp::new().await;
    assert_eq!(app.get("/healthz").send().await.text(), "ok\n");
    assert_eq!(app.get("/readyz").send().await.text(), "ready\n");
    let text = app.get("/metrics").send().await.text();
    assert!(text.contains("attune_info{version=\"0.0.0\"} 1"), "{text}");
    assert!(
        text.contains("attune_http_answers_total{status=\"2xx\"} 2"),
        "{text}"
    );
    assert!(text.ends_with("test_counter 1\n"), "{text}");
    let info = app.get("/api/v1/info").send().await.data();
    assert_eq!(info["auth"], "none");
    assert_eq!(info["limits"]["wait_seconds"], 60);
    app.store.fail(0);
    assert_eq!(app.get("/readyz").problem().await.0, 500);
}

#[tokio::test]
async fn the_description_and_its_page_need_nothing_else() {
    let app = TestApp::new().await;
    let document = app.get("/api/v1/openapi.json").send().await.json();
    assert!(document["components"].get("securitySchemes").is_none());
    assert!(
        document["paths"]["/api/v1/runs"]["get"]
            .get("security")
            .is_none()
    );
    let page = app.get("/api/docs").send().await;
    assert!(
        page.header("content-security-policy")
            .contains("default-src 'none'")
    );
    for asset in ["/api/docs", "/api/docs/docs.js", "/api/docs/docs.css"] {
        let text = app.get(asset).send().await.text();
        assert!(
            !text.contains("//cdn") && !text.contains("https://"),
            "{asset}"
        );
    }
}
