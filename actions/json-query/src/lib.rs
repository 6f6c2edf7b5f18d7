//! The action `json.query`: runs a jq program.

use attune_sdk::prelude::*;
use attune_sdk::serde_json::{self, Map};
use jaq_core::data::JustLut;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars};
use jaq_json::{Val, read};

mod fault;

/// The most values that one program may yield: a program can yield without end.
const VALUES_MAX: usize = 100_000;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The program, in the language of jq.
    query: String,
    /// What it reads: its `.`.
    #[serde(default)]
    input: Value,
    /// Values that the program can use as `$name`.
    #[serde(default)]
    args: Map<String, Value>,
    /// Return a list of all values that the program yields, instead of the first one (null if
    /// there is none).
    #[serde(default)]
    all: bool,
}

/// Runs a jq program over a JSON value.
///
/// The language is that of [jq](https://jqlang.org/manual/) as implemented by
/// [jaq](https://gedenkt.at/jaq/manual/), with its whole standard library, without modules and
/// files.
#[action]
fn query(input: Input) -> Result<Value, ActionError> {
    let names: Vec<_> = input.args.keys().map(|name| format!("${name}")).collect();
    let filter = compile(&input.query, &names)?;
    let values = input
        .args
        .values()
        .map(to_jq)
        .collect::<Result<Vec<_>, _>>()?;
    let context = Ctx::<JustLut<Val>>::new(&filter.lut, Vars::new(values));
    let mut outputs = Vec::new();
    for output in filter.id.run((context, to_jq(&input.input)?)) {
        match output {
            Ok(value) => outputs.push(from_jq(&value)?),
            Err(exception) => match exception.get_err() {
                Ok(error) => return Err(fault::at_run(&error.to_string())),
                // What is left is `halt`, which ends the program.
                Err(_) => break,
            },
        }
        if !input.all {
            break;
        }
        if outputs.len() > VALUES_MAX {
            return Err(fault::at_run(&format!(
                "the program yields more than {VALUES_MAX} values"
            )));
        }
    }
    Ok(if input.all {
        outputs.into()
    } else {
        outputs.into_iter().next().unwrap_or(Value::Null)
    })
}

fn compile(program: &str, names: &[String]) -> Result<Filter<JustLut<Val>>, ActionError> {
    let definitions = jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs());
    let functions = jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(jaq_json::funs());
    let arena = Arena::default();
    let file = File {
        code: program,
        path: (),
    };
    let modules = Loader::new(definitions)
        .load(&arena, file)
        .map_err(|errors| fault::at_load(program, errors))?;
    Compiler::default()
        .with_funs(functions)
        .with_global_vars(names.iter().map(String::as_str))
        .compile(modules)
        .map_err(|errors| fault::at_compile(program, errors))
}

fn to_jq(value: &Value) -> Result<Val, ActionError> {
    Ok(read::parse_single(value.to_string().as_bytes())?)
}

fn from_jq(value: &Val) -> Result<Value, ActionError> {
    serde_json::from_str(&value.to_string())
        .map_err(|_| fault::at_run(&format!("the program yields `{value}`, which is not JSON")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_sdk::testing;

    #[test]
    fn examples_come_true() {
        testing::check_examples(&query, include_str!("../examples.json"));
    }

    #[test]
    fn endless_programs_end() {
        let input = json!({"query": "repeat(1)", "all": true});
        let error = testing::call(&query, &input).unwrap_err();
        assert!(error.message().contains("more than"), "{error}");
    }
}
