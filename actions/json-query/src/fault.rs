//! Says what is wrong with a jq program, and where in it.

use attune_sdk::prelude::*;
use jaq_core::compile;
use jaq_core::load::{self, Error};

/// A failure while the program ran.
pub(crate) fn at_run(message: &str) -> ActionError {
    ActionError::permanent(message).with_kind("query_failed")
}

/// A program that does not parse.
pub(crate) fn at_load(program: &str, errors: load::Errors<&str, ()>) -> ActionError {
    let mut messages = Vec::new();
    for (_, error) in errors {
        match error {
            Error::Io(files) => {
                messages.extend(
                    files
                        .iter()
                        .map(|(path, error)| place(program, path, error)),
                );
            }
            Error::Lex(errors) => messages.extend(errors.iter().map(|(expected, found)| {
                place(program, found, &format!("expected {}", expected.as_str()))
            })),
            Error::Parse(errors) => messages.extend(errors.iter().map(|(expected, found)| {
                place(program, found, &format!("expected {}", expected.as_str()))
            })),
        }
    }
    invalid(&messages)
}

/// A program that uses names which do not exist.
pub(crate) fn at_compile(program: &str, errors: compile::Errors<&str, ()>) -> ActionError {
    let errors = errors.into_iter().flat_map(|(_, errors)| errors);
    let messages = errors.map(|(name, undefined)| {
        place(
            program,
            name,
            &format!("undefined {} `{name}`", undefined.as_str()),
        )
    });
    invalid(&messages.collect::<Vec<_>>())
}

fn invalid(messages: &[String]) -> ActionError {
    ActionError::invalid_input(format!("the jq program is wrong: {}", messages.join("; ")))
        .with_kind("query_syntax")
}

/// Puts the place of a part of the program, which it is a slice of, before a message.
fn place(program: &str, part: &str, message: &str) -> String {
    let offset = (part.as_ptr() as usize).wrapping_sub(program.as_ptr() as usize);
    let Some(before) = program.get(..offset) else {
        return message.to_owned();
    };
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    format!("{line}:{column}: {message}")
}
