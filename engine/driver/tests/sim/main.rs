//! The driver in a world of its own: virtual time, seeded chance, a disk that may lose its tail,
//! a runner that fails, dawdles and dies.
//!
//! `behaviour` shows what a handle promises, case by case. `seeds` runs whole lives with crashes
//! between any two steps; a failure names its seed, and `SIM_SEED=… cargo test -p attune-driver
//! --test sim one_seed` runs it again.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail, and says which seed did"
)]

mod behaviour;
mod seeds;

mod chance;
mod check;
mod client;
mod clock;
mod disk;
mod plan;
mod record;
mod runner;
mod workflows;
mod world;
