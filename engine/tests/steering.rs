//! A user's day with the real binary: runs that fail are explained, run again, forked and audited;
//! a question waits through a pause and a kill; packs hold their state; and every refusal has its
//! words and its exit code.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value as Json, json};

const ORDER: &str = "ref: shop.order
label: Order
version: 1.0.0
parameters:
  sku: {type: string, required: true}
tasks:
  - name: reserve
    action: core.echo
    input: {value: '{{ parameters.sku }}'}
    on_success: charge
  - name: charge
    action: core.fail
    input: {message: card declined}
    on_success: ship
  - {name: ship, action: core.echo, input: {value: '{{ task.reserve.result.value }}'}}
output_map: {shipped: '{{ task.ship.result.value | default(none) }}'}
";

const ASK: &str = "ref: shop.ask
label: Ask
version: 1.0.0
tasks:
  - name: ask
    action: core.inquiry
    input: {prompt: Ship it?, schema: {type: object, required: [ok], properties: {ok: {type: boolean}}}}
output_map: {answer: '{{ task.ask.result }}'}
";

/// Reads two keys, of which one is missing at first; then waits for longer than it may.
const BATCH: &str = "ref: shop.batch
label: Batch
version: 1.0.0
timeout: 2s
tasks:
  - name: read
    action: kv.get
    with_items: [a, b]
    input: {key: '{{ item }}'}
    on_success: wait
  - {name: wait, action: core.sleep, input: {seconds: '{{ kv.get(\"wait\", default=0) }}'}}
output_map: {values: '{{ task.read.results }}', visits: '{{ task.read.visit }}'}
";

/// A user's folder with the server that works in it, which is killed when dropped.
struct User {
    folder: tempfile::TempDir,
    server: Child,
    url: String,
}

/// What a command did.
#[derive(Debug)]
struct Done {
    code: i32,
    out: String,
    err: String,
}

impl Drop for User {
    fn drop(&mut self) {
        self.kill();
    }
}

impl User {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // What an earlier test has compiled is found, which takes longer than this test.
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
        std::fs::create_dir_all(&kept).unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        std::os::unix::fs::symlink(kept, folder.path().join("data/compiled")).unwrap();
        for (name, source) in [
            ("order.yaml", ORDER),
            ("ask.yaml", ASK),
            ("batch.yaml", BATCH),
        ] {
            std::fs::write(folder.path().join(name), source).unwrap();
        }
        let (server, url) = serve(folder.path());
        Self {
            folder,
            server,
            url,
        }
    }

    fn kill(&mut self) {
        let _ended = self.server.kill();
        let _ended = self.server.wait();
    }

    fn restart(&mut self) {
        self.kill();
        (self.server, self.url) = serve(self.folder.path());
    }

    /// Runs a command in the user's folder.
    fn run(&self, words: &[&str]) -> Done {
        self.run_with(words, "")
    }

    fn run_with(&self, words: &[&str], input: &str) -> Done {
        let mut command = attune(self.folder.path())
            .args(words)
            .env("ATTUNE_SERVER", &self.url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = command.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        drop(stdin);
        let done = command.wait_with_output().unwrap();
        Done {
            code: done.status.code().unwrap(),
            out: String::from_utf8(done.stdout).unwrap(),
            err: String::from_utf8(done.stderr).unwrap(),
        }
    }

    /// Runs a command that must go well, and returns its data.
    fn ok(&self, words: &[&str]) -> String {
        let done = self.run(words);
        assert_eq!(done.code, 0, "{words:?}: {done:?}");
        done.out.trim().to_owned()
    }

    /// The same, as JSON.
    fn json(&self, words: &[&str]) -> Json {
        let text = self.ok(&[words, &["--output", "json"]].concat());
        serde_json::from_str(&text).unwrap()
    }

    /// Runs a command that must fail with an exit code, saying this.
    fn refused(&self, words: &[&str], code: i32, said: &str) {
        let done = self.run(words);
        assert_eq!(done.code, code, "{words:?}: {done:?}");
        assert!(done.err.contains(said), "{words:?}: {done:?}");
    }
}

fn serve(folder: &Path) -> (Child, String) {
    let flags = ["serve", "--auth", "none", "--listen", "127.0.0.1:0"];
    let mut server = attune(folder)
        .args(flags)
        .arg("--data")
        .arg(folder.join("data"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stdout = server.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("listening on ").unwrap();
    (server, url.to_owned())
}

fn attune(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    command
        .current_dir(folder)
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("XDG_CONFIG_HOME", folder)
        .env("XDG_DATA_HOME", folder)
        .env("ATTUNE_LOG", "warn");
    command
}

#[test]
fn a_day_with_runs_questions_and_packs() {
    let mut user = User::new();
    user.refused(&["run", "show"], 3, "there is no run yet");
    user.ok(&["workflow", "apply", "order.yaml", "ask.yaml"]);
    a_failed_run(&user);
    steering(&user);
    refusals(&user);
    workflows(&user);
    items(&user);
    let question = a_question(&user);
    user.restart();
    answers(&user, &question);
    packs(&user);
}

/// A rerun repeats the failed items alone, or all; what the run's timeout cut must be named.
fn items(user: &User) {
    user.ok(&["workflow", "apply", "batch.yaml"]);
    user.ok(&["kv", "set", "shop", "a", "1", "--json"]);
    let run = user.ok(&["run", "start", "shop.batch"]);
    user.refused(&["run", "watch", &run], 1, "1 of 2 items failed");
    user.ok(&["kv", "set", "shop", "a", "2", "--json"]);
    user.ok(&["kv", "set", "shop", "b", "3", "--json"]);
    let output = |words: &[&str]| {
        let text = user.ok(words);
        serde_json::from_str::<Json>(&text).unwrap()
    };
    let again = output(&["run", "retry", &run]);
    assert_eq!(again["visits"], 2, "{again}");
    let text = again["values"].to_string();
    assert!(text.contains('1') && text.contains('3'), "{text}");
    let all = output(&["run", "retry", &run, "--task", "read", "--reset-items"]);
    let text = all["values"].to_string();
    assert!(text.contains('2') && !text.contains('1'), "{text}");
    user.ok(&["kv", "set", "shop", "wait", "60", "--json"]);
    let late = user.run(&["run", "retry", &run, "--task", "wait"]);
    assert_eq!(late.code, 1, "{late:?}");
    assert_eq!(user.json(&["run", "show", &run])["status"], "timeout");
    user.refused(&["run", "retry", &run], 1, "name the tasks");
    user.ok(&["kv", "set", "shop", "wait", "0", "--json"]);
    user.ok(&["run", "retry", &run, "--task", "wait"]);
    let told = user.json(&["run", "fork", &run, "--from", "wait", "--preview"]);
    // Of the visits of `wait` the latest runs again, those before it stay.
    assert_eq!(told, json!({"again": ["wait"], "kept": ["read", "wait"]}));
}

/// What a failed run ends with, and what explains it.
fn a_failed_run(user: &User) {
    let done = user.run(&["workflow", "run", "shop.order", "sku=X1"]);
    assert_eq!(done.code, 1, "{done:?}");
    let lines: Vec<&str> = done.err.lines().collect();
    for expected in [
        "failed: task charge: card declined (action)",
        "11 |   - name: charge",
        "   |           ^^^^^^",
        "    \"message\": \"card declined\"",
        "next: attune run explain 1 charge",
        "      attune run retry 1",
    ] {
        assert!(lines.contains(&expected), "{expected}: {}", done.err);
    }
    assert_eq!(done.out, "{\n  \"shipped\": null\n}\n");
    let told = user.ok(&["run", "explain", "ship"]);
    assert!(
        told.contains("`charge` (visit 1) ended failed and did not lead here"),
        "{told}"
    );
    user.refused(&["run", "explain", "shipp"], 3, "`shipp` does not exist");
    let audit = user.json(&["run", "audit", "1"]);
    assert_eq!(audit["tasks"][0]["verdict"], "same", "{audit}");
}

/// What only the server knows to be wrong is shown at its place in the file.
fn refusals(user: &User) {
    let wrong = ORDER.replace("core.fail", "core.fial");
    std::fs::write(user.folder.path().join("wrong.yaml"), wrong).unwrap();
    let done = user.run(&["workflow", "apply", "wrong.yaml"]);
    assert_eq!(done.code, 1, "{done:?}");
    for expected in ["error[E_UNKNOWN_ACTION]", "action: core.fial", " ^^^^^^^^^"] {
        assert!(done.err.contains(expected), "{expected}: {}", done.err);
    }
    let told = user.run(&["action", "inspect", "order.yaml"]);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(
        told.err.contains("`order.yaml` is not a component"),
        "{told:?}"
    );
}

/// Retry, fork and what is done to many runs.
fn steering(user: &User) {
    let told = user.json(&["run", "retry", "--preview"]);
    assert_eq!(told, json!({"again": ["charge"], "kept": ["reserve"]}));
    let again = user.run(&["run", "retry", "1"]);
    assert_eq!(again.code, 1, "{again:?}");
    assert!(again.err.contains("failed charge"), "{}", again.err);
    assert!(!again.err.contains("completed reserve"), "{}", again.err);
    let tasks = user.json(&["run", "tasks", "1"]);
    assert_eq!(tasks.as_array().unwrap().len(), 3);
    let mended = ORDER.replace("core.fail", "core.echo");
    std::fs::write(user.folder.path().join("order.yaml"), mended).unwrap();
    user.ok(&["workflow", "apply", "order.yaml"]);
    let fork = ["run", "fork", "1", "--newest", "--from", "reserve"];
    let done = user.run(&[&fork[..], &["--param", "sku=X2"]].concat());
    assert_eq!(
        (done.code, &*done.out),
        (0, "{\n  \"shipped\": \"X2\"\n}\n"),
        "{done:?}"
    );
    let run = user.json(&["run", "show"]);
    assert_eq!(run["triggered_by"], "fork:1");
    user.refused(&["run", "fork"], 1, "name the task");
    let told = user.json(&["run", "retry", "--status", "failed", "--dry-run"]);
    assert_eq!(told["count"], 1);
    user.refused(&["run", "retry", "--reset-items"], 2, "needs a task");
    user.refused(&["run", "cancel", "1"], 1, "`failed`");
    let list = user.json(&["run", "list", "--workflow", "shop.order", "--limit", "1"]);
    assert_eq!(list[0]["id"], run["id"]);
}

/// Revisions, the switch, pictures, and a file that is not saved.
fn workflows(user: &User) {
    let versions = user.json(&["workflow", "versions", "shop.order"]);
    assert_eq!(versions[0]["revision"], 2);
    user.ok(&["workflow", "disable", "shop.order"]);
    user.refused(&["run", "start", "shop.order", "sku=1"], 1, "is disabled");
    user.ok(&["workflow", "enable", "shop.order"]);
    let drawn = user.ok(&["workflow", "graph", "shop.order", "--format", "svg"]);
    assert!(drawn.starts_with("<svg"), "{drawn}");
    let unsaved = ["workflow", "run", "order.yaml", "sku=Y", "--on-server"];
    assert_eq!(user.ok(&unsaved), "{\n  \"shipped\": \"Y\"\n}");
    let wrong = ORDER.replace("{message: card", "{mesage: card");
    std::fs::write(user.folder.path().join("wrong.yaml"), wrong).unwrap();
    user.ok(&["workflow", "validate", "wrong.yaml"]);
    let known = ["workflow", "validate", "wrong.yaml", "--on-server"];
    user.refused(&known, 1, "did you mean `message`?");
}

/// A run that is paused while it waits for an answer; returns the question's id.
fn a_question(user: &User) -> String {
    let run = user.ok(&["run", "start", "shop.ask", "--label", "team=web"]);
    user.ok(&["run", "pause", &run, "--reason", "lunch"]);
    let list = user.json(&["run", "list", "--label", "team=web"]);
    assert_eq!(list[0]["pause_reason"], "lunch", "{list}");
    let list = user.json(&["inquiry", "list"]);
    assert_eq!(list[0]["prompt"], "Ship it?");
    list[0]["id"].as_str().unwrap().to_owned()
}

/// The server was killed: the question is still there, the run still paused.
fn answers(user: &User, question: &str) {
    let shown = user.json(&["inquiry", "show", question]);
    assert_eq!(shown["id"], question);
    let respond = ["inquiry", "respond", question];
    user.refused(&[&respond[..], &["ok=yes"]].concat(), 1, "must be boolean");
    user.ok(&[&respond[..], &["ok:=true"]].concat());
    user.refused(&[&respond[..], &["ok:=true"]].concat(), 1, "was answered");
    assert_eq!(user.json(&["run", "show"])["status"], "paused");
    user.ok(&["run", "resume"]);
    let output = user.ok(&["run", "watch", "--output", "json"]);
    let output: Json = serde_json::from_str(&output).unwrap();
    assert_eq!(output, json!({"answer": {"ok": true}}));
    let other = user.ok(&["run", "start", "shop.ask", "--label", "team=ops"]);
    let told = user.json(&["run", "cancel", "--label", "team=ops"]);
    assert_eq!(told["runs"], json!([other.parse::<u64>().unwrap()]));
    user.refused(&["run", "watch", &other], 1, "ended: cancelled");
}

/// Configuration, kv, secrets, tokens, and the end of a pack.
fn packs(user: &User) {
    let config = user.json(&["pack", "config", "shop", "url=http://x", "n:=1"]);
    assert_eq!(config, json!({"url": "http://x", "n": 1}));
    user.ok(&["kv", "set", "shop", "a.b", "[1]", "--json", "--ttl", "1h"]);
    assert_eq!(user.json(&["kv", "get", "shop", "a.b"]), json!([1]));
    let conditional = ["kv", "set", "shop", "a.b", "x", "--expect", "7"];
    user.refused(&conditional, 1, "has changed");
    let keys = user.json(&["kv", "list", "shop", "--prefix", "a."]);
    assert_eq!(keys, json!([{"key": "a.b"}]));
    user.ok(&["kv", "remove", "shop", "a.b"]);
    user.refused(&["kv", "get", "shop", "a.b"], 3, "does not exist");
    let stored = user.run_with(&["secret", "set", "shop", "key"], "s3cret\n");
    assert_eq!(stored.code, 0, "{stored:?}");
    let names = user.json(&["secret", "list", "shop"]);
    assert_eq!(names, json!([{"name": "key"}]));
    let made = user.ok(&["token", "create", "ci", "--role", "read", "--pack", "shop"]);
    assert!(made.starts_with("att_"), "{made}");
    user.ok(&["token", "remove", "ci"]);
    user.refused(
        &["action", "remove", "core.echo"],
        1,
        "comes with the server",
    );
    user.refused(&["pack", "remove", "core"], 1, "comes with the server");
    user.ok(&["pack", "remove", "shop"]);
    user.refused(&["workflow", "show", "shop.order"], 3, "does not exist");
    // Its runs stay.
    assert_eq!(user.json(&["run", "show", "1"])["status"], "failed");
}
