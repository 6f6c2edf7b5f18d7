//! The `attune` binary: parses the command line, runs the command, exits.

#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the commands that use it are on their way")
)]
mod standard;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the commands that use it are on their way")
)]
mod template;

fn main() {}
