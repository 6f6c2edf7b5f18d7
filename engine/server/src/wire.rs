//! What goes over the wire: types of its own, made from the core's by `From`, so that either side
//! can change without the other.

pub(crate) mod action;
pub(crate) mod audit;
pub(crate) mod bulk;
pub(crate) mod detail;
pub(crate) mod event;
pub(crate) mod explain;
pub(crate) mod fork;
pub(crate) mod grants;
pub(crate) mod inquiry;
pub(crate) mod log;
pub(crate) mod pack;
pub(crate) mod run;
pub(crate) mod start;
pub(crate) mod task;
pub(crate) mod time;
pub(crate) mod token;
pub(crate) mod usage;
pub(crate) mod workflow;
