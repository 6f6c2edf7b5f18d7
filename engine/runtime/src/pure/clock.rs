//! The virtual clock: it advances by a millisecond each time somebody looks at it, and jumps to
//! the deadline that a guest waits for. A clock that stood still would hang guests that spin.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::PureView;

/// How far one look at the clock moves it.
const STEP_NS: u64 = 1_000_000;

/// What the clock says its resolution is.
const RESOLUTION_NS: u64 = STEP_NS;

const NS_PER_MS: u64 = 1_000_000;
const NS_PER_SECOND: u64 = 1_000_000_000;

/// Nobody waits for an instant.
const NONE: u64 = u64::MAX;

/// A clock of one attempt. Only this attempt's thread of control touches it; the atomics are
/// there because its pollables must be `Send`, so relaxed order is enough.
#[derive(Debug)]
pub(crate) struct VirtualClock {
    base_ns: u64,
    elapsed_ns: AtomicU64,
    /// The earliest instant that a pending pollable waits for.
    awaited_ns: AtomicU64,
}

impl VirtualClock {
    /// Makes a clock whose wall time starts at `base_ms` of the Unix epoch.
    pub(crate) fn new(base_ms: u64) -> Arc<Self> {
        Arc::new(Self {
            base_ns: base_ms.saturating_mul(NS_PER_MS),
            elapsed_ns: AtomicU64::new(0),
            awaited_ns: AtomicU64::new(NONE),
        })
    }

    /// Reads the time since the start, and moves the clock on.
    pub(super) fn read(&self) -> u64 {
        let now = self.elapsed_ns.load(Ordering::Relaxed);
        self.elapsed_ns
            .store(now.saturating_add(STEP_NS), Ordering::Relaxed);
        now
    }

    fn wall_ns(&self) -> u64 {
        self.base_ns.saturating_add(self.read())
    }

    fn is_past(&self, instant: u64) -> bool {
        instant <= self.elapsed_ns.load(Ordering::Relaxed)
    }

    fn wait_for(&self, instant: u64) {
        self.awaited_ns.fetch_min(instant, Ordering::Relaxed);
    }

    /// Forgets who waits.
    pub(super) fn forget_waiting(&self) {
        self.awaited_ns.store(NONE, Ordering::Relaxed);
    }

    /// Jumps to the earliest instant somebody waits for; tells whether there was one.
    pub(super) fn jump(&self) -> bool {
        let awaited = self.awaited_ns.swap(NONE, Ordering::Relaxed);
        if awaited == NONE {
            return false;
        }
        self.elapsed_ns.fetch_max(awaited, Ordering::Relaxed);
        true
    }
}

/// Becomes ready when the virtual clock reaches an instant.
struct Deadline {
    clock: Arc<VirtualClock>,
    at_ns: u64,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Deadline {
    async fn ready(&mut self) {
        if self.clock.is_past(self.at_ns) {
            return;
        }
        self.clock.wait_for(self.at_ns);
        // Nothing wakes this: `poll` jumps and asks again.
        std::future::pending::<()>().await;
    }
}

impl PureView<'_> {
    fn deadline(&mut self, at_ns: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let deadline = self.table.push(Deadline {
            clock: Arc::clone(self.clock),
            at_ns: at_ns.min(NONE - 1),
        })?;
        subscribe(self.table, deadline)
    }
}

impl monotonic_clock::Host for PureView<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.clock.read())
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(RESOLUTION_NS)
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.deadline(when)
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let now = self.clock.read();
        self.deadline(now.saturating_add(duration))
    }
}

impl wall_clock::Host for PureView<'_> {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        let now = self.clock.wall_ns();
        Ok(wall_clock::Datetime {
            seconds: now / NS_PER_SECOND,
            nanoseconds: u32::try_from(now % NS_PER_SECOND).unwrap_or(0),
        })
    }

    fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime {
            seconds: 0,
            nanoseconds: u32::try_from(RESOLUTION_NS).unwrap_or(0),
        })
    }
}
