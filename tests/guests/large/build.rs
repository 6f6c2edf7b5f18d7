//! Declares the memory.

fn main() {
    println!(
        "cargo::rustc-link-arg-cdylib=--initial-memory={}",
        128 << 20
    );
}
