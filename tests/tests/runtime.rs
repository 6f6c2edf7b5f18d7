//! The runtime with real guests: one for each limit, and what a well-behaved one may rely on.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

#[path = "runtime/bench.rs"]
mod bench;
#[path = "runtime/caching.rs"]
mod caching;
#[path = "runtime/capabilities.rs"]
mod capabilities;
#[path = "runtime/durable.rs"]
mod durable;
#[path = "runtime/exchanges.rs"]
mod exchanges;
#[path = "runtime/fetching.rs"]
mod fetching;
#[path = "runtime/fuzzing.rs"]
mod fuzzing;
#[path = "runtime/hoarding.rs"]
mod hoarding;
#[path = "runtime/hostile.rs"]
mod hostile;
#[path = "runtime/inspecting.rs"]
mod inspecting;
#[path = "runtime/kinds.rs"]
mod kinds;
#[path = "runtime/limits.rs"]
mod limits;
#[path = "runtime/local.rs"]
mod local;
#[path = "runtime/manual.rs"]
mod manual;
#[path = "runtime/purity.rs"]
mod purity;
#[path = "runtime/scratch.rs"]
mod scratch;
#[path = "runtime/service.rs"]
mod service;
#[path = "runtime/standard.rs"]
mod standard;
#[path = "runtime/world.rs"]
mod world;
