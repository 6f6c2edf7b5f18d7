//! Looks at an uploaded component before it is accepted.

use std::sync::Arc;

use async_trait::async_trait;
use attune_core::pin::{AttemptLimits, Invocation};
use attune_core::{Digest, Value};
use bytes::Bytes;

/// What a component is and wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// The component that will run: the upload itself, or the component it was wrapped into.
    pub component: Bytes,
    /// Of `component`.
    pub digest: Digest,
    /// How it is called.
    pub invocation: Invocation,
    /// Exports and imports, as names.
    pub exports: Vec<Arc<str>>,
    /// Exports and imports, as names.
    pub imports: Vec<Arc<str>>,
    /// The grants it wants, JSON: manifest and `describe` together.
    pub grants: Value,
    /// Whether the wanted grants need an admin's approval.
    pub needs_approval: bool,
    /// Decided by what is linked.
    pub pure: bool,
    /// Pure, and does not import `context`.
    pub cacheable: bool,
    /// Within the operator's ceiling.
    pub limits: AttemptLimits,
    /// JSON Schema of the input.
    pub parameters: Value,
    /// JSON Schema of the result.
    pub output: Value,
    /// One line, from `describe` or the manifest's label.
    pub summary: Option<Arc<str>>,
    /// More.
    pub description: Option<Arc<str>>,
}

/// Why an upload was refused. `code` is stable; `hint` says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InspectError {
    /// `not_wasm`, `core_module`, `broken_component`, `unknown_import`, `no_export`,
    /// `ambiguous_export`, `unsupported_type`, `too_large`, `compile_timeout`,
    /// `describe_failed`, `invalid_manifest`, `busy`.
    pub code: &'static str,
    /// What is wrong, each import or export named.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// Looks at components, off the request path and bounded in parallel.
#[async_trait]
pub trait Inspector: Send + Sync + 'static {
    /// Inspects and compiles a component; `manifest` is JSON, null without one.
    async fn inspect(&self, upload: Bytes, manifest: Value) -> Result<Inspection, InspectError>;

    /// Returns what the operator's ceiling leaves of wanted grants, as they are: JSON.
    fn effective(&self, grants: &Value) -> Value {
        grants.clone()
    }
}
