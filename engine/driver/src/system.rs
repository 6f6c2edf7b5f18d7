//! The real clock and real chance.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use attune_core::Timestamp;

use crate::port::{Clock, Random};

/// The longest single sleep. The system's clock may be set while we sleep: looking again each
/// minute keeps a timer from being late by more.
const NAP: Duration = Duration::from_secs(60);

/// The system's clock, never going back.
#[derive(Debug, Default)]
pub struct SystemClock {
    latest: AtomicU64,
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = elapsed.map_or(0, |elapsed| elapsed.as_millis() as u64);
        Timestamp(self.latest.fetch_max(now, Ordering::Relaxed).max(now))
    }

    async fn sleep_until(&self, instant: Timestamp) {
        loop {
            let left = instant.since(self.now());
            if left.0 == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(left.0).min(NAP)).await;
        }
    }
}

/// Random numbers seeded by the operating system: `splitmix64` over a counter. For jitter and
/// seeds of attempts, never for keys or tokens.
#[derive(Debug)]
pub struct SystemRandom {
    state: AtomicU64,
}

impl SystemRandom {
    /// Makes a generator that starts at `seed`: the same seed gives the same numbers.
    pub fn seeded(seed: u64) -> Self {
        Self {
            state: AtomicU64::new(seed),
        }
    }
}

impl Default for SystemRandom {
    fn default() -> Self {
        // The standard library's only door to the system's randomness.
        Self::seeded(RandomState::new().hash_one(0_u64))
    }
}

impl Random for SystemRandom {
    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self
            .state
            .fetch_add(STEP, Ordering::Relaxed)
            .wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let draw = |seed| {
            let random = SystemRandom::seeded(seed);
            [random.next(), random.next(), random.next()]
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[tokio::test(start_paused = true)]
    async fn a_past_instant_is_not_waited_for() {
        SystemClock::default().sleep_until(Timestamp(1)).await;
    }
}
