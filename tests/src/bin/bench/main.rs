//! Measures a release build of the binary against floors taken in the same run.
//!
//! usage: bench PATH-OF-ATTUNE PATH-OF-FLOOR [WORKLOAD…], where the floor is the example
//! `attempts` of the runtime. Prints a table, and a JSON line per figure on standard
//! output. CPU is the server's own, from the kernel; wall times come as ratios, because machines
//! differ and are noisy.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::format_push_string,
    reason = "a benchmark prints its figures"
)]

mod attempts;
mod chain;
mod figure;
mod first;
mod floor;
mod items;
mod load;
mod machine;
mod pace;
mod validate;

use std::path::Path;

use anyhow::{Context, Result};
use tests::server::Server;

use crate::figure::Figures;

#[tokio::main]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let mut path = || args.next().context("usage: bench ATTUNE FLOOR [WORKLOAD…]");
    let (binary, floor) = (path()?, path()?);
    let wanted: Vec<String> = args.collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|other| other == name);
    let mut figures = Figures::default();
    if wants("I") {
        validate::run(&mut figures)?;
        machine::run(&mut figures)?;
        if wanted.len() == 1 {
            figures.print();
            return Ok(());
        }
    }

    let data = std::env::temp_dir().join(format!("attune-bench-{}", std::process::id()));
    let server = Server::start(Path::new(&binary), &data).await?;
    figures.add("floor.sync", floor::sync_us(server.data_dir())?, "µs", "");
    if wants("A") {
        chain::pure(&server, &mut figures).await?;
    }
    if wants("A'") {
        chain::effectful(&server, &mut figures).await?;
    }
    if wants("B") {
        load::closed(&server, &mut figures).await?;
        load::open(&server, &mut figures).await?;
    }
    if wants("C") {
        items::run(&server, &mut figures).await?;
    }
    if wants("E") {
        attempts::run(&server, Path::new(&binary), Path::new(&floor), &mut figures).await?;
    }
    if wants("D") {
        first::run(Path::new(&binary), &data.join("first"), &mut figures).await?;
    }
    figures.print();
    server.kill().await?;
    std::fs::remove_dir_all(&data).context("cannot remove the store")
}
