//! What an action's author uses: a function with typed input and output becomes a component.
//!
//! ```
//! use attune_sdk::prelude::*;
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct Input {
//!     /// Who to greet.
//!     name: String,
//! }
//!
//! /// Says hello.
//! #[action]
//! fn greet(input: Input) -> Result<String, ActionError> {
//!     info!("greeting", name = input.name);
//!     Ok(format!("Hello, {}!", input.name))
//! }
//! # fn main() {}
//! ```
//!
//! Built for `wasm32-wasip2` it runs in the engine. On any other target the same code runs against
//! the fake engine of `attune_sdk::testing`, so that `cargo test` needs no server. A component imports
//! only what its action calls: one that never touches [`kv`] does not ask for it.

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
#[expect(
    unsafe_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    clippy::uninlined_format_args,
    clippy::unwrap_used,
    clippy::use_self,
    reason = "generated"
)]
pub mod bindings;
#[cfg(target_arch = "wasm32")]
mod component;
#[cfg(not(target_arch = "wasm32"))]
mod fake;

pub mod config;
pub mod context;
mod error;
#[doc(hidden)]
pub mod export;
mod handler;
pub mod http;
pub mod kv;
pub mod log;
pub mod prelude;
pub mod secrets;
mod span;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use attune_sdk_macros::action;
pub use error::{ActionError, CallError, Case};
pub use handler::Handler;
pub use span::Span;
pub use {schemars, serde, serde_json};

#[cfg(target_arch = "wasm32")]
use component as engine;
#[cfg(not(target_arch = "wasm32"))]
use fake as engine;
