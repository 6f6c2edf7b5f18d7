//! Time and chance, replaced by seeded ones in simulations.

use std::future::Future;

use attune_core::Timestamp;

/// Tells and waits for time.
pub trait Clock: Send + Sync + 'static {
    /// Returns the present instant; never earlier than an instant returned before.
    fn now(&self) -> Timestamp;
    /// Waits until `instant`.
    fn sleep_until(&self, instant: Timestamp) -> impl Future<Output = ()> + Send;
}

/// Draws random numbers.
pub trait Random: Send + Sync + 'static {
    /// Returns 64 random bits.
    fn next(&self) -> u64;
}
