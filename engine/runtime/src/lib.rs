//! Compiles components and runs attempts: the only crate beside host-api that names wasmtime.
//!
//! An upload is looked at by [`Runtime::inspect`](attune_driver::port::Inspector), an attempt is
//! run by [`Runtime::run`](attune_driver::port::Runner): in a fresh instance, under every limit
//! at once, on threads that the engine's own work does not share.

mod settings;

mod runtime;

mod engine;
mod guest;
mod limits;
mod linker;
mod output;
mod pure;
mod turns;
mod wasi_http;

mod cache;
mod compile;
mod component;
mod library;

mod describe;
mod foreknown;
mod imports;
mod inspect;
mod kind;
mod manifest;
mod schema;
mod wrap;

mod backend;
mod local;

mod admission;
mod attempt;
mod command;
mod outcome;
mod results;
mod sandbox;
mod secret;
mod template;
mod typed;

pub use attune_host_api::{Ceiling, KvGrant, http};
pub use backend::CatalogBackend;
pub use local::LocalCall;
pub use runtime::{OpenError, Runtime};
pub use settings::{Allocator, LimitCeiling, MAX_ATTEMPTS, Settings};
