//! The HTTP API: the only crate that names axum.
//!
//! Sees the driver's handle, three ports and the core; the binary wires them together. Every answer
//! is JSON of a wire type or a problem of `error`; no core type is serialized as it is.

mod config;
mod limits;
mod state;

mod error;
mod extract;
mod query;
mod reply;

pub mod auth;
mod cache;
mod clock;
mod idempotency;
mod launch;
mod resolve;
mod wire;

mod docs;
mod edge;
mod metrics;
mod openapi;
mod router;
mod routes;
mod serve;

pub use config::{AuthMode, Config};
pub use error::Code;
pub use limits::Limits;
pub use openapi::{openapi_json, semantic_operations};
pub use serve::ServeError;
pub use state::{Parts, Server};
