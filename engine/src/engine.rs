//! Puts the parts together: store, runtime, driver, server. What is started first is stopped
//! last, so that nothing loses what it stands on.

use std::sync::Arc;

use attune_driver::port::{Artifacts, Catalog, Store, Views};
use attune_driver::system::{SystemClock, SystemRandom};
use attune_driver::{Driver, LocalDispatch, Ports};
use attune_runtime::{CatalogBackend, Runtime, Settings};
use attune_server::{Parts, Server};

use crate::output::error::{Context, Result};

/// What counts of the process `/metrics` shows beside the server's own, as Prometheus text.
pub(crate) type Counters = Arc<dyn Fn() -> String + Send + Sync>;

/// How an engine is set up.
pub(crate) struct Setup {
    /// Of the sandbox.
    pub(crate) runtime: Settings,
    /// Of the loop.
    pub(crate) driver: attune_driver::Config,
    /// Of the API.
    pub(crate) server: attune_server::Config,
    /// What else is counted.
    pub(crate) counters: Counters,
}

/// A running engine.
pub(crate) struct Engine {
    /// Its API.
    pub(crate) server: Server,
    /// Its packs, actions and workflows.
    pub(crate) catalog: Arc<dyn Catalog>,
    /// Its sandbox.
    pub(crate) runtime: Runtime,
    driver: Driver,
}

impl Engine {
    /// Starts an engine on a store. Runs that were under way go on.
    ///
    /// # Errors
    /// If the sandbox or the loop cannot be started.
    pub(crate) async fn start<S>(store: Arc<S>, setup: Setup) -> Result<Self>
    where
        S: Store + Views + Catalog + Artifacts,
    {
        let backend = Arc::new(CatalogBackend::new(Arc::clone(&store)));
        let runtime = Runtime::new(setup.runtime, Arc::clone(&store), backend)
            .context(|| "cannot start the sandbox".into())?;
        let attempts = setup.driver.attempts;
        let dispatch = LocalDispatch::new(Arc::new(runtime.clone()), attempts, runtime.guests());
        let ports = Ports {
            store: Arc::clone(&store),
            views: Arc::clone(&store) as Arc<dyn Views>,
            artifacts: Arc::clone(&store),
            facts: Arc::clone(&store) as _,
            dispatch: Arc::new(dispatch),
            clock: Arc::new(SystemClock::default()),
            random: Arc::new(SystemRandom::default()),
        };
        let (handle, driver) = Driver::start(ports, setup.driver)
            .await
            .context(|| "cannot start the loop".into())?;
        let parts = Parts {
            handle,
            views: Arc::clone(&store) as Arc<dyn Views>,
            catalog: Arc::clone(&store) as Arc<dyn Catalog>,
            inspector: Arc::new(runtime.clone()),
            executor: Arc::new(runtime.clone()),
            counters: setup.counters,
        };
        let server = Server::new(parts, setup.server);
        Ok(Self {
            server,
            catalog: store,
            runtime,
            driver,
        })
    }

    /// Stops the loop: attempts may finish for the grace time, what happened is recorded.
    pub(crate) async fn stop(self) {
        self.driver.stop().await;
    }
}
