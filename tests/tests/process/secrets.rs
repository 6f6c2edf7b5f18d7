//! A secret that an action gives back is shown nowhere: not in results, outputs, events or files.

use std::path::Path;

use tests::server::{Server, binary};

const SECRET: &str = "hunter22-and-more";

const SOURCE: &str = "ref: t.s\nlabel: S\nversion: 1.0.0\n\
    parameters: {token: {type: string, secret: true, required: true}}\n\
    tasks:\n\
    - name: echo\n  action: core.echo\n  input: {header: 'Bearer {{ parameters.token }}', n: 1}\n  \
      publish: [{seen: '{{ result().header }}'}]\n  on_success: fail\n\
    - {name: broken, action: core.fail, input: {message: 'no access with {{ parameters.token }}'}}\n\
    output_map: {n: '{{ task.echo.result.n }}', header: '{{ task.echo.result.header }}'}\n";

#[tokio::test]
async fn a_secret_that_an_action_returns_is_shown_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&binary(), dir.path()).await.unwrap();
    server.put_workflow("t.s", SOURCE).await.unwrap();
    let body = format!(r#"{{"parameters": {{"token": "{SECRET}"}}}}"#);
    let path = "/api/v1/workflows/t.s/execute?wait=20s";
    let run = server
        .call("POST", path, "application/json", body.as_bytes())
        .await;
    let run = run.unwrap()["data"].clone();
    assert_eq!(run["output"]["n"], 1, "what is not secret is shown: {run}");
    assert_eq!(run["output"]["header"], "[secret]");
    assert_eq!(run["status"], "failed");
    let id = run["id"].as_u64().unwrap();
    for path in [
        "", "/tasks", "/tasks/1", "/tasks/2", "/events", "/logs", "/context",
    ] {
        let path = format!("/api/v1/runs/{id}{path}");
        let shown = server
            .call("GET", &path, "", b"")
            .await
            .unwrap()
            .to_string();
        assert!(!shown.contains("hunter22"), "{path} shows it: {shown}");
        assert!(
            path.ends_with("logs") || shown.len() > 20,
            "{path}: {shown}"
        );
    }
    server.terminate().await.unwrap();
    assert_absent(dir.path());
}

/// No file of the store holds the secret in clear.
fn assert_absent(dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_absent(&path);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(8).any(|window| window == b"hunter22");
        assert!(!found, "{} holds the secret", path.display());
    }
}
