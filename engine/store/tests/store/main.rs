//! The store against real files: what is acknowledged is there, whatever happens.

mod append;
mod catalog;
mod concurrent;
mod crash;
mod disk;
mod kill;
mod model;
mod open;
mod sample;
mod secret;
mod views;
