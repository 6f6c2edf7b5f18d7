//! The runtime with real guests: one for each limit, and what a well-behaved one may rely on.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

#[path = "runtime/bench.rs"]
mod bench;
#[path = "runtime/caching.rs"]
mod caching;
#[path = "runtime/inspecting.rs"]
mod inspecting;
#[path = "runtime/kinds.rs"]
mod kinds;
#[path = "runtime/limits.rs"]
mod limits;
#[path = "runtime/local.rs"]
mod local;
#[path = "runtime/purity.rs"]
mod purity;
