//! A server without a socket: a real driver and a store in memory, a runner and an inspector that
//! know a few actions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use attune_core::error::Failure;
use attune_core::event::{Outcome, Usage};
use attune_core::pin::{AttemptLimits, Invocation};
use attune_core::{Digest, Timestamp, Value};
use attune_driver::port::{
    Attempt, Finished, InspectError, Inspection, Inspector, LogLevel, LogLine, Runner,
};
use attune_driver::system::{SystemClock, SystemRandom};
use attune_driver::{Driver, LocalDispatch, MemoryStore, Ports};
use attune_server::{AuthMode, Config, Parts, Server};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// A server and what it runs on.
pub(crate) struct TestApp {
    pub(crate) router: Router,
    pub(crate) server: Server,
    pub(crate) store: Arc<MemoryStore>,
    _driver: Driver,
}

impl TestApp {
    /// A server that asks for no token.
    pub(crate) async fn new() -> Self {
        Self::with(|config| config.auth = AuthMode::None).await
    }

    /// A server set up by `change`.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let store = Arc::new(MemoryStore::new());
        let runtime = tokio::runtime::Handle::current();
        let ports = Ports {
            store: store.clone(),
            views: store.clone(),
            artifacts: store.clone(),
            facts: store.clone(),
            dispatch: Arc::new(LocalDispatch::new(Arc::new(Actions), 64, runtime)),
            clock: Arc::new(SystemClock::default()),
            random: Arc::new(SystemRandom::default()),
        };
        let config = attune_driver::Config::default();
        let (handle, driver) = Driver::start(ports, config).await.unwrap();
        let mut config = Config {
            version: "0.0.0".to_owned(),
            ..Config::default()
        };
        change(&mut config);
        let parts = Parts {
            handle,
            views: store.clone(),
            catalog: store.clone(),
            inspector: Arc::new(Actions),
            executor: Arc::new(Actions),
            counters: Arc::new(|| "test_counter 1\n".to_owned()),
        };
        let server = Server::new(parts, config);
        Self {
            router: server.router(),
            server,
            store,
            _driver: driver,
        }
    }

    /// A server with the actions and workflows that most tests use.
    pub(crate) async fn filled() -> Self {
        let app = Self::new().await;
        for name in ["greet", "fail", "slow", "log", "echo", "drift"] {
            let path = format!("/api/v1/packs/demo/actions/{name}");
            let answer = app.put(&path).wasm(name).send().await;
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        }
        app.workflow(HELLO).await;
        app
    }

    /// Saves a workflow.
    pub(crate) async fn workflow(&self, text: &str) -> Answer {
        let reference = text
            .lines()
            .find_map(|line| line.strip_prefix("ref: "))
            .unwrap();
        let path = format!("/api/v1/workflows/{reference}");
        let answer = self.put(&path).yaml(text).send().await;
        assert!(answer.status.is_success(), "{}", answer.text());
        answer
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        Call::new(&self.router, "GET", path)
    }

    pub(crate) fn put(&self, path: &str) -> Call {
        Call::new(&self.router, "PUT", path)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        Call::new(&self.router, "POST", path)
    }

    pub(crate) fn delete(&self, path: &str) -> Call {
        Call::new(&self.router, "DELETE", path)
    }

    pub(crate) fn call(&self, method: &str, path: &str) -> Call {
        Call::new(&self.router, method, path)
    }
}

/// Greets whom it is told to.
pub(crate) const HELLO: &str = "ref: demo.hello
label: Hello
version: 1.0.0
tags: [greeting]
parameters:
  name: {type: string, required: true}
  key: {type: string, secret: true}
vars: {key: '{{ parameters.key | default(none) }}'}
tasks:
  - name: greet
    action: demo.greet
    input: {name: '{{ parameters.name }}'}
output_map: {greeting: '{{ task.greet.result }}'}
";

/// A request in the making.
pub(crate) struct Call {
    router: Router,
    request: axum::http::request::Builder,
    body: Body,
}

impl Call {
    fn new(router: &Router, method: &str, path: &str) -> Self {
        Self {
            router: router.clone(),
            request: Request::builder()
                .method(method)
                .uri(path)
                .header("host", "localhost:7878"),
            body: Body::empty(),
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn body(mut self, kind: &str, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self.header("content-type", kind)
    }

    pub(crate) fn json(self, body: Json) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn yaml(self, text: &str) -> Self {
        self.body("application/yaml", text.to_owned())
    }

    /// Sends a component that the test's inspector takes for the action `name`.
    pub(crate) fn wasm(self, name: &str) -> Self {
        self.body("application/wasm", format!("\0asm {name}"))
    }

    /// Sends it and returns the answer with its body still to be read.
    pub(crate) async fn open(self) -> axum::response::Response {
        let request = self.request.body(self.body).unwrap();
        self.router.oneshot(request).await.unwrap()
    }

    pub(crate) async fn send(self) -> Answer {
        let (parts, body) = self.open().await.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    /// Sends it and returns the problem's status and code.
    pub(crate) async fn problem(self) -> (u16, String) {
        let answer = self.send().await;
        answer.problem()
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    /// The `data` of an answer.
    pub(crate) fn data(&self) -> Json {
        assert!(self.status.is_success(), "{}", self.text());
        self.json()["data"].clone()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Checks the form of a problem; returns its status and code.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.text()
        );
        assert!(!self.header("x-request-id").is_empty());
        let json = self.json();
        let code = json["code"].as_str().unwrap().to_owned();
        assert_eq!(json["type"], format!("urn:attune:problem:{code}"));
        assert_eq!(json["status"], self.status.as_u16());
        assert!(json["title"].is_string() && json["detail"].is_string());
        (self.status.as_u16(), code)
    }
}

/// How often `drift` has run.
static DRIFT: AtomicU64 = AtomicU64::new(0);

/// Runs and inspects the actions of these tests, which are known by their names.
struct Actions;

impl Runner for Actions {
    async fn run(&self, attempt: Attempt, stop: CancellationToken) -> Finished {
        let name = attempt
            .action
            .reference
            .split('.')
            .nth(1)
            .unwrap_or_default();
        let mut logs = Vec::new();
        let outcome = match name {
            "greet" => {
                let name = attempt.input.get("name").and_then(Value::as_str);
                let text = format!("Hello, {}!", name.unwrap_or("nobody"));
                Outcome::Succeeded(text.into())
            }
            // Cacheable by name, and yet not the same twice.
            "drift" => {
                let count = DRIFT.fetch_add(1, Ordering::Relaxed);
                Outcome::Succeeded(count.into())
            }
            "fail" => Outcome::Failed(Failure::engine("broken", "it is broken")),
            "slow" => {
                tokio::select! {
                    () = stop.cancelled() => Outcome::Interrupted,
                    () = tokio::time::sleep(Duration::from_secs(60)) => Outcome::TimedOut,
                }
            }
            "log" => {
                logs.push(LogLine {
                    at: Timestamp(1),
                    level: LogLevel::Warn,
                    stream: "log".into(),
                    message: "careful\nnow".into(),
                    fields: vec![("n".into(), "1".into())],
                });
                Outcome::Succeeded(Value::Null)
            }
            _ => Outcome::Succeeded(attempt.input.clone()),
        };
        let usage = Usage {
            fuel: 10,
            attempts: 1,
            ..Usage::default()
        };
        Finished {
            id: attempt.id,
            outcome,
            usage,
            logs,
        }
    }
}

#[async_trait]
impl Inspector for Actions {
    async fn inspect(&self, upload: Bytes, manifest: Value) -> Result<Inspection, InspectError> {
        let text = String::from_utf8_lossy(&upload).into_owned();
        let Some(name) = text.strip_prefix("\0asm ") else {
            return Err(InspectError {
                code: "not_wasm",
                message: "the upload is no WebAssembly".to_owned(),
                hint: Some("upload a component".to_owned()),
            });
        };
        let parameters = r#"{"type": "object", "properties": {"name": {"type": "string"}}}"#;
        let parameters = match name {
            "greet" => Value::from_json(parameters.as_bytes()).unwrap(),
            _ => Value::Null,
        };
        Ok(Inspection {
            digest: Digest::of(&upload),
            component: upload,
            invocation: Invocation::Handler,
            exports: vec!["attune:action/handler@1.0.0".into()],
            imports: Vec::new(),
            grants: manifest.get("grants").cloned().unwrap_or_default(),
            needs_approval: manifest.get("grants").is_some(),
            pure: name != "slow",
            cacheable: matches!(name, "greet" | "drift"),
            limits: AttemptLimits::default(),
            parameters,
            output: Value::Null,
            summary: Some("An action of the tests".into()),
            description: None,
        })
    }
}
