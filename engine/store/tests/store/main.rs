//! The store against real files: what is acknowledged is there, whatever happens.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

mod append;
mod backup;
mod catalog;
mod check;
mod concurrent;
mod crash;
mod disk;
mod kill;
mod machine;
mod model;
mod open;
mod pack;
mod retention;
mod sample;
mod secret;
mod views;
