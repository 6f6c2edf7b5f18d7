//! Workloads A and A': one run of sequential tasks, pure or effectful.

use std::time::Instant;

use anyhow::{Result, ensure};

use crate::figure::{Figures, quantile};
use crate::floor;
use tests::server::Server;

/// Runs measured of each length: enough that the clock by which the kernel counts CPU does not matter.
const RUNS: usize = 100;
/// Allowance of wall time per task beside the syncs, in microseconds.
const TASK_US: f64 = 150.0;

/// Measures chains of pure tasks.
pub(crate) async fn pure(server: &Server, figures: &mut Figures) -> Result<()> {
    for length in [40, 100] {
        let sync_us = floor::sync_us(server.data_dir())?;
        let measured = measure(server, "core.noop", length).await?;
        let bound = 4.0 * sync_us + length as f64 * TASK_US;
        report(
            figures,
            &format!("A.{length}"),
            &measured,
            bound,
            ("<= 0.08", "<= 2 a run"),
        );
    }
    Ok(())
}

/// Measures chains of effectful tasks: each must see the one before it on disk.
pub(crate) async fn effectful(server: &Server, figures: &mut Figures) -> Result<()> {
    upload_effectful(server).await?;
    let length = 40;
    let before = floor::sync_us(server.data_dir())?;
    let measured = measure(server, "bench.effectful", length).await?;
    // The disk's mood changes while this runs, for a second and more.
    let sync_us = f64::midpoint(before, floor::sync_us(server.data_dir())?);
    figures.add("A'.40 floor.sync", sync_us, "µs", "");
    let bound = 1.6 * length as f64 * sync_us + length as f64 * TASK_US;
    report(
        figures,
        "A'.40",
        &measured,
        bound,
        ("<= 0.35", "<= 40 a run"),
    );
    Ok(())
}

struct Measured {
    length: usize,
    wall_us: f64,
    cpu_ms_per_task: f64,
    syncs_per_run: f64,
}

fn report(figures: &mut Figures, name: &str, m: &Measured, bound_us: f64, reach: (&str, &str)) {
    figures.add(format!("{name} wall"), m.wall_us / 1000.0, "ms", "");
    figures.add(
        format!("{name} wall / bound"),
        m.wall_us / bound_us,
        "ratio",
        "<= 1",
    );
    figures.add(
        format!("{name} wall per task"),
        m.wall_us / m.length as f64,
        "µs",
        "",
    );
    figures.add(
        format!("{name} server CPU per task"),
        m.cpu_ms_per_task,
        "ms",
        reach.0,
    );
    figures.add(
        format!("{name} syncs per run"),
        m.syncs_per_run,
        "",
        reach.1,
    );
}

async fn measure(server: &Server, action: &str, length: usize) -> Result<Measured> {
    let name = format!("chain-{length}-{}", action.replace('.', "-"));
    server
        .put_workflow(&format!("bench.{name}"), &chain(&name, action, length))
        .await?;
    let path = format!("/api/v1/workflows/bench.{name}/execute?wait=60s");
    let mut connection = server.connect().await?;
    let request = connection.encode("POST", &path, "application/json", b"{}");
    for _ in 0..3 {
        connection.send(&request).await?;
    }
    let (cpu, syncs) = (server.cpu_ms()?, server.commits().await?);
    let mut walls = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let began = Instant::now();
        let (status, body) = connection.send(&request).await?;
        walls.push(began.elapsed().as_secs_f64() * 1e6);
        ensure!(
            status == 200,
            "{status}: {}",
            String::from_utf8_lossy(&body)
        );
    }
    let tasks = (RUNS * length) as f64;
    Ok(Measured {
        length,
        wall_us: quantile(&mut walls, 0.5),
        cpu_ms_per_task: (server.cpu_ms()? - cpu) / tasks,
        syncs_per_run: (server.commits().await? - syncs) / RUNS as f64,
    })
}

fn chain(name: &str, action: &str, length: usize) -> String {
    let mut source = format!("ref: bench.{name}\nlabel: Bench\nversion: 1.0.0\ntasks:\n");
    for i in 0..length {
        let next = if i + 1 < length {
            format!(", on_success: t{}", i + 1)
        } else {
            String::new()
        };
        source.push_str(&format!("- {{name: t{i}, action: {action}{next}}}\n"));
    }
    source
}

/// Uploads `core.noop` again with a manifest that says it is not pure.
async fn upload_effectful(server: &Server) -> Result<()> {
    let path = "/api/v1/actions/core.noop/component";
    let mut connection = server.connect().await?;
    let (status, component) = connection.request("GET", path, "text/plain", b"").await?;
    ensure!(status == 200, "cannot fetch core.noop: {status}");
    let mut body = b"--x\r\ncontent-disposition: form-data; name=\"manifest\"\r\n\
        content-type: application/yaml\r\n\r\npure: false\n\r\n\
        --x\r\ncontent-disposition: form-data; name=\"component\"; filename=\"c\"\r\n\
        content-type: application/wasm\r\n\r\n"
        .to_vec();
    body.extend_from_slice(&component);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let path = "/api/v1/packs/bench/actions/effectful";
    server
        .call("PUT", path, "multipart/form-data; boundary=x", &body)
        .await
        .map(drop)
}
