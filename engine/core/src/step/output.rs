//! The run's output: rendered at its end, however it ended.

use std::sync::Arc;

use crate::error::{Failure, kind};
use crate::expr::Template;
use crate::run::RunStatus;
use crate::value::{Map, Value};

use super::machine::{Flow, Machine, render};

impl Machine<'_> {
    /// Renders `output_map` and checks it. What cannot be rendered is left out; it fails a run
    /// that would have completed.
    pub(super) fn render_output(&mut self) -> Flow {
        let Some(template) = &self.definition.output_map else {
            return Ok(());
        };
        let (output, mut error) = self.render_entries(template)?;
        if let Some(schema) = self.definition.output.as_ref().filter(|_| error.is_none()) {
            error = schema.validate(&output).first().map(|mismatch| {
                let place = &mismatch.pointer;
                format!(
                    "the output does not fit its schema: `{place}`: {}",
                    mismatch.message
                )
            });
        }
        self.run.output = output;
        if let Some(message) = error
            && self.run.prospective_status() == RunStatus::Completed
        {
            self.fail_run(Failure::engine(kind::OUTPUT, message));
        }
        Ok(())
    }

    fn render_entries(&self, template: &Template) -> Flow<(Value, Option<String>)> {
        let view = self.run_view();
        let Template::Map(entries) = template else {
            return Ok(match render(template, &view)? {
                Ok(output) => (output, None),
                Err(message) => (Value::Null, Some(format!("`output_map`: {message}"))),
            });
        };
        let (mut map, mut error) = (Map::new(), None);
        for (key, entry) in entries {
            match render(entry, &view)? {
                Ok(value) => {
                    map.insert(Arc::clone(key), value);
                }
                Err(message) => {
                    error.get_or_insert(format!("`output_map.{key}`: {message}"));
                }
            }
        }
        Ok((Value::Map(Arc::new(map)), error))
    }
}
