//! What a component says about itself, asked once, under the limits of an attempt and with no
//! grant in force.

use std::sync::Arc;

use attune_core::pin::AttemptLimits;
use attune_core::{AttemptId, Digest, RunId, TaskId, Timestamp, Value};
use attune_driver::port::InspectError;
use attune_host_api::bindings::exports::attune::action::describe::{Description, GuestIndices};
use attune_host_api::http::{HttpClient, HttpLimits};
use attune_host_api::{NoBackend, Subject};

use crate::component::Loaded;
use crate::outcome::{self, Phase};
use crate::pure::Seed;
use crate::sandbox::{HttpSetup, PureSetup, Sandbox, Setup};

/// A description, with its JSON parsed.
#[derive(Debug, Default)]
pub(crate) struct Described {
    pub(crate) summary: Option<Arc<str>>,
    pub(crate) description: Option<Arc<str>>,
    pub(crate) parameters: Option<Value>,
    pub(crate) output: Option<Value>,
    pub(crate) grants: Value,
}

fn failed(message: impl std::fmt::Display) -> InspectError {
    InspectError {
        code: "describe_failed",
        message: format!("the component's `describe` failed: {message}"),
        hint: None,
    }
}

/// Calls `describe`.
pub(crate) async fn describe(
    loaded: &Loaded,
    digest: Digest,
    limits: AttemptLimits,
    http: &Arc<HttpClient>,
) -> Result<Described, InspectError> {
    let setup = Setup {
        subject: subject(&limits),
        limits,
        grants: Arc::default(),
        http: HttpSetup {
            client: Arc::clone(http),
            limits: HttpLimits::default(),
        },
        backend: Arc::new(NoBackend),
        pure: Some(PureSetup {
            base_ms: 0,
            seed: Seed::Content {
                digest,
                function: "describe".into(),
                input: Value::Null,
            },
        }),
        command: None,
    };
    let engine = loaded.component.engine();
    let mut sandbox = Sandbox::new(engine, setup).map_err(failed)?;
    let timeout = sandbox.timeout();
    let called = tokio::time::timeout(timeout, call(&mut sandbox, loaded)).await;
    let called = called.map_err(|_| failed("it took too long"))?;
    parse(called.map_err(|error| {
        let failure = outcome::failure(&error, Phase::Call);
        let stderr = sandbox.stderr_tail();
        let before = if stderr.is_empty() { "" } else { ": " };
        failed(format!("{}{before}{stderr}", failure.message))
    })?)
}

async fn call(sandbox: &mut Sandbox, loaded: &Loaded) -> wasmtime::Result<Description> {
    let pre = loaded.link(true)?;
    let indices = GuestIndices::new(&pre)?;
    let instance = pre.instantiate_async(&mut sandbox.store).await?;
    let guest = indices.load(&mut sandbox.store, &instance)?;
    guest.call_describe(&mut sandbox.store).await
}

fn parse(description: Description) -> Result<Described, InspectError> {
    let json = |what: &str, text: Option<String>| match text {
        None => Ok(None),
        Some(text) => match Value::from_json(text.as_bytes()) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(failed(format!("its {what} are {error}"))),
        },
    };
    let schema = |what: &str, text: Option<String>| match json(what, text)? {
        None => Ok(None),
        Some(value) => crate::schema::parameters("", &value)
            .map(Some)
            .map_err(|error| failed(format!("its {what} are no schema: {}", error.message))),
    };
    Ok(Described {
        summary: Some(description.summary.into()).filter(|text: &Arc<str>| !text.is_empty()),
        description: description.description.map(Into::into),
        parameters: schema("parameters", description.parameters)?,
        output: schema("output", description.output)?,
        grants: json("grants", description.grants)?.unwrap_or_default(),
    })
}

/// Nobody in particular.
fn subject(limits: &AttemptLimits) -> Subject {
    Subject {
        id: AttemptId {
            run: RunId(0),
            task: TaskId(0),
            attempt: 0,
        },
        action: "describe".into(),
        revision: 0,
        pack: "".into(),
        config: Value::Null,
        deadline: Timestamp(limits.timeout_ms),
        idempotency_key: Digest([0; 32]),
    }
}
