//! The sandbox as a user meets it: the real server, real components, a service on loopback.

mod commands;
mod hostile;
mod requests;
mod used;
mod versions;

use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};
use tests::server::{Server, binary};

const API: &str = "/api/v1";

/// Starts a server on `dir`; `config` is its configuration file.
async fn start(dir: &Path, config: &str) -> Server {
    let file = dir.join("attune.toml");
    std::fs::write(&file, config).unwrap();
    let flags = ["--auth", "none", "--config", file.to_str().unwrap()];
    Server::start_with(&binary(), dir, &flags).await.unwrap()
}

/// Uploads a component with its manifest and returns what the server says of it.
async fn upload(server: &Server, name: &str, component: &[u8], manifest: &str) -> Json {
    let mut body = format!(
        "--X\r\ncontent-disposition: form-data; name=\"manifest\"\r\n\r\n{manifest}\r\n\
         --X\r\ncontent-disposition: form-data; name=\"component\"\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(component);
    body.extend_from_slice(b"\r\n--X--\r\n");
    let path = format!("{API}/packs/t/actions/{name}");
    let kind = "multipart/form-data; boundary=X";
    let answer = server.call("PUT", &path, kind, &body).await.unwrap();
    answer["data"].clone()
}

/// Runs the command line in the server's folder and returns its exit code and all it says.
fn tried(server: &Server, words: &[&str]) -> (i32, String) {
    let done = Command::new(binary())
        .args(words)
        .current_dir(server.data_dir())
        .env("ATTUNE_SERVER", format!("http://{}", server.address()))
        .env("XDG_CONFIG_HOME", server.data_dir())
        .output()
        .unwrap();
    let text = [done.stdout, done.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    (done.status.code().unwrap(), text)
}

/// Runs a command that must go well.
fn attune(server: &Server, words: &[&str]) -> String {
    let (code, text) = tried(server, words);
    assert_eq!(code, 0, "{words:?}: {text}");
    text
}

/// Posts JSON and returns status and answer.
async fn post(server: &Server, path: &str, body: &Json) -> (u16, Json) {
    let path = format!("{API}{path}");
    let body = body.to_string();
    let asked = server.ask("POST", &path, "application/json", body.as_bytes());
    asked.await.unwrap()
}

/// Returns what is at a path.
async fn get(server: &Server, path: &str) -> Json {
    let path = format!("{API}{path}");
    let answer = server.call("GET", &path, "", b"").await.unwrap();
    answer["data"].clone()
}

/// Runs an action or a workflow to its end and returns the run.
async fn run(server: &Server, what: &str, parameters: Json) -> Json {
    let body = json!({ "parameters": parameters });
    let (_, answer) = post(server, &format!("/{what}/execute?wait=60s"), &body).await;
    let run = answer["data"].clone();
    assert!(run["id"].is_u64(), "{what}: {answer}");
    run
}

/// A component whose `run` returns a number.
fn number(number: u32) -> Vec<u8> {
    let text = format!(
        r#"(component
            (core module $m (func (export "run") (result i32) (i32.const {number})))
            (core instance $i (instantiate $m))
            (func (export "run") (result u32) (canon lift (core func $i "run"))))"#
    );
    wat::parse_str(text).unwrap()
}
