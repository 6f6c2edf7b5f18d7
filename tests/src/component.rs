//! What a component imports and exports, read from its bytes without running it.

use wasmparser::{Parser, Payload};

/// The names that a component has at its outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// What it imports, in order.
    pub imports: Vec<String>,
    /// What it exports, in order.
    pub exports: Vec<String>,
}

/// Returns the names of a component's imports and exports.
///
/// # Panics
/// If the bytes are no component.
#[must_use]
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other sections name nothing outside"
)]
pub fn outside(bytes: &[u8]) -> Outside {
    assert!(Parser::is_component(bytes), "these bytes are no component");
    let mut outside = Outside::default();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.expect("a compiled component is well-formed") {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                let names = section
                    .into_iter()
                    .flatten()
                    .map(|import| import.name.name.to_owned());
                outside.imports.extend(names);
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                let names = section
                    .into_iter()
                    .flatten()
                    .map(|export| export.name.name.to_owned());
                outside.exports.extend(names);
            }
            _ => {}
        }
    }
    outside
}
