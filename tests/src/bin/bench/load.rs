//! Workload B: single-task runs over HTTP, each client waiting for the result.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use crate::figure::{Figures, quantile};
use crate::floor;
use crate::pace::{self, Turns};
use tests::connection::Connection;
use tests::server::Server;

/// How long each load lasts.
const LOAD: Duration = Duration::from_secs(5);
const PATH: &str = "/api/v1/workflows/bench.single/execute?wait=30s";

struct Measured {
    runs: f64,
    seconds: f64,
    latencies_ms: Vec<f64>,
    /// By how much requests of an open loop were sent later than they were due.
    late_ms: Vec<f64>,
    cpu_ms: f64,
    commits: f64,
}

/// Measures closed loops of 1 to 256 clients.
pub(crate) async fn closed(server: &Server, figures: &mut Figures) -> Result<()> {
    prepare(server).await?;
    for clients in [1, 16, 64, 256] {
        let mut m = measure(server, clients, None).await?;
        let rate = m.runs / m.seconds;
        let name = format!("B.{clients}");
        figures.add(
            format!("{name} runs/s"),
            rate,
            "1/s",
            if clients == 256 { ">= 6800" } else { "" },
        );
        figures.add(
            format!("{name} server CPU per run"),
            m.cpu_ms / m.runs,
            "ms",
            "<= 0.15",
        );
        figures.add(
            format!("{name} commits/s"),
            m.commits / m.seconds,
            "1/s",
            "",
        );
        figures.add(
            format!("{name} p50"),
            quantile(&mut m.latencies_ms, 0.5),
            "ms",
            "",
        );
        let p99 = quantile(&mut m.latencies_ms, 0.99);
        figures.add(format!("{name} p99"), p99, "ms", "");
        if clients == 64 {
            let bound = 3.0 * 64.0 / rate * 1000.0;
            figures.add("B.64 p99 / bound", p99 / bound, "ratio", "<= 1");
        }
    }
    Ok(())
}

/// Measures an open loop at half of the closed loop's rate.
pub(crate) async fn open(server: &Server, figures: &mut Figures) -> Result<()> {
    let full = measure(server, 256, None).await?;
    let rate = full.runs / full.seconds / 2.0;
    let sync_us = floor::sync_us(server.data_dir())?;
    let mut m = measure(server, 256, Some(rate)).await?;
    let p99 = quantile(&mut m.latencies_ms, 0.99);
    let bound = 6.0 * sync_us / 1000.0 + 5.0;
    figures.add("B.open rate", m.runs / m.seconds, "1/s", "");
    figures.add("B.open p50", quantile(&mut m.latencies_ms, 0.5), "ms", "");
    figures.add("B.open p99", p99, "ms", "");
    figures.add(
        "B.open sent late p99",
        quantile(&mut m.late_ms, 0.99),
        "ms",
        "",
    );
    figures.add("B.open p99 / bound", p99 / bound, "ratio", "<= 1");
    Ok(())
}

async fn prepare(server: &Server) -> Result<()> {
    let source =
        "ref: bench.single\nlabel: Bench\nversion: 1.0.0\ntasks:\n- {name: t, action: core.noop}\n";
    server.put_workflow("bench.single", source).await?;
    server
        .call("POST", PATH, "application/json", b"{}")
        .await
        .map(drop)
}

/// Loads the server; with a `rate`, requests start at fixed instants and latency counts from them.
async fn measure(server: &Server, clients: usize, rate: Option<f64>) -> Result<Measured> {
    let mut connections = Vec::with_capacity(clients);
    for _ in 0..clients {
        connections.push(server.connect().await?);
    }
    let turns: Vec<Option<Turns>> = match rate {
        Some(rate) => pace::start(rate, clients, LOAD)
            .into_iter()
            .map(Some)
            .collect(),
        None => (0..clients).map(|_| None).collect(),
    };
    let (cpu, commits) = (server.cpu_ms()?, server.commits().await?);
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for (connection, turns) in connections.into_iter().zip(turns) {
        tasks.spawn(client(connection, turns, began + LOAD));
    }
    let (mut latencies_ms, mut late_ms) = (Vec::new(), Vec::new());
    while let Some(joined) = tasks.join_next().await {
        let (latencies, late) = joined??;
        latencies_ms.extend(latencies);
        late_ms.extend(late);
    }
    Ok(Measured {
        runs: latencies_ms.len() as f64,
        seconds: began.elapsed().as_secs_f64(),
        latencies_ms,
        late_ms,
        cpu_ms: server.cpu_ms()? - cpu,
        commits: server.commits().await? - commits,
    })
}

/// Sends one request after another, each when its turn comes, or at once where there are no turns.
/// Returns the latencies, and how late requests were sent, in milliseconds.
async fn client(
    mut connection: Connection,
    mut turns: Option<Turns>,
    end: Instant,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let request = connection.encode("POST", PATH, "application/json", b"{}");
    let (mut latencies, mut late) = (Vec::new(), Vec::new());
    while Instant::now() < end || turns.is_some() {
        let mut start = Instant::now();
        if let Some(turns) = &mut turns {
            let Some(due) = turns.recv().await else { break };
            late.push(due.elapsed().as_secs_f64() * 1000.0);
            start = due;
        }
        let (status, body) = connection.send(&request).await?;
        ensure!(
            status == 200,
            "{status}: {}",
            String::from_utf8_lossy(&body)
        );
        latencies.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    Ok((latencies, late))
}
