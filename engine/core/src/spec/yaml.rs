//! YAML, read twice for two purposes.
//!
//! `serde_yaml` is the data layer: whatever is read into Rust types (rehearsal files, manifests,
//! pack and server configuration) and whatever is written as YAML goes through it, by
//! [`from_text`] and [`to_text`]. It keeps no positions of a value once it is read, lets a later
//! duplicate of an untyped key pass and knows no limit of ours, so a workflow file, whose every
//! problem has a place, is read from the events of `saphyr-parser` into a tree with positions.
//! [`from_text`] runs that reader first: both layers refuse the same texts, and a test holds them
//! to the same values.

mod advice;
mod offset;
mod reader;
mod scalar;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::diagnostics::{Diagnostic, code};
use crate::value::Value;

pub(crate) use offset::position_in_scalar;
pub(crate) use reader::read;
pub use reader::{MAX_BYTES, MAX_DEPTH, MAX_NODES};

/// Reads YAML text into a plain value.
///
/// # Errors
/// With the first problem, if the text is not acceptable YAML.
pub fn to_value(text: &str) -> Result<Value, Diagnostic> {
    let mut problems = Vec::new();
    let node = read(text, &mut problems);
    match (node, problems.into_iter().next()) {
        (Some(node), None) => Ok(node.to_value()),
        (_, Some(problem)) => Err(problem),
        (None, None) => Ok(Value::Null),
    }
}

/// Reads YAML text into a Rust type.
///
/// # Errors
/// With the first problem, if the text is not acceptable YAML or does not fit the type.
pub fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, Diagnostic> {
    to_value(text)?;
    let plain: serde_yaml::Value = serde_yaml::from_str(text).map_err(|e| misfit(&e))?;
    let mut merged = plain.clone();
    merged.apply_merge().map_err(|e| misfit(&e))?;
    if merged == plain {
        // Straight from the text, so that an error has a place.
        serde_yaml::from_str(text).map_err(|e| misfit(&e))
    } else {
        serde_yaml::from_value(merged).map_err(|e| misfit(&e))
    }
}

/// Writes a value as YAML.
///
/// # Errors
/// If the value cannot be written as YAML (a map whose keys are no scalars).
pub fn to_text<T: Serialize>(value: &T) -> Result<String, Diagnostic> {
    serde_yaml::to_string(value).map_err(|e| misfit(&e))
}

fn misfit(error: &serde_yaml::Error) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(code::E_SCHEMA, error.to_string());
    if let Some(place) = error.location() {
        diagnostic.line = u32::try_from(place.line()).unwrap_or(u32::MAX);
        diagnostic.column = u32::try_from(place.column()).unwrap_or(u32::MAX);
        diagnostic.end_line = diagnostic.line;
        diagnostic.end_column = diagnostic.column;
    }
    diagnostic
}

#[cfg(test)]
mod tests;
