//! What nearly every action uses: `use attune_sdk::prelude::*;`.
//!
//! The derives need `serde` and `schemars` among the dependencies of the action's own crate.

pub use crate::{ActionError, CallError, Span, action, config, context, http, kv, secrets};
pub use crate::{debug, error, info, trace, warn};
pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};
pub use serde_json::{Value, json};
