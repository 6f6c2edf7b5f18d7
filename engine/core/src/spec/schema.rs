//! Schemas of parameters and outputs.

use crate::value::Value;

/// A JSON Schema, compiled.
#[derive(Debug)]
pub struct Schema {
    json: Value,
}

/// One way in which a value does not fit a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// JSON pointer into the value.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

impl Schema {
    /// Returns the schema itself, as JSON Schema.
    pub fn json(&self) -> &Value {
        &self.json
    }
}
