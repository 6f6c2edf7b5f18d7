//! What every handler shares: the driver's handle, the ports, and what the server keeps itself.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use attune_core::{Definition, Digest, graph};
use attune_driver::Handle;
use attune_driver::port::{Catalog, Executor, Inspector, TokenRecord, Views};
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::auth::Throttle;
use crate::cache::Cache;
use crate::config::Config;
use crate::error::{ApiError, Code, Result};
use crate::limits::{CACHED_GRAPH_BYTES, CACHED_TOKENS, Limits};
use crate::metrics::Metrics;
use crate::resolve::Resolver;

/// What the binary wires into a server.
pub struct Parts {
    /// The running driver.
    pub handle: Handle,
    /// The synced state of runs.
    pub views: Arc<dyn Views>,
    /// Packs, actions, workflows, tokens.
    pub catalog: Arc<dyn Catalog>,
    /// Looks at uploads.
    pub inspector: Arc<dyn Inspector>,
    /// Executes attempts of the past again.
    pub executor: Arc<dyn Executor>,
    /// Gives what the rest of the process counts, as Prometheus text: `/metrics` ends with it.
    pub counters: Arc<dyn Fn() -> String + Send + Sync>,
}

/// The HTTP API over a running driver. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    pub(crate) app: App,
}

impl Server {
    /// Makes a server; nothing listens yet.
    pub fn new(parts: Parts, config: Config) -> Self {
        let app = Shared {
            resolver: Resolver::new(parts.catalog.clone()),
            tokens: Cache::new(CACHED_TOKENS),
            graphs: Cache::new(CACHED_GRAPH_BYTES),
            throttle: Throttle::new(config.limits.failed_logins),
            executes: Semaphore::new(config.limits.executes),
            streams: Arc::new(Semaphore::new(config.limits.streams)),
            metrics: Metrics::default(),
            live: LiveCount::default(),
            shutdown: CancellationToken::new(),
            handle: parts.handle,
            views: parts.views,
            catalog: parts.catalog,
            inspector: parts.inspector,
            executor: parts.executor,
            counters: parts.counters,
            config,
        };
        Self {
            app: App(Arc::new(app)),
        }
    }
}

/// The state of the router.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// What every handler shares.
pub(crate) struct Shared {
    pub(crate) handle: Handle,
    pub(crate) views: Arc<dyn Views>,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) inspector: Arc<dyn Inspector>,
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) counters: Arc<dyn Fn() -> String + Send + Sync>,
    pub(crate) config: Config,
    pub(crate) resolver: Resolver,
    pub(crate) tokens: Cache<Digest, Arc<TokenRecord>>,
    pub(crate) throttle: Throttle,
    graphs: Cache<Digest, Arc<RawValue>>,
    /// Places for requests that start runs.
    pub(crate) executes: Semaphore,
    /// Places for live streams.
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) metrics: Metrics,
    pub(crate) live: LiveCount,
    /// Ends streams and waits when the server stops.
    pub(crate) shutdown: CancellationToken,
}

impl Shared {
    /// Returns the bounds.
    pub(crate) fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// Returns a workflow's graph as JSON, which every answer about a run of it contains.
    pub(crate) fn graph(&self, definition: &Definition) -> Arc<RawValue> {
        if let Some(kept) = self.graphs.get(0, &definition.digest) {
            return kept;
        }
        let json = serde_json::value::to_raw_value(&graph::json(definition));
        let json: Arc<RawValue> = json.expect("a JSON value always serializes").into();
        let weight = json.get().len();
        self.graphs.put(0, definition.digest, json.clone(), weight);
        json
    }

    /// Refuses new runs while too many wait or work.
    pub(crate) async fn admit(&self) -> Result<()> {
        if self.live.get(&*self.views).await? < self.config.limits.queued_runs {
            return Ok(());
        }
        let limit = self.config.limits.queued_runs;
        Err(ApiError::new(
            Code::Busy,
            format!("`queued_runs`: {limit} runs wait or work already"),
        )
        .retry_after(5))
    }
}

/// How many runs wait or work, asked at most once a second: counting is not free.
#[derive(Debug)]
pub(crate) struct LiveCount {
    epoch: Instant,
    asked_ms: AtomicU64,
    count: AtomicU64,
}

impl Default for LiveCount {
    fn default() -> Self {
        Self {
            epoch: Instant::now(),
            asked_ms: AtomicU64::new(0),
            count: AtomicU64::new(0),
        }
    }
}

impl LiveCount {
    /// How long an answer is good, in milliseconds.
    const GOOD_MS: u64 = 1000;

    async fn get(&self, views: &dyn Views) -> Result<u64> {
        // One more, so that the very first call asks.
        let now =
            u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX) + Self::GOOD_MS;
        let asked = self.asked_ms.load(Ordering::Relaxed);
        let claimed = now >= asked + Self::GOOD_MS
            && self
                .asked_ms
                .compare_exchange(asked, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if claimed {
            let count = views.live_count().await?;
            self.count.store(count, Ordering::Relaxed);
        }
        Ok(self.count.load(Ordering::Relaxed))
    }
}
