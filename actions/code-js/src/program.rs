//! What a program may be: a function, the body of one, or an expression.

use std::path::Path;

use attune_sdk::prelude::*;
use boa_engine::{Context, JsResult, Script, Source};

use crate::failure;

/// What backtraces call the program.
pub(crate) const FILE: &str = "code.js";

/// How many lines stand before the program in what is parsed.
pub(crate) const LINES_BEFORE: u32 = 1;

/// Parses a program into a script that evaluates to a function.
pub(crate) fn parse(code: &str, context: &mut Context) -> Result<Script, ActionError> {
    // The parentheses are on lines of their own, so that columns are right, and a comment at the
    // program's end does not hide them. A semicolon may end an expression, but not within them.
    let expression = code.trim_end().trim_end_matches(';');
    let expression = format!("(function (input) {{ return (\n{expression}\n) }})");
    let no_expression = match script(&expression, context) {
        Ok(script) => return Ok(script),
        Err(error) => error,
    };
    let body = format!("(async function (input) {{\n{code}\n}})");
    script(&body, context).map_err(|no_body| {
        // Whoever gets further has understood the program better.
        let (expression, body) = (failure::syntax(&no_expression), failure::syntax(&no_body));
        if failure::place(&expression) > failure::place(&body) {
            expression
        } else {
            body
        }
    })
}

fn script(text: &str, context: &mut Context) -> JsResult<Script> {
    let source = Source::from_bytes(text).with_path(Path::new(FILE));
    Script::parse(source, None, context)
}
