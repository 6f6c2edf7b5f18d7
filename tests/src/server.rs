//! The real binary as a server: started on a free port, asked, measured, killed, started again.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value as Json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::connection::Connection;

/// Clock ticks a second, as Linux fixes them for user space.
const TICKS: f64 = 100.0;
/// How long a start may take: compiling the standard actions without optimisation is slow.
const START: Duration = Duration::from_secs(120);

/// A running server, killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: String,
    data: PathBuf,
}

impl Server {
    /// Starts `binary` without authentication on a free port, with its state in `data`.
    ///
    /// # Errors
    /// If it does not start within [`START`].
    pub async fn start(binary: &Path, data: &Path) -> Result<Self> {
        Self::start_with(binary, data, &["--auth", "none"]).await
    }

    /// The same with flags of one's own.
    ///
    /// # Errors
    /// If it does not start within [`START`].
    pub async fn start_with(binary: &Path, data: &Path, flags: &[&str]) -> Result<Self> {
        std::fs::create_dir_all(data)?;
        let mut child = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(flags)
            .env("XDG_CONFIG_HOME", data)
            .env("XDG_CACHE_HOME", data)
            .env("ATTUNE_LOG", "warn")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start `{}`", binary.display()))?;
        let stdout = child
            .stdout
            .take()
            .context("the server has no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = tokio::time::timeout(START, lines.next_line()).await??;
        let line = line.context("the server ended before it listened")?;
        let Some(address) = line.strip_prefix("listening on http://") else {
            bail!("the server's first line is `{line}`");
        };
        Ok(Self {
            child,
            address: address.to_owned(),
            data: data.to_owned(),
        })
    }

    /// Returns host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the folder of the store.
    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn connect(&self) -> Result<Connection> {
        Connection::open(&self.address).await
    }

    /// Sends one request and returns the answer's JSON; a refusal is an error.
    ///
    /// # Errors
    /// If the server does not answer, or answers with a status of 400 or above.
    pub async fn call(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Result<Json> {
        let (status, answer) = self.ask(method, path, kind, body).await?;
        if status >= 400 {
            bail!("{method} {path}: {status} {answer}");
        }
        Ok(answer)
    }

    /// Sends one request and returns the answer's status and JSON, whatever they are.
    ///
    /// # Errors
    /// If the server does not answer.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: &[u8],
    ) -> Result<(u16, Json)> {
        let mut connection = self.connect().await?;
        let (status, answer) = connection.request(method, path, kind, body).await?;
        Ok((status, serde_json::from_slice(&answer).unwrap_or_default()))
    }

    /// Puts a workflow.
    ///
    /// # Errors
    /// If the server refuses it.
    pub async fn put_workflow(&self, reference: &str, source: &str) -> Result<()> {
        let path = format!("/api/v1/workflows/{reference}");
        self.call("PUT", &path, "application/yaml", source.as_bytes())
            .await
            .map(drop)
    }

    /// Returns the CPU time the server has used, in milliseconds.
    ///
    /// # Errors
    /// If it has ended.
    pub fn cpu_ms(&self) -> Result<f64> {
        let id = self.child.id().context("the server has ended")?;
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        let fields: Vec<&str> = stat
            .rsplit(") ")
            .next()
            .unwrap_or_default()
            .split(' ')
            .collect();
        let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        Ok(ticks * 1000.0 / TICKS)
    }

    /// Returns the server's resident memory in MiB.
    ///
    /// # Errors
    /// If it has ended.
    pub fn resident_mib(&self) -> Result<f64> {
        let id = self.child.id().context("the server has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: f64 = line
            .and_then(|line| line.split_whitespace().next())
            .context("no VmRSS")?
            .parse()?;
        Ok(kib / 1024.0)
    }

    /// Returns how often the store has committed.
    ///
    /// # Errors
    /// If the server does not say.
    pub async fn commits(&self) -> Result<f64> {
        let mut connection = self.connect().await?;
        let (_, body) = connection
            .request("GET", "/metrics", "text/plain", b"")
            .await?;
        let text = String::from_utf8_lossy(&body).into_owned();
        let line = text
            .lines()
            .find(|line| line.starts_with("attune_store_commits_total"));
        let number = line.and_then(|line| line.rsplit(' ').next());
        number
            .and_then(|n| n.parse().ok())
            .context("no attune_store_commits_total in /metrics")
    }

    /// Kills the server as `kill -9` does and waits until it is gone.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await.context("cannot kill the server")
    }

    /// Asks the server to stop, as SIGTERM does, and returns its exit code.
    ///
    /// # Errors
    /// If it does not end within [`START`].
    pub async fn terminate(mut self) -> Result<Option<i32>> {
        let id = self.child.id().context("the server has ended")?;
        let status = Command::new("kill").arg(id.to_string()).status().await?;
        anyhow::ensure!(status.success(), "cannot signal the server");
        Ok(tokio::time::timeout(START, self.child.wait())
            .await??
            .code())
    }
}

/// Returns the binary under test: `ATTUNE_BIN`, or the one beside this test's own.
///
/// # Panics
/// If there is none: `cargo build -p attune` makes it.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("ATTUNE_BIN") {
        return path.into();
    }
    let exe = std::env::current_exe().expect("a running test has a path");
    let profile = exe
        .ancestors()
        .nth(2)
        .expect("tests stand in <profile>/deps");
    let path = profile.join("attune");
    assert!(
        path.is_file(),
        "`{}` is missing: run `cargo build -p attune` first",
        path.display()
    );
    path
}
