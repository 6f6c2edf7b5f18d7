//! The HTTP API: the only crate that names axum.
