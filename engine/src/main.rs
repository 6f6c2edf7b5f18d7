//! The `attune` binary: parses the command line, runs the command, exits.

fn main() {}
