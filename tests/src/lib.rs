//! The whole system seen from outside.

pub mod component;
pub mod connection;
pub mod guests;
pub mod server;
