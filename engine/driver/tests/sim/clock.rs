//! Virtual time: tokio's paused clock, counted on over several lives of a process.

use std::time::Duration;

use attune_core::Timestamp;
use attune_driver::port::Clock;
use tokio::time::Instant;

/// The instant at which every simulation begins.
pub(crate) const BEGIN: Timestamp = Timestamp(1_700_000_000_000);

/// Tells virtual time.
#[derive(Debug)]
pub(crate) struct VirtualClock {
    base: Timestamp,
    begun: Instant,
}

impl VirtualClock {
    /// Makes the clock of a life that begins at `base`. Within a runtime with paused time.
    pub(crate) fn starting(base: Timestamp) -> Self {
        Self {
            base,
            begun: Instant::now(),
        }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        let elapsed = self.begun.elapsed().as_millis() as u64;
        Timestamp(self.base.0 + elapsed)
    }

    async fn sleep_until(&self, instant: Timestamp) {
        let left = instant.since(self.base).0;
        tokio::time::sleep_until(self.begun + Duration::from_millis(left)).await;
    }
}
