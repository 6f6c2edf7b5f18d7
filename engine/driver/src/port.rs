//! All the world that the driver sees, as traits: the store, the runner, the clock.

mod attempt;
mod catalog;
mod facts;
mod inspect;
mod store;
mod views;
mod world;

pub use attempt::{Attempt, Dispatch, Executor, Finished, Full, LogLevel, LogLine, Runner};
pub use catalog::{
    ActionRecord, Catalog, CatalogError, KvEntry, KvWrite, PackRecord, Put, Role, TokenRecord,
    WorkflowRecord,
};
pub use facts::FactSource;
pub use inspect::{InspectError, Inspection, Inspector};
pub use store::{
    Append, AppendError, Artifacts, Due, Epoch, Idempotency, Loaded, Position, Store, StoreError,
    TimerKind,
};
pub use views::{LogFilter, LogRecord, RunFilter, RunPage, Views};
pub use world::{Clock, Random};
