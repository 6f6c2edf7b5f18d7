//! Components of kind `command`: an ordinary program, with its input on stdin or in its
//! arguments, and its result on stdout.

use attune_core::Value;
use attune_core::error::{Failure, kind};
use wasmtime::component::{ComponentExportIndex, Instance};
use wasmtime_wasi::I32Exit;

use crate::attempt::Called;
use crate::outcome::{self, Phase};
use crate::sandbox::{CommandSetup, Sandbox};

/// What a program is told that it is called.
const PROGRAM: &str = "action";

/// The most that arguments and environment may come to, bytes.
const MAX_ARGUMENT_BYTES: usize = 128 << 10;

/// Renders arguments, environment and stdin for an input.
pub(crate) fn setup(
    args: &[String],
    env: &[(String, String)],
    stdin: Option<&str>,
    input: &Value,
) -> Result<CommandSetup, Failure> {
    let render = |text: &String| crate::template::render(text, input);
    let mut rendered = vec![PROGRAM.to_owned()];
    for arg in args {
        rendered.push(render(arg)?);
    }
    let mut variables = Vec::with_capacity(env.len());
    for (name, value) in env {
        variables.push((name.clone(), render(value)?));
    }
    let size = rendered.iter().map(String::len).sum::<usize>()
        + variables
            .iter()
            .map(|(n, v)| n.len() + v.len())
            .sum::<usize>();
    if size > MAX_ARGUMENT_BYTES {
        let text = format!(
            "arguments and environment have {size} bytes, the limit is {MAX_ARGUMENT_BYTES}"
        );
        return Err(Failure::engine(kind::INVALID_INPUT, text));
    }
    let stdin = match stdin {
        Some(template) => crate::template::render(template, input)?,
        None => input.to_revealed_json(),
    };
    Ok(CommandSetup {
        args: rendered,
        env: variables,
        stdin,
    })
}

/// Runs the program.
pub(crate) async fn call(
    sandbox: &mut Sandbox,
    instance: &Instance,
    index: &ComponentExportIndex,
    input: &Value,
) -> Called {
    let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut sandbox.store, index);
    let run = match run {
        Ok(run) => run,
        Err(error) => return Called::failed(outcome::failure(&error, Phase::Instantiate)),
    };
    let failed = match run.call_async(&mut sandbox.store, ()).await {
        Ok((Ok(()),)) => None,
        Ok((Err(()),)) => Some(exited(1)),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(0)) => None,
            Some(I32Exit(code)) => Some(exited(*code)),
            None => Some(outcome::failure(&error, Phase::Call)),
        },
    };
    let written = sandbox.collected();
    Called {
        input_bytes: sandbox.given_bytes(input),
        output_bytes: written.len(),
        result: match failed {
            Some(failure) => Err(failure),
            None => Ok(outcome::json_or_text(trimmed(&written))),
        },
    }
}

/// A program that ends with a code other than 0 has failed; another try may help.
fn exited(code: i32) -> Failure {
    let text = format!("the program exited with code {code}");
    outcome::action(kind::ACTION_FAILED, &text).retryable()
}

/// Text without the newline that programs end their output with.
fn trimmed(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\n").unwrap_or(bytes)
}
