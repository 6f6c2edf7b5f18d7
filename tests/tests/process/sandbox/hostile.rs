//! A hundred guests that misbehave at once: the API answers meanwhile, all of them end as they
//! must, and the memory comes back.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::guests;
use tests::server::Server;

use super::{post, run, start, upload};

/// What each of the hundred is, its fuel, and how it must end. Printing costs more time than fuel.
const KINDS: [(&str, u64, &str); 4] = [
    ("spin", 200_000_000, "fuel_exhausted"),
    ("allocate", 200_000_000, "memory_exhausted"),
    ("stack", 200_000_000, "trap"),
    ("print", 5_000_000, "fuel_exhausted"),
];

/// How long an answer may take on a machine whose cores are all busy.
const PATIENCE: Duration = Duration::from_secs(5);

/// Starts a run and waits for its end.
async fn misbehave(address: String, guest: &str, error: &str) {
    let mut connection = tests::connection::Connection::open(&address).await.unwrap();
    let path = format!("/api/v1/actions/t.{guest}/execute?wait=60s");
    let sent = connection.request("POST", &path, "application/json", b"{}");
    let (status, body) = sent.await.unwrap();
    let run: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(status, 200, "{run}");
    assert_eq!(run["data"]["error"]["type"], error, "{guest}: {run}");
}

/// Asks for lists and for a small run, and returns the longest that an answer took.
async fn slowest_answer(server: &Server) -> Duration {
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let begun = Instant::now();
        let path = "/api/v1/runs?limit=5";
        server.call("GET", path, "", b"").await.unwrap();
        let (status, _) = post(server, "/actions/t.about/execute", &json!({})).await;
        assert_eq!(status, 202);
        slowest = slowest.max(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    slowest
}

#[tokio::test]
async fn hundred_at_once_hold_nobody_up() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "").await;
    for (guest, fuel, _) in KINDS.into_iter().chain([("about", 100_000_000, "")]) {
        let limits = json!({ "fuel": fuel, "log": "16KiB", "timeout": "2m" });
        let manifest = json!({ "limits": limits }).to_string();
        upload(&server, guest, &guests::bytes(guest), &manifest).await;
        run(&server, &format!("actions/t.{guest}"), json!({})).await;
    }
    let before = server.resident_mib().unwrap();
    let mut hundred = tokio::task::JoinSet::new();
    for index in 0..100 {
        let (guest, _, error) = KINDS[index % KINDS.len()];
        hundred.spawn(misbehave(server.address().to_owned(), guest, error));
    }
    let slowest = slowest_answer(&server).await;
    while let Some(ended) = hundred.join_next().await {
        ended.unwrap();
    }
    assert!(slowest < PATIENCE, "an answer took {slowest:?}");
    let last = run(&server, "actions/t.about", json!({})).await;
    assert_eq!(last["status"], "completed", "{last}");
    let grown = server.resident_mib().unwrap() - before;
    assert!(grown < 256.0, "{grown} MiB are left of 25 times 64");
}
