//! `wasi:filesystem`: scratch files in memory, for actions with the grant `files: scratch`.
//!
//! The host's own files are linked nowhere: there is no path for a guest to escape from. What an
//! attempt writes is counted and gone with it.

mod descriptor;
mod path;
mod stream;
mod tree;

pub use descriptor::{FilesView, ScratchFiles, add_to_linker};
pub use tree::{Full, SCRATCH_BYTES, Scratch};
