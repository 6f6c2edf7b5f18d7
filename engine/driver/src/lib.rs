//! The imperative shell around the core: an event arrives, the run's machine takes it, one append
//! records what follows, and only then are its effects performed.
//!
//! Generic over its [`port`]s, so that an embedded store, a cluster and a simulation run the same
//! loop. Nothing that depends on what is not yet on disk leaves the process.

pub mod codec;
pub mod handle;
pub mod port;

pub mod config;
pub mod driver;
pub mod ports;

mod actor;
mod desk;
mod follow;
mod machine;
mod message;
mod progress;
mod shared;

pub mod local;
pub mod memory;
pub mod system;

pub use config::Config;
pub use driver::Driver;
pub use handle::Handle;
pub use local::LocalDispatch;
pub use memory::MemoryStore;
pub use ports::Ports;
