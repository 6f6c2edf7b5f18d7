//! What was acknowledged survives `kill -9` at any moment.

use std::sync::Arc;
use std::time::Duration;

use tests::server::{Server, binary};
use tokio::sync::Mutex;

/// How often the server is killed.
const KILLS: u64 = 20;
/// Clients that start runs all the while.
const CLIENTS: usize = 8;

const WORKFLOW: &str = "ref: t.work
label: Work
version: 1.0.0
parameters: {n: {type: integer}}
tasks:
- {name: a, action: core.echo, input: {value: '{{ parameters.n }}'}, on_success: [b, c]}
- {name: b, action: core.sleep, input: {seconds: 0.05}, on_success: d}
- {name: c, action: hash.digest, input: {algorithm: sha256, text: x}, on_success: d}
- {name: d, action: core.echo, join: all, input: {value: '{{ parameters.n * 2 }}'}}
output_map: {double: '{{ task.d.result.value }}'}
";

/// What the server acknowledged: accepted runs with their input, and outputs it answered.
#[derive(Debug, Default)]
struct Acknowledged {
    accepted: Vec<(u64, u64)>,
    finished: Vec<(u64, u64)>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_under_load_lose_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let seen = Arc::new(Mutex::new(Acknowledged::default()));
    for round in 0..KILLS {
        let server = Server::start(&binary(), dir.path()).await.unwrap();
        if round == 0 {
            server.put_workflow("t.work", WORKFLOW).await.unwrap();
            // The first run compiles the actions, which takes longer than a round.
            let path = "/api/v1/workflows/t.work/execute?wait=60s";
            let body = br#"{"parameters": {"n": 0}}"#;
            let run = server.call("POST", path, "application/json", body).await;
            assert_eq!(run.unwrap()["data"]["status"], "completed");
        }
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let address = server.address().to_owned();
                let base = (round * CLIENTS as u64 + client as u64) * 1_000;
                tokio::spawn(load(address, base, Arc::clone(&seen)))
            })
            .collect();
        // A different moment each round, spread over the first 400 ms of load.
        tokio::time::sleep(Duration::from_millis(20 + round * 7919 % 380)).await;
        server.kill().await.unwrap();
        for client in clients {
            client.await.unwrap();
        }
    }
    check(dir.path(), &*seen.lock().await).await;
}

/// Starts runs, every second one waiting for its result, until the server is gone.
async fn load(address: String, base: u64, seen: Arc<Mutex<Acknowledged>>) {
    let Ok(mut connection) = tests::connection::Connection::open(&address).await else {
        return;
    };
    for n in base.. {
        let wait = if n % 2 == 0 { "?wait=10s" } else { "" };
        let path = format!("/api/v1/workflows/t.work/execute{wait}");
        let body = format!("{{\"parameters\": {{\"n\": {n}}}}}");
        let sent = connection
            .request("POST", &path, "application/json", body.as_bytes())
            .await;
        let Ok((status, answer)) = sent else { return };
        assert!(
            status == 200 || status == 202,
            "{status}: {}",
            String::from_utf8_lossy(&answer)
        );
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        let id = answer["data"]["id"].as_u64().unwrap();
        let mut seen = seen.lock().await;
        if let Some(double) = answer["data"]["output"]["double"].as_u64() {
            assert_eq!(double, n * 2);
            seen.finished.push((id, n));
        }
        seen.accepted.push((id, n));
    }
}

async fn check(dir: &std::path::Path, seen: &Acknowledged) {
    assert!(
        seen.accepted.len() > 50,
        "too little load: {} runs",
        seen.accepted.len()
    );
    assert!(!seen.finished.is_empty(), "no run finished under load");
    let server = Server::start(&binary(), dir).await.unwrap();
    let ids: std::collections::BTreeSet<u64> = seen.accepted.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), seen.accepted.len(), "an id was given twice");
    for (id, n) in &seen.accepted {
        let path = format!("/api/v1/runs/{id}?wait=60s");
        let run = server.call("GET", &path, "text/plain", b"").await.unwrap();
        assert_eq!(run["data"]["status"], "completed", "run {id}: {run}");
        assert_eq!(run["data"]["output"]["double"], n * 2, "run {id}");
    }
    server.kill().await.unwrap();
}
