//! How far a run is on disk, told to any number of watchers.
//!
//! Like a watch channel, but watchers wake in the order in which they wait, so that a simulation
//! repeats itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;

/// How far a run is on disk, as far as its owner has seen in this life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Durable events.
    pub(crate) events: u64,
    /// Whether the run is over.
    pub(crate) over: bool,
}

#[derive(Debug, Default)]
struct State {
    events: AtomicU64,
    over: AtomicBool,
    /// Counts what was told.
    version: AtomicU64,
    /// Whether nothing more will be told.
    closed: AtomicBool,
    told: Notify,
}

/// Tells; dropping it closes the watch.
#[derive(Debug, Default)]
pub(crate) struct Teller(Arc<State>);

/// Watches.
#[derive(Debug)]
pub(crate) struct Watcher {
    state: Arc<State>,
    seen: u64,
}

impl Teller {
    /// Makes a watcher of what is told from now on.
    pub(crate) fn watcher(&self) -> Watcher {
        Watcher {
            state: Arc::clone(&self.0),
            seen: self.0.version.load(Ordering::Acquire),
        }
    }

    pub(crate) fn tell(&self, progress: Progress) {
        self.0.events.store(progress.events, Ordering::Relaxed);
        self.0.over.store(progress.over, Ordering::Relaxed);
        self.0.version.fetch_add(1, Ordering::Release);
        self.0.told.notify_waiters();
    }

    /// Tells whether nobody watches.
    pub(crate) fn is_deserted(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.0.closed.store(true, Ordering::Release);
        self.0.told.notify_waiters();
    }
}

impl Watcher {
    /// Waits for the next thing told; `None` when nothing more will be.
    pub(crate) async fn next(&mut self) -> Option<Progress> {
        loop {
            // Listens before it looks, so that nothing falls in between.
            let told = self.state.told.notified();
            let version = self.state.version.load(Ordering::Acquire);
            if version != self.seen {
                self.seen = version;
                return Some(Progress {
                    events: self.state.events.load(Ordering::Relaxed),
                    over: self.state.over.load(Ordering::Relaxed),
                });
            }
            if self.state.closed.load(Ordering::Acquire) {
                return None;
            }
            told.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn watchers_see_the_latest_and_the_end() {
        let teller = Teller::default();
        let mut watcher = teller.watcher();
        assert!(watcher.next().now_or_never().is_none());
        for events in [1, 2] {
            let over = false;
            teller.tell(Progress { events, over });
        }
        assert_eq!(watcher.next().await.map(|seen| seen.events), Some(2));
        assert!(watcher.next().now_or_never().is_none());
        assert!(!teller.is_deserted());
        drop(teller);
        assert_eq!(watcher.next().await, None);
    }
}
