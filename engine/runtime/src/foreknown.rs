//! Inspects a component whose description is known, without compiling it: what the engine itself
//! brings is compiled when it is first used, not when the engine first starts.
//!
//! The outcome is that of a real inspection; a test compares both for every standard action.

use std::sync::Arc;

use attune_core::pin::{AttemptLimits, Invocation};
use attune_core::{Digest, Value};
use attune_driver::port::{InspectError, Inspection};
use attune_host_api::Grants;
use bytes::Bytes;
use wasmparser::{Parser, Payload};

use crate::imports::Imports;
use crate::runtime::Runtime;
use crate::schema;

fn broken(message: impl std::fmt::Display) -> InspectError {
    InspectError {
        code: "broken_component",
        message: message.to_string(),
        hint: None,
    }
}

impl Runtime {
    /// Returns what inspecting `component`, an action that describes itself as `about` says, would
    /// find. `about` has the keys `summary`, `description`, `parameters`, `output` and `grants`.
    ///
    /// # Errors
    /// If the bytes are no component, or `about` is malformed.
    pub fn foreknown(&self, component: Bytes, about: &Value) -> Result<Inspection, InspectError> {
        let Names { imports, exports } = Names::read(&component)?;
        let imports = Imports::named(imports);
        let grants = Grants::parse(&about.get("grants").cloned().unwrap_or_default());
        let grants = grants.map_err(broken)?;
        let pure = grants.is_empty() && imports.are_pure();
        let schema = |key: &str, otherwise: fn() -> Value| match about.get(key) {
            Some(value) => schema::parameters(&format!("/{key}"), value),
            None => Ok(otherwise()),
        };
        let text = |key: &str| about.get(key).and_then(Value::as_str).map(Arc::from);
        Ok(Inspection {
            digest: Digest::of(&component),
            invocation: Invocation::Handler,
            exports,
            cacheable: pure && !imports.own("context"),
            imports: imports.names,
            needs_approval: grants.needs_approval(),
            grants: grants.to_json(),
            pure,
            limits: self.0.settings.limits.clamp(AttemptLimits::default()),
            parameters: schema("parameters", schema::any_object)?,
            output: schema("output", schema::anything)?,
            summary: text("summary"),
            description: text("description"),
            component,
        })
    }
}

/// What a component has at its outside, by name.
#[derive(Default)]
struct Names {
    imports: Vec<Arc<str>>,
    exports: Vec<Arc<str>>,
}

impl Names {
    fn read(component: &[u8]) -> Result<Self, InspectError> {
        if !Parser::is_component(component) {
            return Err(broken("the bytes are no component"));
        }
        let mut names = Self::default();
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(component) {
            let payload = payload.map_err(broken)?;
            #[expect(
                clippy::wildcard_enum_match_arm,
                reason = "the rest names nothing outside"
            )]
            match payload {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        names.imports.push(import.map_err(broken)?.name.name.into());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        names.exports.push(export.map_err(broken)?.name.name.into());
                    }
                }
                _ => {}
            }
        }
        Ok(names)
    }
}
