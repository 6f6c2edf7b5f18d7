//! The real binary as a process: killed at any moment, stopped gracefully, started twice.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod bad_input;
mod durability;
mod languages;
mod lifecycle;
mod pack;
mod sandbox;
mod secrets;
#[path = "../runtime/service.rs"]
#[expect(dead_code, reason = "what of it only the runtime's own tests use")]
mod service;
