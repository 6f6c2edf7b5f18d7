//! `#[action]` stands before a function
use attune_sdk::prelude::*;

#[action]
struct Greeter;
