//! What `attune action new --lang` makes: each project passes its own test, is built and uploaded
//! by `attune action push`, and runs; and a guest of each language that looks at clocks and
//! randomness is pure.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tests::languages::{C, GO, JS, Language, PYTHON, Project, RUST};
use tests::server::{Server, binary};

/// How long a guest may take that sleeps for an hour of its own time.
const SOON: Duration = Duration::from_secs(120);

/// Returns the binary with JSON as its output and a place to keep compiled code.
fn attune(project: &Project, dir: &Path) -> Command {
    let mut command = project.command(binary());
    command
        .args(["--output", "json"])
        .env("XDG_CONFIG_HOME", dir)
        .env("XDG_CACHE_HOME", dir);
    command
}

/// Makes a project, runs its own tests, pushes and calls it; `kind` is what it must be found to be,
/// `failure` how an empty name fails.
async fn check(language: Language, kind: &str, failure: (&str, &str)) {
    let dir = tempfile::tempdir().unwrap();
    let Some(project) = Project::new(&binary(), dir.path(), language) else {
        return;
    };
    let [program, arguments @ ..] = language.tests else {
        panic!("a project has tests")
    };
    project.run(project.command(program).args(arguments));

    let server = Server::start(&binary(), &dir.path().join("data"))
        .await
        .unwrap();
    let address = format!("http://{}", server.address());
    let at_server = || {
        let mut command = attune(&project, dir.path());
        command.args(["--server", &address, "action"]);
        command
    };
    let pushed = project.run(at_server().args(["push", ".", "--as", "demo.greet"]));
    let pushed: Json = serde_json::from_str(&pushed).unwrap();
    assert_eq!(pushed["kind"], kind, "{pushed}");
    assert_eq!(
        (&pushed["status"], &pushed["pure"]),
        (&json!("active"), &json!(true)),
        "{pushed}"
    );
    let parameters = &pushed["parameters"]["properties"];
    assert!(
        parameters["name"].is_object() && parameters["times"].is_object(),
        "{pushed}"
    );

    check_size(language, &project);

    let result = project.run(at_server().args(["run", "demo.greet", "name=Ada", "times:=2"]));
    let result: Json = serde_json::from_str(&result).unwrap();
    assert_eq!(result, json!({"message": "Hello, Ada! Hello, Ada!"}));
    let logs = server
        .call("GET", "/api/v1/runs/1/logs", "text/plain", b"")
        .await
        .unwrap();
    assert!(logs.to_string().contains("greeting"), "{logs}");

    let path = "/api/v1/actions/demo.greet/execute?wait=30s";
    let body = br#"{"parameters": {"name": ""}}"#;
    let run = server
        .call("POST", path, "application/json", body)
        .await
        .unwrap();
    let error = &run["data"]["error"];
    assert_eq!(error["type"], failure.0, "{run}");
    assert!(error.to_string().contains(failure.1), "{run}");
    server.kill().await.unwrap();
}

/// Compares the component's size with the table of docs/actions.md.
fn check_size(language: Language, project: &Project) {
    let page = include_str!("../../../docs/actions.md");
    let row = format!("| `{}` |", language.name);
    let row = page.lines().find(|line| line.starts_with(&row)).unwrap();
    let said = row.split('|').nth(4).unwrap().trim();
    let said: f64 = said.trim_end_matches(" MB").parse().unwrap();
    let size = std::fs::metadata(project.component()).unwrap().len();
    let size = size as f64 / 1e6;
    assert!(
        (size - said).abs() <= (said * 0.2).max(0.01),
        "{size} MB, {row}"
    );
}

#[tokio::test]
async fn rust_project_is_tested_pushed_and_run() {
    check(RUST, "action", ("no_name", "`name` is empty")).await;
}

#[tokio::test]
async fn javascript_project_is_tested_pushed_and_run() {
    check(JS, "action", ("no_name", "`name` is empty")).await;
}

#[tokio::test]
async fn python_project_is_tested_pushed_and_run() {
    check(PYTHON, "action", ("no_name", "`name` is empty")).await;
}

#[tokio::test]
async fn c_project_is_tested_pushed_and_run() {
    check(C, "typed", ("action", "`name` is empty")).await;
}

#[tokio::test]
async fn go_project_is_tested_pushed_and_run() {
    check(GO, "command", ("action", "`name` is empty")).await;
}

/// Builds a guest that looks at clocks and randomness, and runs it twice: it ends soon, is pure
/// and sees the same.
fn check_purity(language: Language, sleeps: bool) {
    let dir = tempfile::tempdir().unwrap();
    let Some(project) = Project::new(&binary(), dir.path(), language) else {
        return;
    };
    let source = Path::new(language.source);
    let observer = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data/observe")
        .join(source.file_name().unwrap());
    std::fs::copy(observer, project.dir.join(source)).unwrap();

    let inspected = project.run(attune(&project, dir.path()).args(["action", "inspect", "."]));
    let inspected: Json = serde_json::from_str(&inspected).unwrap();
    assert_eq!(inspected["pure"], true, "{inspected}");
    let run = || {
        let began = Instant::now();
        let mut command = attune(&project, dir.path());
        let seen = project.run(command.args(["action", "run", "greet.wasm", "name=Ada"]));
        assert!(began.elapsed() < SOON, "{seen}");
        seen
    };
    let first = run();
    assert_eq!(run(), first);
    let seen: Json = serde_json::from_str(&first).unwrap();
    let seen: Json = serde_json::from_str(seen["message"].as_str().unwrap()).unwrap();
    assert!(seen["looks"].as_u64().unwrap() >= 1, "{seen}");
    assert!(
        !sleeps || seen["slept"].as_f64().unwrap() >= 3600.0,
        "{seen}"
    );
}

#[test]
fn javascript_that_looks_around_is_pure() {
    // The sandbox's JavaScript has no timers: waiting is looking at the clock.
    check_purity(JS, false);
}

#[test]
fn python_that_looks_around_is_pure() {
    check_purity(PYTHON, true);
}

#[test]
fn c_that_looks_around_is_pure() {
    check_purity(C, true);
}

#[test]
fn go_that_looks_around_is_pure() {
    check_purity(GO, true);
}

/// Go's runtime says itself that there is no memory left, before the limit would. Its exit code is
/// 2, of which WASI 0.2 passes on that it is not 0.
#[tokio::test]
async fn go_program_without_memory_says_so_and_fails() {
    let dir = tempfile::tempdir().unwrap();
    let Some(project) = Project::new(&binary(), dir.path(), GO) else {
        return;
    };
    let hoarder = include_str!("../../data/hoard/greet.go");
    std::fs::write(project.dir.join(GO.source), hoarder).unwrap();
    let ended = attune(&project, dir.path())
        .args(["action", "run", ".", "name=Ada"])
        .output()
        .unwrap();
    let told = String::from_utf8(ended.stderr).unwrap();
    assert!(told.contains("exited with code 1"), "{told}");
    assert!(told.contains("out of memory"), "{told}");
}

/// A project of any build system says what it needs; what is missing is told in one line.
#[test]
fn missing_tool_is_named_with_the_way_to_get_it() {
    let dir = tempfile::tempdir().unwrap();
    let made = Command::new(binary())
        .args(["action", "new", "greet", "--lang", "js"])
        .current_dir(&dir)
        .output()
        .unwrap();
    assert!(made.status.success());
    let told = |path: &str| {
        let done = Command::new(binary())
            .args(["action", "inspect", "greet"])
            .current_dir(&dir)
            .env("PATH", path)
            .output()
            .unwrap();
        assert!(!done.status.success());
        String::from_utf8(done.stderr).unwrap()
    };
    let npm = dir.path().join("bin");
    std::fs::create_dir(&npm).unwrap();
    std::fs::write(npm.join("npm"), "").unwrap();
    let text = told(npm.to_str().unwrap());
    assert_eq!(
        text.trim(),
        "error: `node_modules/componentize-qjs` is missing: run `npm install` in the project's directory"
    );
    std::fs::create_dir_all(dir.path().join("greet/node_modules/componentize-qjs")).unwrap();
    let text = told("");
    assert!(text.contains("`npm` is missing: install Node.js"), "{text}");
}
