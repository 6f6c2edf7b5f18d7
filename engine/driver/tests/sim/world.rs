//! One life of a process: a driver on simulated ports.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use attune_core::Timestamp;
use attune_driver::system::SystemRandom;
use attune_driver::{Config, Driver, Handle, LocalDispatch, MemoryStore, Ports};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::chance::Chance;
use crate::clock::VirtualClock;
use crate::disk::{Fuse, SimStore, Trace};
use crate::runner::{FakeRunner, Offered, Probe};

/// What makes a life.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) seed: u64,
    /// The number of this life.
    pub(crate) life: u64,
    pub(crate) begins: Timestamp,
    /// Calls of the store until the process dies.
    pub(crate) calls: u64,
    pub(crate) attempt_ms: u64,
    pub(crate) sync_ms: u64,
    pub(crate) config: Config,
}

/// What outlives a process.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) offered: Arc<Mutex<Offered>>,
    pub(crate) trace: Arc<Mutex<Trace>>,
}

/// A driver, and the disk that spins under it.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) handle: Handle,
    pub(crate) driver: Driver,
    pub(crate) store: Arc<SimStore>,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) disk: JoinSet<()>,
}

impl Outside {
    /// A new world, whose store decides by itself when something is durable: never.
    pub(crate) fn new(tail: usize) -> Self {
        Self {
            store: Arc::new(MemoryStore::manual(tail)),
            offered: Arc::default(),
            trace: Arc::new(Mutex::new(Trace::new())),
        }
    }
}

impl Setting {
    /// A life without crashes.
    pub(crate) fn quiet(seed: u64) -> Self {
        Self {
            seed,
            life: 0,
            begins: crate::clock::BEGIN,
            calls: u64::MAX,
            attempt_ms: 100,
            sync_ms: 5,
            config: Config {
                actors: 2,
                attempts: 8,
                machines: 64,
                grace: Duration::from_secs(1),
                ..Config::default()
            },
        }
    }

    /// Starts the driver, within a runtime whose time is paused.
    pub(crate) async fn begin(&self, outside: &Outside) -> Life {
        let clock = Arc::new(VirtualClock::starting(self.begins));
        let store = Arc::new(SimStore {
            inner: Arc::clone(&outside.store),
            fuse: Fuse::new(self.calls),
            clock: Arc::clone(&clock),
            trace: Arc::clone(&outside.trace),
            appended: Notify::new(),
        });
        let purpose = |purpose: u64| Chance::new(self.seed, self.life << 8 | purpose);
        let runner = FakeRunner {
            chance: purpose(1),
            most_ms: self.attempt_ms,
        };
        let places = self.config.attempts;
        let runtime = tokio::runtime::Handle::current();
        let dispatch = Probe {
            inner: LocalDispatch::new(Arc::new(runner), places, runtime),
            store: Arc::clone(&store),
            offered: Arc::clone(&outside.offered),
        };
        let ports = Ports {
            store: Arc::clone(&store),
            views: Arc::clone(&outside.store) as _,
            artifacts: Arc::clone(&store),
            facts: Arc::clone(&outside.store) as _,
            dispatch: Arc::new(dispatch),
            clock: Arc::clone(&clock),
            random: Arc::new(SystemRandom::seeded(purpose(2).below(u64::MAX))),
        };
        let mut disk = JoinSet::new();
        let (spinning, chance, most) = (Arc::clone(&store), purpose(3), self.sync_ms);
        disk.spawn(async move { spinning.spin(&chance, most).await });
        let (handle, driver) = Driver::start(ports, self.config.clone()).await.unwrap();
        Life {
            handle,
            driver,
            store,
            clock,
            disk,
        }
    }
}

/// Runs a future in a runtime of its own, on one thread and in virtual time. When it ends, all
/// that still runs is dropped where it stands.
pub(crate) fn in_virtual_time<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(future)
}
