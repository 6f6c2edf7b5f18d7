//! Seeded chance.

use std::time::Duration;

use attune_driver::port::Random;
use attune_driver::system::SystemRandom;

/// Draws from a seed.
#[derive(Debug)]
pub(crate) struct Chance(SystemRandom);

impl Chance {
    /// Makes the numbers of `seed`, for one purpose: the same seed gives others for another one.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        let mixed = SystemRandom::seeded(seed ^ purpose.rotate_left(32)).next();
        Self(SystemRandom::seeded(mixed))
    }

    /// Draws a number below `end`.
    pub(crate) fn below(&self, end: u64) -> u64 {
        self.0.next() % end.max(1)
    }

    /// Is true once in `n` times.
    pub(crate) fn one_in(&self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// Draws a time, short ones more often: below 1, 10, 100 … up to `most_ms`.
    pub(crate) fn time(&self, most_ms: u64) -> Duration {
        let scale = 10_u64.pow(self.below(5) as u32).min(most_ms.max(1));
        Duration::from_millis(self.below(scale + 1))
    }

    /// Chooses one.
    pub(crate) fn pick<'a, T>(&self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}
