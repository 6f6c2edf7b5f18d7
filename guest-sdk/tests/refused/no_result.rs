//! an action returns `Result<Output, ActionError>`
use attune_sdk::prelude::*;

#[action]
fn greet(_name: String) {}
