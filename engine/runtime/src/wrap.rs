//! Core modules become components on the server, where they say what they are.

use attune_driver::port::InspectError;
use bytes::Bytes;

/// Wraps a core module, or says why not.
pub(crate) fn module(_upload: Bytes) -> Result<Bytes, InspectError> {
    Err(InspectError {
        code: "core_module",
        message: "the upload is a core module, not a component".into(),
        hint: Some(
            "build for `wasm32-wasip2`, or make a component of it with `wasm-tools component new`"
                .into(),
        ),
    })
}
