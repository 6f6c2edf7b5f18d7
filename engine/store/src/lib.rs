//! The embedded store: journals, timers, lists and the catalog in one redb file, written by one
//! thread in groups, one sync each. The only crate that names redb.
//!
//! Appends return at once; `durable` waits for the disk. Whatever can be read was synced before.

mod blob;
mod fault;
mod table;

mod create;
mod key_file;
mod lock;
mod migrate;
mod open;
mod seal;
mod space;

mod append;
mod counter;
mod job;
mod rows;
mod rule;
mod tail;

mod commit;
mod shared;
mod store;

mod id;
mod inquiry;
mod journal;
mod key;
mod live;
mod log;
mod run;
mod views;

mod catalog;
mod clock;

mod garbage;
mod retention;

mod backup;
mod check;
mod offline;

pub use backup::{BackupError, restore};
pub use check::{Problem, Report};
pub use offline::{check, compact};
pub use open::{OpenError, Options};
pub use retention::Removed;
pub use seal::SecretKey;
pub use store::Store;
