//! Whatever is sent, the answer says what is wrong and where, what a guest does wrong is recorded
//! with its attempt, and the server goes on as before.

use serde_json::{Value as Json, json};
use tests::guests;
use tests::server::{Server, binary};

const API: &str = "/api/v1";
/// An alias bomb: nine levels, each nine times the one before.
const BOMB: &str = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n\
    c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n\
    e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n\
    g: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";

async fn started() -> (tempfile::TempDir, Server) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&binary(), dir.path()).await.unwrap();
    (dir, server)
}

/// Sends and checks that the refusal is a problem with this status and these words.
async fn refused(server: &Server, request: (&str, &str, &str, &[u8]), status: u16, words: &[&str]) {
    let (method, path, kind, body) = request;
    let (got, answer) = server.ask(method, path, kind, body).await.unwrap();
    let text = answer.to_string();
    assert_eq!(got, status, "{path}: {text}");
    for field in ["type", "title", "status", "detail", "code"] {
        assert!(answer.get(field).is_some(), "{path} has no {field}: {text}");
    }
    for word in words {
        assert!(text.contains(word), "{path} does not say `{word}`: {text}");
    }
}

/// The server still does its work, and has not failed inside.
async fn still_works(server: &Server) {
    let path = format!("{API}/actions/core.echo/execute?wait=20s");
    let body = br#"{"parameters": {"hello": "again"}}"#;
    let run = server.call("POST", &path, "application/json", body).await;
    let run = run.unwrap();
    assert_eq!(run["data"]["status"], "completed", "{run}");
    let (status, _) = server.ask("GET", "/readyz", "", b"").await.unwrap();
    assert_eq!(status, 200);
}

#[tokio::test]
async fn files_that_are_no_action_are_refused() {
    let (_dir, server) = started().await;
    let upload = format!("{API}/packs/t/actions/bad");
    let cases: [(Vec<u8>, &[&str]); 5] = [
        (b"#!/bin/sh\necho no\n".to_vec(), &["not", "WebAssembly"]),
        (guests::bytes("core-module"), &["core module"]),
        (
            guests::bytes("unknown-import"),
            &["acme:shop/stock", "acme:shop/prices"],
        ),
        (
            guests::bytes("two-exports"),
            &["double", "triple", "export"],
        ),
        (guests::bytes("large"), &["memory", "134217728"]),
    ];
    for (body, words) in cases {
        let request = ("PUT", &*upload, "application/wasm", &*body);
        refused(&server, request, 422, words).await;
    }
    let mut cut = guests::bytes("typed-one");
    cut.truncate(cut.len() / 2);
    refused(
        &server,
        ("PUT", &upload, "application/wasm", &cut),
        422,
        &[],
    )
    .await;
    let (status, _) = server
        .ask("GET", &format!("{API}/actions/t.bad"), "", b"")
        .await
        .unwrap();
    assert_eq!(status, 404, "nothing of a refused upload may stay");
    still_works(&server).await;
}

#[tokio::test]
async fn files_that_are_no_workflow_are_refused() {
    let (_dir, server) = started().await;
    let create = format!("{API}/packs/t/workflows");
    let head = "ref: t.w\nlabel: W\nversion: 1.0.0\n";
    let deep = format!(
        "{head}x-deep: {}{}\ntasks: [{{name: a, action: core.noop}}]\n",
        "[".repeat(200),
        "]".repeat(200)
    );
    let cases: [(String, &[&str]); 6] = [
        (format!("{head}tasks: [{{name: a"), &["E_YAML", "line"]),
        (BOMB.to_owned(), &["E_YAML", "alias"]),
        (deep, &["E_YAML", "deep"]),
        (
            format!("{head}tasks:\n- {{name: a, action: core.noop, on_success: b}}\n"),
            &["E_UNKNOWN_TASK", "\"line\":5", "`b`"],
        ),
        (
            format!("{head}tasks:\n- {{name: a, action: core.noop, join: lots}}\n"),
            &["E_SCHEMA", "join"],
        ),
        (
            format!("{head}tasks:\n- {{name: a, acton: core.noop}}\n"),
            &["E_UNKNOWN_FIELD", "action"],
        ),
    ];
    for (source, words) in cases {
        let request = ("POST", &*create, "application/yaml", source.as_bytes());
        refused(&server, request, 422, words).await;
    }
    let long = format!(
        "{head}tasks: [{{name: a, action: core.noop}}]\n# {}",
        "x".repeat(1 << 20)
    );
    refused(
        &server,
        ("POST", &create, "application/yaml", long.as_bytes()),
        413,
        &["1048576"],
    )
    .await;
    refused(
        &server,
        ("POST", &create, "application/yaml", b"\xff\xfe"),
        400,
        &["UTF-8"],
    )
    .await;
    refused(&server, ("POST", &create, "image/png", b"x"), 415, &[]).await;
    still_works(&server).await;
}

#[tokio::test]
async fn parameters_that_do_not_fit_are_refused_with_their_pointer() {
    let (_dir, server) = started().await;
    let source = "ref: t.w\nlabel: W\nversion: 1.0.0\nparameters:\n  sku: {type: string, required: true}\n  \
                  qty: {type: integer, default: 1}\ntasks: [{name: a, action: core.noop}]\n";
    server.put_workflow("t.w", source).await.unwrap();
    let path = format!("{API}/workflows/t.w/execute");
    let cases: [(&str, u16, &[&str]); 6] = [
        (r#"{"parameters": {"sku": 7}}"#, 422, &["/parameters/sku"]),
        (r#"{"parameters": {}}"#, 422, &["sku"]),
        (
            r#"{"parameters": {"sku": "a", "qty": 1.5}}"#,
            422,
            &["/parameters/qty"],
        ),
        (
            r#"{"parameters": {"sku": "a", "color": 1}}"#,
            422,
            &["color"],
        ),
        (r#"{"parameters": {"sku": "#, 400, &["JSON"]),
        (r#"{"paramters": {}}"#, 422, &["paramters"]),
    ];
    for (body, status, words) in cases {
        let request = ("POST", &*path, "application/json", body.as_bytes());
        refused(&server, request, status, words).await;
    }
    let runs = server
        .call("GET", &format!("{API}/runs"), "", b"")
        .await
        .unwrap();
    assert_eq!(runs["data"], json!([]), "a refused request starts nothing");
    still_works(&server).await;
}

#[tokio::test]
async fn guests_that_misbehave_fail_their_attempt_alone() {
    let (_dir, server) = started().await;
    for (guest, limits, kind) in [
        ("trap", "", "trap"),
        ("stack", "", "trap"),
        ("spin", ", limits: {fuel: 50000000}", "fuel_exhausted"),
        ("spin", ", timeout: 300ms", "timeout"),
        ("allocate", "", "memory_exhausted"),
        ("print", ", limits: {fuel: 50000000}", "fuel_exhausted"),
        ("not-json", "", "output_error"),
        ("too-much", "", "output_too_large"),
        ("other-error", "", "action"),
    ] {
        let component = guests::bytes(guest);
        let path = format!("{API}/packs/t/actions/{guest}?approve=true");
        let uploaded = server
            .call("PUT", &path, "application/wasm", &component)
            .await;
        uploaded.unwrap();
        let source = format!(
            "ref: t.w\nlabel: W\nversion: 1.0.0\ntasks:\n- {{name: bad, action: t.{guest}{limits}}}\n"
        );
        server.put_workflow("t.w", &source).await.unwrap();
        let path = format!("{API}/workflows/t.w/execute?wait=60s");
        let run = server
            .call("POST", &path, "application/json", b"{}")
            .await
            .unwrap();
        let run = &run["data"];
        assert_eq!(run["status"], "failed", "{guest}: {run}");
        assert_eq!(run["error"]["type"], kind, "{guest}: {run}");
        recorded(&server, run, kind).await;
        still_works(&server).await;
    }
}

/// The task and its attempt tell the same, and what was used.
async fn recorded(server: &Server, run: &Json, kind: &str) {
    let id = run["id"].as_u64().unwrap();
    let tasks = server
        .call("GET", &format!("{API}/runs/{id}/tasks"), "", b"")
        .await
        .unwrap();
    let task = tasks["data"][0]["id"].as_u64().unwrap();
    let path = format!("{API}/runs/{id}/tasks/{task}");
    let task = server.call("GET", &path, "", b"").await.unwrap();
    let task = &task["data"];
    assert_eq!(task["error"]["type"], kind, "{task}");
    assert!(
        !task["error"]["message"].as_str().unwrap().is_empty(),
        "{task}"
    );
    assert!(task["usage"]["fuel"].as_u64().unwrap() > 0, "{task}");
    assert_eq!(task["attempts"].as_array().unwrap().len(), 1, "{task}");
}
