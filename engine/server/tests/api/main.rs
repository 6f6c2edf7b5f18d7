//! The API in process: the router over a driver whose store is in memory.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod app;
mod socket;

mod actions;
mod description;
mod edges;
mod inquiries;
mod limits;
mod packs;
mod reference;
mod runs;
mod steering;
mod streams;
mod tokens;
mod workflows;
