//! What an action may reach: one file per interface, deny by default.
//!
//! The imports of a component say what it may ask for, its [`Grants`] what it gets. Every denial
//! names the grant that would allow the call.

pub mod bindings;
pub mod files;
pub mod http;

mod backend;
mod grants;
mod logbook;
mod state;

mod config;
mod context;
mod kv;
mod link;
mod log;
mod secrets;

pub use backend::{Backend, BackendError, Entry, Granted, KvPage, KvWrite, NoBackend};
pub use grants::{Ceiling, Grants, GrantsError, KvGrant, SecretGrant};
pub use link::add_to_linker;
pub use logbook::{Level, Line, Logbook, MAX_LINE_BYTES};
pub use state::{HostState, Subject};
