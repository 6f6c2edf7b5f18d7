//! Workload C: one task over many items.

use std::time::Instant;

use anyhow::{Result, ensure};

use crate::figure::Figures;
use tests::server::Server;

/// Measures an iteration of pure attempts at two sizes.
pub(crate) async fn run(server: &Server, figures: &mut Figures) -> Result<()> {
    let mut per_item = Vec::new();
    for count in [1_000, 10_000] {
        let name = format!("items-{count}");
        let source = format!(
            "ref: bench.{name}\nlabel: Bench\nversion: 1.0.0\ntasks:\n- name: t\n  action: core.noop\n  \
             with_items: \"{{{{ range({count}) }}}}\"\n  input: {{n: \"{{{{ item }}}}\"}}\n"
        );
        server
            .put_workflow(&format!("bench.{name}"), &source)
            .await?;
        let path = format!("/api/v1/workflows/bench.{name}/execute?wait=60s");
        let mut connection = server.connect().await?;
        let request = connection.encode("POST", &path, "application/json", b"{}");
        connection.send(&request).await?;
        let cpu = server.cpu_ms()?;
        let began = Instant::now();
        let (status, body) = connection.send(&request).await?;
        let seconds = began.elapsed().as_secs_f64();
        ensure!(
            status == 200,
            "{status}: {}",
            String::from_utf8_lossy(&body)
        );
        let cpu_ms = (server.cpu_ms()? - cpu) / f64::from(count);
        figures.add(
            format!("C.{count} items/s"),
            f64::from(count) / seconds,
            "1/s",
            ">= 20000",
        );
        figures.add(
            format!("C.{count} server CPU per item"),
            cpu_ms,
            "ms",
            "<= 0.06",
        );
        per_item.push(cpu_ms);
    }
    figures.add(
        "C cost at 10000 / at 1000",
        per_item[1] / per_item[0],
        "ratio",
        "~ 1",
    );
    Ok(())
}
