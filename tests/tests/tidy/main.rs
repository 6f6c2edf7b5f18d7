//! Rules of the code that a machine can check. Each test names the file and what to do.

mod arrows;
mod docs;
mod files;
mod security;
mod source;
