//! The action `text.render`: renders a template.

use attune_sdk::prelude::*;
use attune_sdk::serde_json::Map;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The template, in the language of Jinja.
    template: String,
    /// What the template can use, by name.
    #[serde(default)]
    values: Map<String, Value>,
    /// How the template marks its own parts.
    #[serde(default)]
    syntax: Syntax,
    /// What special characters in values are escaped for.
    #[serde(default)]
    escape: Escape,
    /// Whether a name that does not exist is an error. Otherwise it is empty.
    #[serde(default = "default_strict")]
    strict: bool,
}

fn default_strict() -> bool {
    true
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Syntax {
    /// Jinja's own marks: `{{ value }}`, `{% if … %}`, `{# … #}`.
    #[default]
    Braces,
    /// `[[ value ]]`, `[% if … %]`, `[# … #]`: for templates that stand in a workflow file, which
    /// takes double braces for its own.
    Brackets,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Escape {
    /// Nothing is escaped.
    #[default]
    None,
    /// Values are escaped for HTML.
    Html,
}

/// Renders a template over values and returns the text.
///
/// The language is that of [minijinja](https://docs.rs/minijinja): expressions, filters, `if`,
/// `for`, `set` and macros.
#[action]
fn render(input: Input) -> Result<String, ActionError> {
    let values = minijinja::value::Serde(&input.values);
    environment(&input)?
        .render_str(&input.template, values)
        .map_err(|error| {
            let kind = if error.kind() == ErrorKind::SyntaxError {
                "template_syntax"
            } else if error.kind() == ErrorKind::UndefinedError {
                "template_undefined"
            } else {
                "template"
            };
            // The text with its causes, which name the place within macros and filters.
            let error = ActionError::from(error);
            ActionError::invalid_input(error.message()).with_kind(kind)
        })
}

fn environment(input: &Input) -> Result<Environment<'static>, ActionError> {
    let mut environment = Environment::new();
    let escape = input.escape;
    environment.set_auto_escape_callback(move |_| match escape {
        Escape::None => AutoEscape::None,
        Escape::Html => AutoEscape::Html,
    });
    environment.set_undefined_behavior(if input.strict {
        UndefinedBehavior::Strict
    } else {
        UndefinedBehavior::Chainable
    });
    let mut syntax = SyntaxConfig::builder();
    syntax
        .keep_trailing_newline(true)
        .trim_blocks(true)
        .lstrip_blocks(true);
    if let Syntax::Brackets = input.syntax {
        syntax
            .block_delimiters("[%", "%]")
            .variable_delimiters("[[", "]]")
            .comment_delimiters("[#", "#]");
    }
    environment.set_syntax(syntax.build()?);
    Ok(environment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_sdk::testing;

    #[test]
    fn examples_come_true() {
        testing::check_examples(&render, include_str!("../examples.json"));
    }
}
