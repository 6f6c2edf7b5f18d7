//! Compiles components and runs attempts: the only crate beside host-api that names wasmtime.
