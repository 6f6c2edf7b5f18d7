//! Templates of a command: texts over `input`, in the language of workflow files.

use std::sync::Arc;

use attune_core::Value;
use attune_core::error::{Failure, kind};
use attune_core::event::Facts;
use attune_core::expr::{Completion, Fields, Iteration, Scope, Template};

/// Renders a text.
pub(crate) fn render(text: &str, input: &Value) -> Result<String, Failure> {
    if !text.contains("{{") {
        return Ok(text.to_owned());
    }
    let failed = |message: String| Failure::engine(kind::EXPRESSION, message);
    let template = Template::compile(&text.into()).map_err(|problems| {
        let messages = problems.iter().map(|problem| problem.what.message.as_str());
        failed(format!(
            "`{text}`: {}",
            messages.collect::<Vec<_>>().join("; ")
        ))
    })?;
    let scope = Input(Value::map([("input", input.clone())]));
    let value = template
        .render(&scope)
        .map_err(|error| failed(format!("`{text}`: {error}")))?;
    Ok(match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.to_revealed_json(),
    })
}

/// A scope in which only `input` is known.
struct Input(Value);

impl Scope for Input {
    fn parameters(&self) -> Value {
        self.0.clone()
    }

    fn vars(&self) -> Value {
        Value::Map(Arc::default())
    }

    fn task(&self, _: &str, _: &Fields) -> Option<Value> {
        None
    }

    fn config(&self) -> Value {
        Value::Null
    }

    fn system(&self) -> Value {
        Value::Null
    }

    fn facts(&self) -> Arc<Facts> {
        Arc::default()
    }

    fn iteration(&self) -> Option<Iteration> {
        None
    }

    fn completion(&self) -> Option<Completion> {
        None
    }
}
