//! The store against real files: what is acknowledged is there, whatever happens.

mod append;
mod catalog;
mod open;
mod sample;
mod secret;
mod views;
