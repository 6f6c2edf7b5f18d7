//! The whole system seen from outside.

pub mod component;
pub mod connection;
pub mod guests;
pub mod languages;
pub mod server;

/// The examples in Rust of the page for authors of actions.
#[cfg(doctest)]
#[doc = include_str!("../../docs/actions.md")]
pub struct ActionsPage;
