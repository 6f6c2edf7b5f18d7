//! The action `__NAME__`.

use attune_sdk::prelude::*;

// The doc comments below are what people and editors are shown.

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Who to greet.
    name: String,
    /// How many times.
    #[serde(default = "once")]
    times: u8,
}

fn once() -> u8 {
    1
}

#[derive(Serialize, JsonSchema)]
struct Output {
    /// The greeting.
    message: String,
}

/// Greets somebody.
#[action]
fn run(input: Input) -> Result<Output, ActionError> {
    if input.name.is_empty() {
        return Err(ActionError::invalid_input("`name` is empty").with_kind("no_name"));
    }
    info!("greeting", name = input.name, times = input.times);
    let hello = format!("Hello, {}!", input.name);
    Ok(Output { message: vec![hello; input.times.into()].join(" ") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_sdk::testing;

    #[test]
    fn it_greets_and_logs() {
        let output = testing::call(&run, &json!({"name": "Ada", "times": 2})).unwrap();
        assert_eq!(output, json!({"message": "Hello, Ada! Hello, Ada!"}));
        assert_eq!(testing::logs()[0].message, "greeting");
    }

    #[test]
    fn an_empty_name_is_refused() {
        let error = testing::call(&run, &json!({"name": ""})).unwrap_err();
        assert_eq!(error.kind(), Some("no_name"));
    }
}
