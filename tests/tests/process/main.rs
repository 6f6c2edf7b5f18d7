//! The real binary as a process: killed at any moment, stopped gracefully, started twice.

mod durability;
mod lifecycle;
