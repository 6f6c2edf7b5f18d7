//! Starting and stopping the server.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use tests::server::{Server, binary};

#[tokio::test]
async fn a_second_process_on_the_same_data_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&binary(), dir.path()).await.unwrap();
    let second = Command::new(binary())
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--auth",
            "none",
            "--data",
        ])
        .arg(dir.path())
        .env("XDG_CONFIG_HOME", dir.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success());
    assert!(stderr.contains("in use by process"), "{stderr}");
    server.kill().await.unwrap();
}

#[tokio::test]
async fn sigterm_ends_with_zero_and_the_work_goes_on_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&binary(), dir.path()).await.unwrap();
    let source = "ref: t.slow\nlabel: Slow\nversion: 1.0.0\ntasks:\n- {name: a, action: core.sleep, input: {seconds: 2}, \
                  on_success: b}\n- {name: b, action: core.echo, input: {value: 7}}\n\
                  output_map: {v: '{{ task.b.result.value }}'}\n";
    server.put_workflow("t.slow", source).await.unwrap();
    let path = "/api/v1/workflows/t.slow/execute";
    let run = server
        .call("POST", path, "application/json", b"{}")
        .await
        .unwrap();
    let id = run["data"]["id"].as_u64().unwrap();
    assert_eq!(server.terminate().await.unwrap(), Some(0));

    let server = Server::start(&binary(), dir.path()).await.unwrap();
    let path = format!("/api/v1/runs/{id}?wait=30s");
    let run = server.call("GET", &path, "text/plain", b"").await.unwrap();
    assert_eq!(run["data"]["status"], "completed", "{run}");
    server.kill().await.unwrap();
}

#[tokio::test]
async fn the_first_start_writes_an_admin_token_that_only_its_owner_may_read() {
    use std::os::unix::fs::PermissionsExt;

    let dir = tempfile::tempdir().unwrap();
    let server = Server::start_with(&binary(), dir.path(), &[])
        .await
        .unwrap();
    let file = dir.path().join("admin.token");
    let token = std::fs::read_to_string(&file).unwrap();
    assert!(token.starts_with("att_"), "{token}");
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let (status, problem) = server
        .ask("GET", "/api/v1/runs", "text/plain", b"")
        .await
        .unwrap();
    assert_eq!(status, 401, "{problem}");
    server.kill().await.unwrap();
}

#[tokio::test]
async fn ctrl_c_leaves_the_run_on_the_server_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&binary(), dir.path()).await.unwrap();
    let source = "ref: t.long\nlabel: L\nversion: 1.0.0\ntasks:\n\
                  - {name: a, action: core.noop, on_success: b}\n\
                  - {name: b, action: core.sleep, input: {seconds: 3600}}\n";
    server.put_workflow("t.long", source).await.unwrap();
    let mut watching = Command::new(binary())
        .args(["workflow", "run", "t.long"])
        .env("ATTUNE_SERVER", format!("http://{}", server.address()))
        .env("XDG_CONFIG_HOME", dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watching.stderr.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains("completed a"), "it follows: {first}");
    let id = watching.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let told: Vec<String> = lines.map(Result::unwrap).collect();
    let told = told.join("\n");
    assert_eq!(watching.wait().unwrap().code(), Some(130), "{told}");
    assert!(told.contains("run 1 goes on"), "{told}");
    assert!(told.contains("attune run cancel 1"), "{told}");
    let run = server.call("GET", "/api/v1/runs/1", "", b"").await.unwrap();
    assert_eq!(run["data"]["status"], "running", "{run}");
    server.kill().await.unwrap();
}
