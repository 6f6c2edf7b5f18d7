//! The whole system seen from outside.

pub mod component;
pub mod guests;
