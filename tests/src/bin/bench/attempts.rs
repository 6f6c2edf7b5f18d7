//! Workload E: attempts per second through the whole engine beside bare wasmtime with the same
//! component, configured alike: a fresh store, instance, call and drop on every core.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::guests;
use tests::languages::{JS, Project};
use tests::server::Server;

use crate::figure::Figures;

/// A component, what it is given, and what share of the floor the engine is to reach.
struct Subject {
    name: &'static str,
    component: PathBuf,
    input: &'static str,
    items: u32,
    reach: &'static str,
}

/// Measures a small component, one in JavaScript, and one that computes.
pub(crate) async fn run(
    server: &Server,
    binary: &Path,
    floor: &Path,
    figures: &mut Figures,
) -> Result<()> {
    let mut subjects = vec![
        Subject {
            name: "rust",
            component: guests::standard("core.noop"),
            input: "{}",
            items: 10_000,
            reach: ">= 0.33",
        },
        Subject {
            name: "hot loop",
            component: guests::path("primes"),
            input: r#"{"n": 20000}"#,
            items: 1_000,
            reach: ">= 0.8",
        },
    ];
    if let Some(component) = javascript(binary, server.data_dir())? {
        subjects.push(Subject {
            name: "javascript",
            component,
            input: r#"{"message": "hello"}"#,
            items: 5_000,
            reach: ">= 0.33",
        });
    }
    for subject in subjects {
        measure(server, floor, &subject, figures).await?;
    }
    Ok(())
}

/// Builds a JavaScript action that parses its input and returns it, without an interface of ours,
/// which the floor does not know; nothing where the tools are missing.
fn javascript(binary: &Path, dir: &Path) -> Result<Option<PathBuf>> {
    const WORLD: &str =
        "package local:action;\nworld action {\n    export attune:action/handler@1.0.0;\n}\n";
    const ACTION: &str =
        "export const handler = { run: (input) => JSON.stringify(JSON.parse(input)) };\n";
    let Some(project) = Project::new(binary, dir, JS) else {
        return Ok(None);
    };
    std::fs::write(project.dir.join("wit/world.wit"), WORLD)?;
    std::fs::write(project.dir.join("src/action.js"), ACTION)?;
    project.run(project.command("npm").args(["run", "--silent", "build"]));
    Ok(Some(project.dir.join("greet.wasm")))
}

async fn measure(
    server: &Server,
    floor: &Path,
    subject: &Subject,
    figures: &mut Figures,
) -> Result<()> {
    let bare = bare(floor, subject)?;
    let engine = through_the_engine(server, subject).await?;
    let name = subject.name;
    figures.add(format!("floor.wasm {name}"), bare, "1/s", "");
    figures.add(format!("E.{name} attempts"), engine, "1/s", "");
    figures.add(
        format!("E.{name} / floor.wasm"),
        engine / bare,
        "ratio",
        subject.reach,
    );
    Ok(())
}

/// Runs bare wasmtime on every core, in a process of its own.
fn bare(floor: &Path, subject: &Subject) -> Result<f64> {
    let output = Command::new(floor)
        .arg(&subject.component)
        .args([subject.input, "--floor"])
        .output()
        .with_context(|| format!("cannot run {}", floor.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "the floor failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    text.trim().parse().context("the floor printed no number")
}

/// Runs an iteration whose every item is an attempt: one request, so HTTP does not count.
async fn through_the_engine(server: &Server, subject: &Subject) -> Result<f64> {
    let id = subject.name.replace(' ', "-");
    let component = std::fs::read(&subject.component)?;
    let path = format!("/api/v1/packs/bench/actions/{id}");
    server
        .call("PUT", &path, "application/wasm", &component)
        .await?;
    let (items, input) = (subject.items, subject.input);
    let source = format!(
        "ref: bench.{id}\nlabel: Bench\nversion: 1.0.0\ntasks:\n- name: t\n  action: bench.{id}\n  \
         with_items: \"{{{{ range({items}) }}}}\"\n  input: {input}\n"
    );
    server.put_workflow(&format!("bench.{id}"), &source).await?;
    let path = format!("/api/v1/workflows/bench.{id}/execute?wait=60s");
    let mut connection = server.connect().await?;
    let request = connection.encode("POST", &path, "application/json", b"{}");
    connection.send(&request).await?;
    let began = Instant::now();
    let (status, body) = connection.send(&request).await?;
    let seconds = began.elapsed().as_secs_f64();
    let run: Value = serde_json::from_slice(&body)?;
    let ended = run.pointer("/data/status");
    ensure!(
        status == 200 && ended.is_some_and(|ended| ended == "completed"),
        "{status}: {run}"
    );
    Ok(f64::from(items) / seconds)
}
