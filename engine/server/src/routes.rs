//! One file per resource; the whole surface is listed in `router.rs`.

pub(crate) mod action;
pub(crate) mod audit;
pub(crate) mod bulk;
pub(crate) mod component;
pub(crate) mod execute;
pub(crate) mod fork;
pub(crate) mod health;
pub(crate) mod inquiry;
pub(crate) mod journal;
pub(crate) mod kv;
pub(crate) mod pack;
pub(crate) mod run;
pub(crate) mod secret;
pub(crate) mod steer;
pub(crate) mod stream;
pub(crate) mod task;
pub(crate) mod token;
pub(crate) mod validate;
pub(crate) mod workflow;
pub(crate) mod workflow_list;
