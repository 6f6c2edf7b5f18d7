//! the error `ActionError` or any `std::error::Error`
use attune_sdk::prelude::*;

#[action]
fn greet() -> Result<String, String> {
    Err("no".into())
}
