//! `wasi:http/outgoing-handler`: what may be asked of whom, and the asking itself.
//!
//! A request is checked twice: by its words against the patterns that were granted, and by every
//! address its host resolves to. The connection goes to an address that was checked. The host
//! follows no redirect and keeps no connection, so each request is checked for itself.

mod address;
mod body;
mod check;
mod client;
mod connect;
mod pattern;
mod placeholder;
mod resolve;
mod session;
mod target;
mod tls;

pub use address::{Networks, Range, RangeError};
pub use client::{HttpClient, HttpSettings, NoCertificate};
pub use pattern::{HostPattern, Pattern, PatternError};
pub use placeholder::Placeholders;
pub use resolve::{Resolve, SystemResolver};
pub use session::{HttpLimits, HttpSession};
pub use target::{Host, Target, TargetError};
