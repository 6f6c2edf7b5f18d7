//! Values as text: text as it is, null empty, everything else compact JSON.

use std::io;
use std::sync::Arc;

use super::MAX_OUTPUT_BYTES;
use super::evaluator::Evaluator;
use super::fault::Fault;
use crate::value::Value;

impl Evaluator<'_> {
    /// Appends a value as text.
    pub(super) fn push_text(&mut self, out: &mut String, value: &Value) -> Result<(), Fault> {
        let value = self.open(value);
        if let Value::Text(text) = value {
            self.charge_bytes(text.len())?;
            out.push_str(text);
        } else if !value.is_null() {
            out.push_str(&self.json(value, None)?);
        }
        check_length(out.len())
    }

    /// Returns a value as text, shared if it is one.
    pub(super) fn text_of(&mut self, value: &Value) -> Result<Arc<str>, Fault> {
        if let Value::Text(text) = self.open(value) {
            return Ok(Arc::clone(text));
        }
        let mut out = String::new();
        self.push_text(&mut out, value)?;
        Ok(Arc::from(out))
    }

    /// Returns a value as JSON, compact or indented. Secrets in it taint.
    pub(super) fn json(&mut self, value: &Value, indent: Option<usize>) -> Result<String, Fault> {
        if value.has_secret() {
            self.taint();
        }
        let mut out = Limited(Vec::new());
        let written = match indent {
            None => serde_json::to_writer(&mut out, &value.reveal()),
            Some(width) => {
                let indent = " ".repeat(width);
                let format = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
                let mut serializer = serde_json::Serializer::with_formatter(&mut out, format);
                serde::Serialize::serialize(&value.reveal(), &mut serializer)
            }
        };
        written.map_err(|_| too_long())?;
        self.charge_bytes(out.0.len())?;
        Ok(String::from_utf8(out.0).expect("JSON is UTF-8"))
    }
}

/// Refuses a text that is too long.
pub(super) fn check_length(bytes: usize) -> Result<(), Fault> {
    if bytes > MAX_OUTPUT_BYTES {
        Err(too_long())
    } else {
        Ok(())
    }
}

fn too_long() -> Fault {
    Fault::failed(format!("the text is longer than {MAX_OUTPUT_BYTES} bytes"))
}

/// Stops the serializer at the limit.
struct Limited(Vec<u8>);

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_OUTPUT_BYTES {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
