//! The action `code.js`: runs JavaScript.
//!
//! The engine is boa, in Rust as everything else here: it builds with cargo alone, and is there
//! in half a millisecond without a snapshot. The program reaches nothing but its input.

use attune_sdk::prelude::*;
use boa_engine::builtins::promise::PromiseState;
use boa_engine::object::builtins::JsPromise;
use boa_engine::{Context, JsValue, js_string};

mod console;
mod failure;
mod program;

/// How deep functions may call each other: about as deep as the stack of an attempt allows.
const RECURSION_MAX: usize = 400;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The program: a function of `input`, the body of one (with `return`), or an expression.
    code: String,
    /// What the program is given as `input`: any JSON.
    #[serde(default)]
    input: Value,
}

/// Runs a JavaScript function and returns its result as JSON.
///
/// `code` is a function such as `(input) => input.a + 1`, the body of one such as
/// `const b = input.a + 1; return {b};`, where `await` may be used, or an expression such as
/// `input.items.length`. What it returns becomes JSON as by `JSON.stringify`; nothing at all is
/// null.
///
/// The language is ECMAScript as [boa](https://boajs.dev) implements it, without modules, timers,
/// network and files. `console.log` and its sisters write to the attempt's log. The same code and
/// input always give the same result: `Date.now()` is 0 and `Math.random()` repeats, so hand
/// the time in as input.
///
/// `throw new Error("…")` fails the task with `error.type` `js_error`. If the thrown object has
/// them, `kind` (the `error.type`), `retryable` and `details` are used.
#[action]
fn js(input: Input) -> Result<Value, ActionError> {
    let mut context = Context::default();
    let limits = context.runtime_limits_mut();
    limits.set_recursion_limit(RECURSION_MAX);
    console::install(&mut context).map_err(|error| failure::thrown(error, &mut context))?;
    let script = program::parse(&input.code, &mut context)?;
    match run(&script, &input.input, &mut context) {
        Ok(text) => Ok(text.parse()?),
        Err(error) => Err(failure::thrown(error, &mut context)),
    }
}

/// Runs a program that evaluates to a function, and returns its result as JSON.
fn run(
    script: &boa_engine::Script,
    input: &Value,
    context: &mut Context,
) -> boa_engine::JsResult<String> {
    // Taken before the program can replace it.
    let stringify = context
        .intrinsics()
        .objects()
        .json()
        .get(js_string!("stringify"), context)?;
    let input = JsValue::from_json(input, context)?;
    let outer = script.evaluate(context)?;
    let result = call(&outer, &input, context)?;
    let mut result = settle(result, context)?;
    if result.is_callable() {
        let inner = call(&result, &input, context)?;
        result = settle(inner, context)?;
    }
    let text = call(&stringify, &result, context)?;
    Ok(match text.as_string() {
        Some(text) => text.to_std_string_lossy(),
        // What has no JSON form at all, such as undefined.
        None => "null".to_owned(),
    })
}

fn call(
    function: &JsValue,
    argument: &JsValue,
    context: &mut Context,
) -> boa_engine::JsResult<JsValue> {
    match function.as_callable() {
        Some(function) => function.call(&JsValue::undefined(), &[argument.clone()], context),
        None => Ok(function.clone()),
    }
}

/// Runs what was put off, and returns what a promise has become.
fn settle(value: JsValue, context: &mut Context) -> boa_engine::JsResult<JsValue> {
    context.run_jobs()?;
    let Some(object) = value.as_object() else {
        return Ok(value);
    };
    let Ok(promise) = JsPromise::from_object(object.clone()) else {
        return Ok(value);
    };
    match promise.state() {
        PromiseState::Fulfilled(value) => Ok(value),
        PromiseState::Rejected(reason) => Err(boa_engine::JsError::from_opaque(reason)),
        PromiseState::Pending => Err(boa_engine::JsNativeError::error()
            .with_message("the program waits for a promise that nothing will settle")
            .into()),
    }
}

#[cfg(test)]
mod tests;
