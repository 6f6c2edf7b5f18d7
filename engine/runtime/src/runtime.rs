//! The runtime: components, admission and the threads that guests run on, in one handle.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use attune_core::Timestamp;
use attune_core::error::{Failure, kind};
use attune_core::event::{Outcome, Usage};
use attune_driver::port::{Artifacts, Attempt, Finished, Runner};
use attune_host_api::http::HttpClient;
use attune_host_api::{Backend, Grants};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::admission::Admission;
use crate::attempt;
use crate::cache::Cache;
use crate::compile::Compiler;
use crate::engine::Engines;
use crate::library::{AsBlobs, Library};
use crate::results::Results;
use crate::settings::Settings;

/// Why a runtime could not be made.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The threads could not be started, or the cache's directory not be used.
    #[error("the runtime could not be set up")]
    Io(#[from] std::io::Error),
    /// wasmtime refused its configuration.
    #[error("the engine could not be set up: {0}")]
    Engine(String),
}

/// Compiles components and runs attempts. Cheap to clone.
#[derive(Clone)]
pub struct Runtime(pub(crate) Arc<Inner>);

/// What all clones share.
pub(crate) struct Inner {
    pub(crate) settings: Settings,
    pub(crate) library: Library,
    pub(crate) admission: Admission,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) http: Arc<HttpClient>,
    pub(crate) no_grants: Arc<Grants>,
    pub(crate) results: Results,
    guests: Guests,
}

/// The threads that guests run on. They stop when dropped, without waiting for guests.
struct Guests(Option<tokio::runtime::Runtime>);

impl Guests {
    fn start(threads: usize) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("attune-guest")
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    fn handle(&self) -> &tokio::runtime::Handle {
        let runtime = self.0.as_ref().expect("it is only taken when dropped");
        runtime.handle()
    }
}

impl Drop for Guests {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Runtime {
    /// Makes a runtime that finds components in `artifacts` and what actions reach in `backend`.
    ///
    /// # Errors
    /// If threads, cache directory or engine cannot be had.
    pub fn new<A: Artifacts>(
        settings: Settings,
        artifacts: Arc<A>,
        backend: Arc<dyn Backend>,
    ) -> Result<Self, OpenError> {
        let engine_error = |error: wasmtime::Error| OpenError::Engine(error.to_string());
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = settings.threads.unwrap_or(cores).max(1);
        let guests = Guests::start(threads)?;
        let engines = Engines::new(&settings).map_err(engine_error)?;
        let engine = engines.compiler().clone();
        let cache = settings.cache_dir.as_deref();
        let cache = cache
            .map(|dir| Cache::open(dir, &engine, settings.cache_disk_bytes))
            .transpose()?;
        let compiler = Compiler::new(engine, settings.compile_ms, guests.handle().clone());
        let blobs = Arc::new(AsBlobs(artifacts));
        let library = Library::new(engines, compiler, cache, blobs).map_err(engine_error)?;
        Ok(Self(Arc::new(Inner {
            library: library.with_memory(settings.cache_memory_bytes),
            admission: Admission::new(&settings, threads),
            backend,
            http: Arc::new(HttpClient::new(settings.http.clone())),
            no_grants: Arc::default(),
            results: Results::default(),
            guests,
            settings,
        })))
    }

    /// Tells whether instances come from the pool; otherwise each attempt costs more.
    pub fn is_pooled(&self) -> bool {
        self.0.library.is_pooled()
    }

    /// Runs `work` on the guests' threads, where this is not one of them already.
    pub(crate) async fn on_guests<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let guests = self.0.guests.handle();
        let here = tokio::runtime::Handle::try_current();
        if here.is_ok_and(|here| here.id() == guests.id()) {
            return Some(work.await);
        }
        // Dropping the handle ends the guest: whoever stops waiting has no use for it.
        match AbortOnDropHandle::new(guests.spawn(work)).await {
            Ok(done) => Some(done),
            Err(error) => {
                tracing::error!(%error, "the task of an attempt was lost");
                None
            }
        }
    }

    /// Returns the handle of the threads that guests run on: attempts that are spawned there
    /// need no change of threads.
    pub fn guests(&self) -> tokio::runtime::Handle {
        self.0.guests.handle().clone()
    }
}

impl Runner for Runtime {
    async fn run(&self, attempt: Attempt, stop: CancellationToken) -> Finished {
        let id = attempt.id;
        let inner = Arc::clone(&self.0);
        let work = async move { attempt::run(&inner, attempt, stop).await };
        let done = self.on_guests(work).await;
        done.unwrap_or_else(|| Finished {
            id,
            outcome: Outcome::Failed(
                Failure::engine(kind::ENGINE, "the engine lost the attempt").retryable(),
            ),
            usage: Usage::default(),
            logs: Vec::new(),
        })
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime")
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}

/// Reads the clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp(since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX)))
}
