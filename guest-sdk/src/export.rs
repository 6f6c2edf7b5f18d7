//! What the code that `#[action]` writes calls. Not for people.

#[cfg(target_arch = "wasm32")]
pub use crate::component::{describe, run};

use serde_json::Value;

#[cfg(not(target_arch = "wasm32"))]
use crate::handler::Handler;

/// What the attribute and the function's doc comment say.
#[derive(Clone, Debug)]
pub struct About {
    /// One line.
    pub summary: &'static str,
    /// More, as Markdown; may be empty.
    pub description: &'static str,
    /// The wanted grants, an object, or null.
    pub grants: Value,
}

/// Refuses at compile time, on the author's own machine, what the engine could not call.
#[cfg(not(target_arch = "wasm32"))]
pub fn check<A>(_handler: &impl Handler<A>, _about: &About) {}
