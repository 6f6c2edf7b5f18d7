//! A fake engine for native tests of an action, one for each thread: every test finds it empty.
//!
//! What the engine would refuse for want of a grant is allowed here unless the test calls
//! [`deny`].
//!
//! ```
//! use attune_sdk::{prelude::*, testing};
//!
//! /// Greets in the pack's language, and counts.
//! fn greet(_: Value) -> Result<String, ActionError> {
//!     let hello: String = config::get("hello")?.unwrap_or("Hello".into());
//!     let seen = kv::get::<u32>("seen")?.unwrap_or(0) + 1;
//!     kv::set("seen", &seen)?;
//!     let name: String = http::Request::get("https://names.example/next").send()?.ok()?.json()?;
//!     info!("greeting", name = name);
//!     Ok(format!("{hello}, {name}, number {seen}!"))
//! }
//!
//! testing::set_config(json!({"hello": "Bonjour"}));
//! let next = http::Response { status: 200, body: b"\"Ada\"".to_vec(), ..Default::default() };
//! testing::respond("GET", "https://names.example/next", next);
//!
//! let output = testing::call(&greet, &json!({})).unwrap();
//! assert_eq!(output, "Bonjour, Ada, number 1!");
//! assert_eq!(testing::logs()[0].message, "greeting");
//! assert_eq!(testing::requests().len(), 1);
//! assert_eq!(kv::get::<u32>("seen"), Ok(Some(1)));
//!
//! testing::deny("http");
//! let error = testing::call(&greet, &json!({})).unwrap_err();
//! assert_eq!(error.kind(), Some("denied"));
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::{ActionError, Case};
use crate::fake::{self, Fake};
use crate::handler::Handler;
use crate::http::{Request, Response};
use crate::log::Level;

/// A line that the action logged.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// The sentence.
    pub message: String,
    /// The values beside it.
    pub fields: Vec<(String, Value)>,
}

/// One example of an action: what goes in and what comes out, as data.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it shows.
    pub title: String,
    /// The input.
    pub input: Value,
    /// The result, unless it fails.
    #[serde(default)]
    pub result: Value,
    /// The failure, if it fails.
    pub error: Option<ExampleError>,
    /// What the pack's store holds before.
    #[serde(default)]
    pub kv: BTreeMap<String, Value>,
    /// What servers are asked, in order, and what they answer.
    #[serde(default)]
    pub http: Vec<ExampleExchange>,
}

/// A request that an example sends, and the response to it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExampleExchange {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The body that is sent, as text.
    #[serde(default)]
    pub body: String,
    /// Headers that are sent, among others.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The response.
    pub response: ExampleResponse,
}

/// The response of a server in an example.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExampleResponse {
    /// The status.
    pub status: u16,
    /// The headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body, as text.
    #[serde(default)]
    pub body: String,
}

/// The failure that an example shows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExampleError {
    /// The case: `invalid-input`, `transient` or `permanent`.
    pub case: String,
    /// The kind, where the action gives one.
    pub kind: Option<String>,
    /// A part of the message.
    pub message: String,
}

/// Forgets everything that happened on this thread.
pub fn reset() {
    fake::with(|fake| *fake = Fake::default());
}

/// Sets the pack's configuration, an object.
pub fn set_config(config: Value) {
    let config = match config {
        Value::Object(config) => config,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    };
    fake::with(|fake| fake.config = config);
}

/// Sets a secret.
pub fn set_secret(name: impl Into<String>, value: impl Into<String>) {
    fake::with(|fake| fake.secrets.insert(name.into(), value.into()));
}

/// Sets which attempt the action believes to be.
pub fn set_attempt(attempt: u32) {
    fake::with(|fake| fake.attempt = attempt);
}

/// Sets what a server answers. Several answers to the same request are given one after another,
/// the last one for ever.
pub fn respond(method: impl Into<String>, url: impl Into<String>, response: Response) {
    fake::with(|fake| fake.responses.push((method.into(), url.into(), response)));
}

/// Returns the requests that were sent.
#[must_use]
pub fn requests() -> Vec<Request> {
    fake::with(|fake| fake.requests.clone())
}

/// Denies a capability from now on: `config`, `http`, `kv` or `secrets`.
pub fn deny(capability: impl Into<String>) {
    fake::with(|fake| fake.denied.insert(capability.into()));
}

/// Returns what was logged.
#[must_use]
pub fn logs() -> Vec<LogLine> {
    fake::with(|fake| fake.logs.clone())
}

/// Returns the progress that was told.
#[must_use]
pub fn progress() -> Vec<(u8, String)> {
    fake::with(|fake| fake.progress.clone())
}

/// Calls an action as the engine does, with JSON in and out.
///
/// # Errors
/// If the attempt fails.
pub fn call<A>(action: &impl Handler<A>, input: &Value) -> Result<Value, ActionError> {
    let output = action.run_json(&input.to_string())?;
    Ok(serde_json::from_str(&output)?)
}

/// Calls an action on each example of a JSON list and compares.
///
/// # Panics
/// If the list is malformed or empty, or an example does not come true.
pub fn check_examples<A>(action: &impl Handler<A>, examples: &str) {
    let examples: Vec<Example> = serde_json::from_str(examples).expect("examples must be a list");
    assert!(!examples.is_empty(), "there are no examples");
    for example in examples {
        reset();
        example.prepare();
        let outcome = call(action, &example.input);
        example.check_requests();
        let title = &example.title;
        match (outcome, example.error) {
            (Ok(found), None) => assert_eq!(found, example.result, "{title}"),
            (Err(found), Some(expected)) => {
                assert_eq!(case_name(found.case()), expected.case, "{title}: {found}");
                assert_eq!(found.kind(), expected.kind.as_deref(), "{title}: {found}");
                assert!(
                    found.message().contains(&expected.message),
                    "{title}: {found}"
                );
            }
            (Ok(found), Some(_)) => panic!("{title}: it succeeded with {found}"),
            (Err(found), None) => panic!("{title}: it failed: {found}"),
        }
    }
}

impl Example {
    fn prepare(&self) {
        for (key, value) in &self.kv {
            crate::kv::set(key, value).expect("an example's key and value must be valid");
        }
        for exchange in &self.http {
            let response = &exchange.response;
            let headers = response.headers.iter();
            let response = Response {
                status: response.status,
                headers: headers
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect(),
                body: response.body.clone().into_bytes(),
            };
            respond(&exchange.method, &exchange.url, response);
        }
    }

    fn check_requests(&self) {
        let (title, requests) = (&self.title, requests());
        assert_eq!(requests.len(), self.http.len(), "{title}: {requests:?}");
        for (expected, found) in self.http.iter().zip(requests) {
            let what = (found.method.as_str(), found.url.as_str());
            assert_eq!(what, (&*expected.method, &*expected.url), "{title}");
            assert_eq!(
                String::from_utf8_lossy(&found.body),
                expected.body,
                "{title}"
            );
            for (name, value) in &expected.headers {
                let header = (name.clone(), value.clone());
                assert!(
                    found.headers.contains(&header),
                    "{title}: {:?}",
                    found.headers
                );
            }
        }
    }
}

fn case_name(case: Case) -> &'static str {
    match case {
        Case::InvalidInput => "invalid-input",
        Case::Transient => "transient",
        Case::Permanent => "permanent",
    }
}
