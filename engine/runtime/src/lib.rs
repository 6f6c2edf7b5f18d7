//! Compiles components and runs attempts: the only crate beside host-api that names wasmtime.

mod settings;

mod engine;
mod guest;
mod http;
mod limits;
mod linker;
mod output;
mod pure;

pub use settings::{Allocator, LimitCeiling, MAX_ATTEMPTS, Settings};
