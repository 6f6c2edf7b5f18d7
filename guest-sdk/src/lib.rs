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
//!
//! # A project
//!
//! `attune action new NAME` makes one, with a copy of this crate. By hand it is a library crate:
//!
//! ```toml
//! [lib]
//! crate-type = ["cdylib"]
//!
//! [dependencies]
//! attune-sdk = { path = ".attune/sdk" }
//! schemars = "1.2"
//! serde = { version = "1", features = ["derive"] }
//! ```
//!
//! `cargo build --release --target wasm32-wasip2` makes the component; so do `cargo component build
//! --release` and, as a module which the engine wraps, plain `wasm32-wasip1`.
//!
//! # Input and output
//!
//! The input is any type that is `Deserialize` and `JsonSchema`, the output one that is `Serialize`
//! and `JsonSchema`. The schemas, with the doc comments of the fields, are what people, editors and
//! the checks of a workflow see. `#[serde(deny_unknown_fields)]` makes a misspelt field an error,
//! `#[serde(default)]` makes one optional. An action may also take nothing.
//!
//! ```
//! use attune_sdk::{prelude::*, testing};
//!
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Order {
//!     /// What is ordered.
//!     sku: String,
//!     /// How many.
//!     #[serde(default)]
//!     count: u32,
//! }
//!
//! #[derive(Serialize, JsonSchema)]
//! struct Weight {
//!     /// Grams.
//!     grams: u32,
//! }
//!
//! /// Weighs an order.
//! #[action]
//! fn weigh(order: Order) -> Result<Weight, ActionError> {
//!     if order.sku.is_empty() {
//!         return Err(ActionError::invalid_input("`sku` is empty").with_kind("no_sku"));
//!     }
//!     Ok(Weight { grams: order.count * 250 })
//! }
//!
//! let output = testing::call(&weigh, &json!({"sku": "A1", "count": 2}));
//! assert_eq!(output, Ok(json!({"grams": 500})));
//! let error = testing::call(&weigh, &json!({"sku": "A1", "coutn": 2})).unwrap_err();
//! assert!(error.message().contains("unknown field `coutn`"));
//! ```
//!
//! # Failing
//!
//! An [`ActionError`] says whether trying again makes sense: `invalid_input` and `permanent` do not,
//! `transient` does, as the task's `retry` says. Its kind is what workflows match on. `?` turns any
//! other error into one.
//!
//! # What an action may call
//!
//! | module | what for | grant |
//! |---|---|---|
//! | [`log`], by `info!` and its sisters | lines with fields in the log of the attempt | none |
//! | [`context`] | run, task, attempt, deadline, an idempotency key; telling progress | none |
//! | [`config`] | the configuration of the pack | `{"config": true}` |
//! | [`kv`] | the pack's store of JSON by key | `{"kv": "read"}` or `"write"` |
//! | [`secrets`] | tokens that stand for secrets in headers | `{"secrets": {"name": {"hosts": ["…"]}}}` |
//! | [`http`] | requests | `{"http": ["GET https://api.example/*"]}` |
//!
//! Grants are asked for in the attribute, `#[action(grants = {"kv": "write"})]`, and given by an
//! operator. A call that is not granted returns an error which names the grant.
//!
//! Files (with the grant `{"files": "scratch"}`), clocks, randomness and standard output are those of
//! `std`. An action without grants is *pure*: its clock and its randomness are the engine's own, so
//! that a rerun sees the same.

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
