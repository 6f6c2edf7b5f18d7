//! HTTP of an action, end to end: wanted, looked at, approved, sent, denied.

use serde_json::{Value as Json, json};
use tests::guests;
use tests::server::Server;

use super::{get, post, run, start, upload};
use crate::service::Service;

/// Runs the fetching action; `input` may say `PORT`.
async fn fetch(server: &Server, service: &Service, input: &str) -> Json {
    let input = input.replace("PORT", &service.port.to_string());
    let input: Json = serde_json::from_str(&input).unwrap();
    run(server, "actions/t.fetch", input).await
}

/// The log of a run, as text.
async fn log(server: &Server, run: &Json) -> String {
    get(server, &format!("/runs/{}/logs", run["id"]))
        .await
        .to_string()
}

#[tokio::test]
async fn requests_are_sent_once_an_admin_has_approved_them() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "[sandbox]\nnetworks = [\"127.0.0.1\"]\n").await;
    let service = Service::start().await;
    let pattern = format!("GET http://127.0.0.1:{}/open/*", service.port);
    let manifest = json!({ "grants": { "http": [pattern] } }).to_string();
    let wants = upload(&server, "fetch", &guests::bytes("fetch"), &manifest).await;
    assert_eq!(wants["status"], "pending_approval", "{wants}");
    let added = json!([format!("http: {pattern}")]);
    assert_eq!(wants["difference"]["added"], added);

    let (status, refused) = post(&server, "/actions/t.fetch/execute", &json!({})).await;
    assert_eq!(
        (status, &refused["code"]),
        (409, &json!("pending_approval"))
    );
    let (status, approved) = post(&server, "/actions/t.fetch/approve", &json!({})).await;
    assert_eq!(
        (status, &approved["data"]["status"]),
        (200, &json!("active"))
    );

    let sent = fetch(
        &server,
        &service,
        r#"{"authority":"127.0.0.1:PORT","path":"/open/x"}"#,
    )
    .await;
    assert_eq!(sent["output"], json!({"status": 200, "body": "hello"}));
    assert_eq!(sent["usage"]["http_requests"], 1);
    let tasks = get(&server, &format!("/runs/{}/tasks", sent["id"])).await;
    let task = &tasks[0];
    assert_eq!(task["usage"]["http_requests"], 1, "{task}");
    let whole = get(
        &server,
        &format!("/runs/{}/tasks/{}", sent["id"], task["id"]),
    )
    .await;
    assert_eq!(whole["grants"], json!({ "http": [pattern] }));

    for (input, grant) in [
        (
            r#"{"authority":"127.0.0.1:PORT","path":"/shut"}"#,
            "GET http://127.0.0.1:PORT/shut",
        ),
        (
            r#"{"authority":"127.0.0.1:PORT","path":"/open/x","method":"POST"}"#,
            "POST http://127.0.0.1:PORT/open/x",
        ),
    ] {
        let denied = fetch(&server, &service, input).await;
        let error = denied["output"]["error"].to_string();
        assert!(error.contains("HttpRequestDenied"), "{denied}");
        let grant = grant.replace("PORT", &service.port.to_string());
        let log = log(&server, &denied).await;
        assert!(log.contains(&grant), "{input}: {log}");
    }
    assert_eq!(service.heads().len(), 1, "what was denied was not sent");
}

/// What is refused though every request is granted, and what the guest is told.
const REFUSED: &[(&str, &str)] = &[
    (
        r#"{"authority":"127.0.0.2:PORT"}"#,
        "DestinationIpProhibited",
    ),
    (r#"{"authority":"[::1]:PORT"}"#, "DestinationIpProhibited"),
    (
        r#"{"authority":"[::ffff:127.0.0.2]:PORT"}"#,
        "DestinationIpProhibited",
    ),
    (
        r#"{"authority":"[64:ff9b::7f00:2]:PORT"}"#,
        "DestinationIpProhibited",
    ),
    (
        r#"{"authority":"169.254.169.254"}"#,
        "DestinationIpProhibited",
    ),
    (
        r#"{"authority":"2130706433:PORT"}"#,
        "HttpRequestUriInvalid",
    ),
    (
        r#"{"authority":"0177.0.0.1:PORT"}"#,
        "HttpRequestUriInvalid",
    ),
    (
        r#"{"authority":"127.0.0.1:PORT","method":"POST"}"#,
        "HttpRequestDenied",
    ),
    (
        r#"{"authority":"127.0.0.1:PORT","headers":[["host","evil.test"]]}"#,
        "HeaderError",
    ),
    (
        r#"{"authority":"127.0.0.1:PORT","headers":[["x","a\r\nhost: evil.test"]]}"#,
        "HeaderError",
    ),
];

#[tokio::test]
async fn operators_ranges_bound_what_was_approved() {
    let dir = tempfile::tempdir().unwrap();
    let config = "[sandbox]\nnetworks = [\"127.0.0.1\"]\nhttp = [\"GET http://*:*/*\"]\n\
        kv = \"read\"\nsecrets = false\n";
    let server = start(dir.path(), config).await;
    let service = Service::start().await;
    let everything = r#"{"grants": {"http": ["* http://*:*/*", "* https://*:*/*"],
        "kv": "write", "secrets": {"key": {"hosts": ["a.test"]}}},
        "limits": {"timeout": "2s", "http_response": "64KiB"}}"#;
    let wants = upload(&server, "fetch", &guests::bytes("fetch"), everything).await;
    let left = json!({
        "http": ["* http://*:*/*", "* https://*:*/*"],
        "http_within": ["GET http://*:*/*"],
        "kv": "read",
    });
    assert_eq!(wants["effective"], left, "{wants}");
    post(&server, "/actions/t.fetch/approve", &json!({})).await;

    for (input, error) in REFUSED {
        let refused = fetch(&server, &service, input).await;
        let found = refused["output"]["error"].to_string();
        assert!(found.contains(error), "{input}: {refused}");
    }
    assert_eq!(service.heads().len(), 0);

    let redirected =
        r#"{"authority":"127.0.0.1:PORT","path":"/to/127.0.0.2:PORT/x","follow":true}"#;
    let refused = fetch(&server, &service, redirected).await;
    let found = refused["output"]["error"].to_string();
    assert!(found.contains("DestinationIpProhibited"), "{refused}");
    let endless = r#"{"authority":"127.0.0.1:PORT","path":"/endless"}"#;
    let cut = fetch(&server, &service, endless).await;
    assert!(cut["output"]["error"].is_string(), "{cut}");
    let drips = r#"{"authority":"127.0.0.1:PORT","path":"/drip"}"#;
    let late = fetch(&server, &service, drips).await;
    assert_eq!(late["error"]["type"], "timeout", "{late}");
    let (status, _) = server.ask("GET", "/readyz", "", b"").await.unwrap();
    assert_eq!(status, 200);
}
