//! The workflow language and the run machine, as pure functions.
//!
//! A file becomes a [`Definition`]; [`step`](step::step) turns a run and an event into a new run
//! and the effects the shell must perform. Nothing here waits, reads a clock, draws a random
//! number, opens a file or takes a lock: time and seeds arrive inside events.

pub mod id;
pub mod time;
pub mod value;

pub mod definition;
pub mod diagnostics;
pub mod expr;
pub mod graph;
pub mod pin;
pub mod spec;
pub mod suggest;

pub mod effect;
pub mod error;
pub mod event;
pub mod run;
pub mod step;

pub mod explain;
pub mod projection;
pub mod rehearse;

pub use definition::Definition;
pub use effect::Effect;
pub use event::{Event, EventKind};
pub use id::{AttemptId, Digest, RunId, Shard, TaskId, TaskIndex};
pub use pin::pack_of;
pub use run::Run;
pub use time::{Millis, Timestamp};
pub use value::{Map, Value};
