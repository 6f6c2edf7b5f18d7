//! Components of kind `typed`: any exported function, called with WIT values made from JSON.

mod json_to_wit;
mod schema;
mod support;
mod wit_to_json;

#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;

pub(crate) use schema::{parameters_schema, result_schema};
pub(crate) use support::unsupported;

use attune_core::Value;
use attune_core::error::{Failure, kind};
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, ComponentExportIndex, Instance, Type, Val};

use crate::attempt::Called;
use crate::outcome::{self, Phase};
use crate::sandbox::Sandbox;

/// The values in an input, and in a result: as many as there are bytes in one of the usual size.
/// Each takes up a `Val` while it is converted.
const MAX_VALUES: usize = 1 << 20;

/// A function, looked up, with its types.
pub(crate) struct TypedEntry {
    index: ComponentExportIndex,
    parameters: Vec<(String, Type)>,
    result: Option<Type>,
}

impl TypedEntry {
    /// Finds `function`, of `interface` or of the component itself.
    pub(crate) fn find(
        component: &Component,
        interface: Option<&str>,
        function: &str,
    ) -> wasmtime::Result<Self> {
        let missing = || wasmtime::format_err!("the component does not export `{function}`");
        let parent = match interface {
            Some(name) => Some(component.get_export_index(None, name).ok_or_else(missing)?),
            None => None,
        };
        let (item, index) = component
            .get_export(parent.as_ref(), function)
            .ok_or_else(missing)?;
        let ComponentItem::ComponentFunc(func) = item else {
            return Err(missing());
        };
        Ok(Self {
            index,
            parameters: parameters(&func),
            result: func.results().next(),
        })
    }
}

impl TypedEntry {
    /// Returns what the values of a call may take while they are converted.
    pub(crate) fn held_bytes(&self) -> u64 {
        let listed = |ty: &Type| support::has_list(ty);
        let parameters = self.parameters.iter().any(|(_, ty)| listed(ty));
        if parameters || self.result.as_ref().is_some_and(listed) {
            // Of arguments or of a result: the ones are gone before the other is there.
            (MAX_VALUES * size_of::<Val>()) as u64
        } else {
            0
        }
    }
}

/// Returns a function's parameters with their names.
pub(crate) fn parameters(func: &ComponentFunc) -> Vec<(String, Type)> {
    let named = func.params();
    named.map(|(name, ty)| (name.to_owned(), ty)).collect()
}

/// Calls a function with `input`: an object with its parameters by name, or an array of them.
pub(crate) async fn call(
    sandbox: &mut Sandbox,
    instance: &Instance,
    entry: &TypedEntry,
    input: &Value,
) -> Called {
    let input_bytes = input.to_revealed_json().len();
    let values = match json_to_wit::arguments(&entry.parameters, input) {
        Ok(values) => values,
        Err(mismatch) => {
            let failure = Failure::engine(kind::INVALID_INPUT, mismatch.to_string());
            let pointer = Value::map([("pointer", Value::from(mismatch.pointer))]);
            return Called::failed(failure.with_details(pointer));
        }
    };
    let Some(func) = instance.get_func(&mut sandbox.store, entry.index) else {
        let failure = Failure::engine(kind::ENGINE, "the component lacks its function");
        return Called::failed(failure);
    };
    let mut results = vec![Val::Bool(false); usize::from(entry.result.is_some())];
    let called = func
        .call_async(&mut sandbox.store, &values, &mut results)
        .await;
    let result = match called {
        Ok(()) => convert(results.pop(), entry.result.as_ref()),
        Err(error) => Err(outcome::failure(&error, Phase::Call)),
    };
    let result = result.and_then(|value| {
        let size = value.to_revealed_json().len();
        sandbox.fits(size).map(|()| (size, value))
    });
    Called {
        input_bytes,
        output_bytes: result.as_ref().map_or(0, |(size, _)| *size),
        result: result.map(|(_, value)| value),
    }
}

/// Converts what a function returned: of a `result`, `err` is a failed attempt.
fn convert(returned: Option<Val>, ty: Option<&Type>) -> Result<Value, Failure> {
    let (Some(returned), Some(ty)) = (returned, ty) else {
        return Ok(Value::Null);
    };
    match (&returned, ty) {
        (Val::Result(Ok(content)), Type::Result(result)) => {
            wit_to_json::payload(content.as_deref(), result.ok()).map_err(unreadable)
        }
        (Val::Result(Err(content)), Type::Result(result)) => {
            let details = wit_to_json::payload(content.as_deref(), result.err());
            Err(returned_error(details.map_err(unreadable)?))
        }
        _ => wit_to_json::value(&returned, ty).map_err(unreadable),
    }
}

/// The failure of a function that returned `err`; whether another try helps it does not say.
fn returned_error(details: Value) -> Failure {
    let message = details.as_str().unwrap_or("the action returned an error");
    let failure = outcome::action(kind::ACTION_FAILED, message);
    failure.with_details(details).retryable()
}

fn unreadable(error: wit_to_json::NotJson) -> Failure {
    Failure::engine(kind::OUTPUT, error.to_string())
}
