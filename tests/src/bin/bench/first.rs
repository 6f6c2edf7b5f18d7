//! Workload D: how long until the first result, of a component the engine has never seen and after
//! a restart; and what an idle server holds in memory.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tests::guests;
use tests::server::Server;

use crate::figure::{Figures, quantile};

/// Rounds measured of each.
const ROUNDS: u8 = 5;
/// How long a server rests before its memory is read.
const REST: Duration = Duration::from_secs(1);

/// Measures on a server of its own.
pub(crate) async fn run(binary: &Path, data: &Path, figures: &mut Figures) -> Result<()> {
    let mut server = Server::start(binary, data).await?;
    tokio::time::sleep(REST).await;
    figures.add("F.idle resident", server.resident_mib()?, "MiB", "<= 60");
    let mut uploads = Vec::new();
    for round in 0..ROUNDS {
        uploads.push(upload(&server, round).await?);
    }
    let mut restarts = Vec::new();
    for _ in 0..ROUNDS {
        server.kill().await?;
        let began = Instant::now();
        server = Server::start(binary, data).await?;
        execute(&server, "first0").await?;
        restarts.push(began.elapsed().as_secs_f64() * 1e3);
    }
    let first = quantile(&mut uploads, 0.5);
    figures.add("D.upload to first result", first, "ms", "<= 1000");
    let first = quantile(&mut restarts, 0.5);
    figures.add("D.restart to first result", first, "ms", "<= 150");
    server.kill().await
}

/// Uploads a component that differs from all before, and runs it.
async fn upload(server: &Server, round: u8) -> Result<f64> {
    let mut component = std::fs::read(guests::path("primes"))?;
    // A custom section, named `round`, that nothing reads.
    component.extend_from_slice(&[0, 7, 5, b'r', b'o', b'u', b'n', b'd', round]);
    let name = format!("first{round}");
    let path = format!("/api/v1/packs/bench/actions/{name}");
    let began = Instant::now();
    server
        .call("PUT", &path, "application/wasm", &component)
        .await?;
    execute(server, &name).await?;
    Ok(began.elapsed().as_secs_f64() * 1e3)
}

async fn execute(server: &Server, name: &str) -> Result<()> {
    let path = format!("/api/v1/actions/bench.{name}/execute?wait=30s");
    let body = br#"{"parameters": {"n": 10}}"#;
    let run = server.call("POST", &path, "application/json", body).await?;
    let output = run.pointer("/data/output").context("no output")?;
    ensure!(*output == 4, "the wrong output: {output}");
    Ok(())
}
