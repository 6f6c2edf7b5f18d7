//! What `#[action]` accepts: a function of nothing or of one typed input.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::ActionError;

/// A function that can be an action: `fn(Input) -> Result<Output, Error>` or
/// `fn() -> Result<Output, Error>`, which ignores its input.
#[diagnostic::on_unimplemented(
    message = "an action is `fn(Input) -> Result<Output, Error>` or `fn() -> Result<Output, Error>`",
    note = "the input is `Deserialize + JsonSchema`, the output `Serialize + JsonSchema`, and the error `ActionError` or any `std::error::Error`"
)]
pub trait Handler<Arguments> {
    /// Runs it on JSON text and returns JSON text.
    ///
    /// # Errors
    /// If the input does not fit, or the function fails.
    fn run_json(&self, input: &str) -> Result<String, ActionError>;

    /// Returns the schema of the input, or nothing where anything goes.
    fn parameters(&self) -> Option<Schema>;

    /// Returns the schema of the output.
    fn output(&self) -> Schema;
}

impl<F, I, O, E> Handler<(I,)> for F
where
    F: Fn(I) -> Result<O, E>,
    I: DeserializeOwned + JsonSchema,
    O: Serialize + JsonSchema,
    E: Into<ActionError>,
{
    fn run_json(&self, input: &str) -> Result<String, ActionError> {
        let input = serde_json::from_str(input)
            .map_err(|error| ActionError::invalid_input(format!("input does not fit: {error}")))?;
        encode(self(input))
    }

    fn parameters(&self) -> Option<Schema> {
        Some(
            SchemaSettings::draft2020_12()
                .into_generator()
                .into_root_schema_for::<I>(),
        )
    }

    fn output(&self) -> Schema {
        output::<O>()
    }
}

impl<F, O, E> Handler<()> for F
where
    F: Fn() -> Result<O, E>,
    O: Serialize + JsonSchema,
    E: Into<ActionError>,
{
    fn run_json(&self, _input: &str) -> Result<String, ActionError> {
        encode(self())
    }

    fn parameters(&self) -> Option<Schema> {
        None
    }

    fn output(&self) -> Schema {
        output::<O>()
    }
}

fn encode(result: Result<impl Serialize, impl Into<ActionError>>) -> Result<String, ActionError> {
    let output = result.map_err(Into::into)?;
    serde_json::to_string(&output)
        .map_err(|error| ActionError::permanent(format!("output is not JSON: {error}")))
}

fn output<O: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<O>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Case;
    use crate::prelude::*;

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Input {
        /// How many.
        count: u8,
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is an action")]
    fn double(input: Input) -> Result<u16, ActionError> {
        Ok(u16::from(input.count) * 2)
    }

    #[test]
    fn input_and_output_are_json() {
        assert_eq!(double.run_json(r#"{"count": 200}"#), Ok("400".into()));
        let error = double.run_json(r#"{"count": "x"}"#).unwrap_err();
        assert_eq!(error.case(), Case::InvalidInput);
        assert_eq!(
            error.message(),
            "input does not fit: invalid type: string \"x\", expected u8 at line 1 column 13"
        );
    }

    #[test]
    fn schemas_carry_the_docs() {
        let schema = Handler::parameters(&double).unwrap();
        let schema = schema.as_value();
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert_eq!(schema["properties"]["count"]["description"], "How many.");
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(Handler::output(&double).as_value()["type"], "integer");
    }

    #[test]
    fn an_action_without_input_takes_any() {
        let nothing = || Ok::<_, ActionError>(());
        assert_eq!(nothing.run_json(r#"{"x": 1}"#), Ok("null".into()));
        assert!(Handler::parameters(&nothing).is_none());
    }
}
