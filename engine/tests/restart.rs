//! What docs/language.md says about restarts: a server is killed while everything waits, and what
//! waited goes on, neither lost nor shortened nor done twice.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

/// How long the waits of the workflow are.
const WAIT_MS: u64 = 5_000;
/// When the server is killed: a wait that began anew would be longer by this.
const KILL: Duration = Duration::from_millis(3_000);
/// How late a wait may end.
const LATE_MS: u64 = 2_900;
/// How often one looks whether a run has ended.
const LOOK: Duration = Duration::from_millis(100);
/// How long that may take in all, on a machine with much else to do.
const LOOKS_MAX: u32 = 900;

const ALL: &str = r#"
ref: restart.all
label: Everything that waits
version: 1.0.0
finally: [last]
tasks:
  - {name: begin, action: core.noop, on_success: [sleep, again, delay, block, child, each, windows]}
  - {name: sleep, action: core.sleep, input: {seconds: 5}}
  - {name: again, action: core.fail, input: {retryable: true}, retry: {count: 1, delay: 5s}, on_failure: noop}
  - {name: delay, action: core.noop, delay: 5s}
  - {name: block, type: parallel, tasks: [{name: b1, action: core.sleep, input: {seconds: 5}, on_success: b2}, {name: b2, action: core.noop}]}
  - {name: child, type: workflow, action: restart.child}
  - {name: each, action: core.sleep, with_items: [2, 2, 2], concurrency: 1, input: {seconds: "{{ item }}"}}
  - {name: windows, action: core.sleep, with_items: [2, 2, 2, 2], batch_size: 2, batch_mode: window, input: {seconds: "{{ item }}"}}
  - {name: last, action: core.sleep, input: {seconds: 1}}
output_map:
  attempts: "{{ task.again.attempts }}"
  items: "{{ task.each['items'] | map(attribute='attempts') }}"
  together: "{{ [task.each.max_in_flight, task.windows.max_in_flight] }}"
  visits: "{{ [task.sleep.visit, task.b2.visit, task.child.visit, task.delay.visit, task.last.visit] }}"
  times: "{{ [task.sleep.duration_ms, task.again.duration_ms, task.block.duration_ms, task.child.duration_ms] }}"
"#;

const CHILD: &str = r#"
ref: restart.child
label: A child that waits
version: 1.0.0
tasks: [{name: a, action: core.sleep, input: {seconds: 5}, on_success: b}, {name: b, action: core.noop}]
"#;

const KEYED: &str = r#"
ref: restart.keyed
label: One at a time
version: 1.0.0
concurrency_key: "'restart'"
tasks: [{name: a, action: core.sleep, input: {seconds: 5}}]
output_map: {began: "{{ task.a.started_at }}", ended: "{{ task.a.completed_at }}"}
"#;

/// A server that is killed when dropped.
struct Server {
    process: Child,
    url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut process = attune(folder)
            .args([
                "serve",
                "--auth",
                "none",
                "--listen",
                "127.0.0.1:0",
                "--data",
            ])
            .arg(folder.join("data"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = process.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap()
            .to_owned();
        Self { process, url }
    }

    /// Runs a command against the server and returns what it prints.
    fn ask(&self, folder: &Path, words: &[&str]) -> String {
        let done = attune(folder)
            .args(words)
            .env("ATTUNE_SERVER", &self.url)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{words:?}: {told}");
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    fn show(&self, folder: &Path, run: &str) -> Json {
        let text = self.ask(folder, &["run", "show", run, "--output", "json"]);
        serde_json::from_str(&text).unwrap()
    }

    /// Waits until a run has ended, and returns it.
    fn end_of(&self, folder: &Path, run: &str) -> Json {
        for _ in 0..LOOKS_MAX {
            let shown = self.show(folder, run);
            let status = shown["status"].as_str().unwrap();
            if ["completed", "failed", "timeout", "cancelled"].contains(&status) {
                return shown;
            }
            std::thread::sleep(LOOK);
        }
        panic!("run {run} does not end: {}", self.show(folder, run));
    }
}

fn attune(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    command
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("XDG_CONFIG_HOME", folder)
        .env("XDG_DATA_HOME", folder)
        .env("ATTUNE_LOG", "warn");
    command
}

/// Lets the server find what an earlier test has compiled, which takes longer than the test.
fn keep_compiled(folder: &Path) {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    std::fs::create_dir_all(&kept).unwrap();
    std::fs::create_dir(folder.join("data")).unwrap();
    std::os::unix::fs::symlink(kept, folder.join("data/compiled")).unwrap();
}

/// Tells whether a wait went on over a restart that was over after `back_ms`.
fn went_on(waited_ms: &Json, back_ms: u64) -> bool {
    let longest = WAIT_MS.max(back_ms) + LATE_MS;
    (WAIT_MS..longest).contains(&waited_ms.as_u64().unwrap())
}

#[test]
fn what_waits_goes_on_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    keep_compiled(folder);
    let server = Server::start(folder);
    for (name, text) in [("child", CHILD), ("all", ALL), ("keyed", KEYED)] {
        let file = folder.join(format!("{name}.yaml"));
        std::fs::write(&file, text).unwrap();
        server.ask(folder, &["workflow", "apply", &file.display().to_string()]);
    }
    let begun = Instant::now();
    let start = |reference| server.ask(folder, &["run", "start", reference]);
    let all = start("restart.all");
    let (holder, waiter, paused) = (
        start("restart.keyed"),
        start("restart.keyed"),
        start("restart.child"),
    );
    server.ask(folder, &["run", "pause", &paused]);
    std::thread::sleep(KILL.saturating_sub(begun.elapsed()));
    drop(server);
    let server = Server::start(folder);
    let back_ms = u64::try_from(begun.elapsed().as_millis()).unwrap();

    let shown = server.end_of(folder, &all);
    assert_eq!(shown["status"], "completed", "{shown}");
    let output = &shown["output"];
    let times = output["times"].as_array().unwrap();
    let all_went_on = times.iter().all(|waited| went_on(waited, back_ms));
    assert!(all_went_on, "{times:?} with the server back at {back_ms}");
    let counts = json!({
        "attempts": 2,
        "items": [1, 1, 1],
        "together": [1, 2],
        "visits": [1, 1, 1, 1, 1],
    });
    for (key, expected) in counts.as_object().unwrap() {
        assert_eq!(&output[key], expected, "{key}");
    }

    let first = server.end_of(folder, &holder);
    let second = server.end_of(folder, &waiter);
    let (ended, began) = (&first["output"]["ended"], &second["output"]["began"]);
    assert!(
        ended.as_str().unwrap() <= began.as_str().unwrap(),
        "{ended} {began}"
    );

    assert_eq!(server.show(folder, &paused)["status"], "paused");
    server.ask(folder, &["run", "resume", &paused]);
    assert_eq!(server.end_of(folder, &paused)["status"], "completed");
}
