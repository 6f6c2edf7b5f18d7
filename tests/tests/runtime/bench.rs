//! What these tests share: a runtime with a store in memory, and attempts made for it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use attune_core::error::Failure;
use attune_core::event::{AttemptContext, Outcome};
use attune_core::pin::ActionPin;
use attune_core::{AttemptId, Digest, RunId, TaskId, Timestamp, Value};
use attune_driver::port::{
    Artifacts, Attempt, Finished, InspectError, Inspection, Inspector, Runner, StoreError,
};
use attune_host_api::{Backend, NoBackend};
use attune_runtime::{Allocator, Runtime, Settings};
use bytes::Bytes;
use tokio_util::sync::CancellationToken;

/// When every attempt of these tests first started.
pub(crate) const FIRST_STARTED: Timestamp = Timestamp(1_700_000_000_000);

/// Components in memory.
#[derive(Default)]
pub(crate) struct Blobs(Mutex<HashMap<Digest, Bytes>>);

impl Artifacts for Blobs {
    async fn blob(&self, digest: Digest) -> Result<Option<Bytes>, StoreError> {
        Ok(self.0.lock().unwrap().get(&digest).cloned())
    }
}

/// A runtime and its components.
pub(crate) struct Bench {
    pub(crate) runtime: Runtime,
    blobs: Arc<Blobs>,
}

/// Where all test processes keep what they compiled.
fn cache_dir() -> PathBuf {
    std::env::temp_dir().join("attune-tests-compiled")
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Settings {
            cache_dir: Some(cache_dir()),
            attempts: 16,
            ..Settings::default()
        })
    }

    pub(crate) fn on_demand() -> Self {
        Self::with(Settings {
            cache_dir: Some(cache_dir()),
            allocator: Allocator::OnDemand,
            ..Settings::default()
        })
    }

    pub(crate) fn with(settings: Settings) -> Self {
        Self::of(settings, Arc::new(NoBackend))
    }

    /// Makes a runtime whose actions reach `backend`.
    pub(crate) fn within(settings: Settings, backend: impl Backend) -> Self {
        let settings = Settings {
            cache_dir: Some(cache_dir()),
            attempts: 16,
            ..settings
        };
        Self::of(settings, Arc::new(backend))
    }

    fn of(settings: Settings, backend: Arc<dyn Backend>) -> Self {
        let blobs = Arc::new(Blobs::default());
        let runtime = Runtime::new(settings, Arc::clone(&blobs), backend);
        Self {
            runtime: runtime.unwrap(),
            blobs,
        }
    }

    /// Inspects an upload and stores its component.
    pub(crate) async fn upload(
        &self,
        component: Vec<u8>,
        manifest: &str,
    ) -> Result<Inspection, InspectError> {
        let manifest = Value::from_json(manifest.as_bytes()).unwrap();
        let inspection = self.runtime.inspect(component.into(), manifest).await?;
        let mut blobs = self.blobs.0.lock().unwrap();
        blobs.insert(inspection.digest, inspection.component.clone());
        Ok(inspection)
    }

    /// Forgets all components, as if their store had lost them.
    pub(crate) fn forget(&self) {
        self.blobs.0.lock().unwrap().clear();
    }

    /// Uploads a guest.
    pub(crate) async fn guest(&self, name: &str, manifest: &str) -> Inspection {
        let uploaded = self.upload(tests::guests::bytes(name), manifest).await;
        uploaded.unwrap_or_else(|error| panic!("{name}: {}: {error}", error.code))
    }

    /// Runs an attempt.
    pub(crate) async fn run(&self, attempt: Attempt) -> Finished {
        self.runtime.run(attempt, CancellationToken::new()).await
    }

    /// Uploads a guest and runs one attempt of it.
    pub(crate) async fn call(&self, name: &str, manifest: &str, input: &str) -> Finished {
        let inspection = self.guest(name, manifest).await;
        self.run(attempt(&inspection, input)).await
    }

    /// Checks that the runtime still answers.
    pub(crate) async fn still_answers(&self) {
        let finished = self.call("about", "null", "{}").await;
        assert!(
            matches!(finished.outcome, Outcome::Succeeded(_)),
            "{:?}",
            finished.outcome
        );
    }
}

/// Makes an attempt of what was uploaded.
pub(crate) fn attempt(inspection: &Inspection, input: &str) -> Attempt {
    Attempt {
        id: AttemptId {
            run: RunId(7),
            task: TaskId(3),
            attempt: 1,
        },
        name: "task".into(),
        action: ActionPin {
            reference: "pack.action".into(),
            revision: 1,
            digest: inspection.digest,
            invocation: inspection.invocation.clone(),
            pure: inspection.pure,
            cacheable: inspection.cacheable,
            limits: inspection.limits,
            builtin: false,
        },
        pack: "pack".into(),
        config: Value::Null,
        input: Value::from_json(input.as_bytes()).unwrap(),
        limits: inspection.limits,
        context: AttemptContext {
            first_started: FIRST_STARTED,
            deadline: None,
            timeout: None,
            seed: 42,
            idempotency_key: Digest::of(b"key"),
        },
        started: FIRST_STARTED,
        pure: inspection.pure,
        cache: None,
    }
}

/// Returns the result of an attempt that must have one.
pub(crate) fn result(finished: &Finished) -> String {
    match &finished.outcome {
        Outcome::Succeeded(value) => value.to_public_json(),
        Outcome::Failed(_) | Outcome::TimedOut | Outcome::Interrupted | Outcome::Abandoned => {
            panic!("expected a result, found {:?}", finished.outcome)
        }
    }
}

/// Returns the failure of an attempt that must have one.
pub(crate) fn failure(finished: &Finished) -> &Failure {
    match &finished.outcome {
        Outcome::Failed(failure) => failure,
        Outcome::Succeeded(_) | Outcome::TimedOut | Outcome::Interrupted | Outcome::Abandoned => {
            panic!("expected a failure, found {:?}", finished.outcome)
        }
    }
}
