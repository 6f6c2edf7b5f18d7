//! Input given on the command line: `name=text`, `n:=3`, `body=@file`, `body:=@file`, `--input`.

use std::fs;
use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value as Json};

use crate::cli::Inputs;
use crate::output::error::{CliError, Context, Result};

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn read(file: &str) -> Result<Vec<u8>> {
    if file == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        return read
            .map(|_count| bytes)
            .context(|| "cannot read standard input".into());
    }
    fs::read(file).context(|| format!("cannot read `{file}`"))
}

/// Makes the input of all that was given.
///
/// # Errors
/// If a value or a file cannot be understood.
pub(crate) fn collect(inputs: &Inputs) -> Result<Json> {
    let base = inputs.input.as_deref().map(read_data).transpose()?;
    if inputs.values.is_empty() {
        return Ok(base.unwrap_or_else(|| Json::Object(Map::new())));
    }
    let mut all = match base {
        None => Map::new(),
        Some(Json::Object(map)) => map,
        Some(_) => {
            return Err(CliError::usage(
                "`--input` is not an object, so no value can be added",
            ));
        }
    };
    for text in &inputs.values {
        let (name, value) = parse(text)?;
        all.insert(name, value);
    }
    Ok(Json::Object(all))
}

/// Reads JSON, or YAML where the name says so.
///
/// # Errors
/// If the file cannot be read or understood.
pub(crate) fn read_data(file: &str) -> Result<Json> {
    let bytes = read(file)?;
    let is_yaml = Path::new(file)
        .extension()
        .is_some_and(|end| end == "yaml" || end == "yml");
    if is_yaml {
        serde_yaml::from_slice(&bytes).context(|| format!("`{file}` is not YAML"))
    } else {
        serde_json::from_slice(&bytes).context(|| format!("`{file}` is not JSON"))
    }
}

fn parse(text: &str) -> Result<(String, Json)> {
    let (name, value) = text.split_once('=').ok_or_else(|| {
        CliError::usage(format!("`{text}` is not an input"))
            .hint("inputs look like `name=Ada` (text), `n:=3` (JSON) or `body=@file`")
    })?;
    let (name, is_json) = match name.strip_suffix(':') {
        Some(name) => (name, true),
        None => (name, false),
    };
    if name.is_empty() {
        return Err(CliError::usage(format!(
            "`{text}` has no name before the `=`"
        )));
    }
    let bytes = match value.strip_prefix('@') {
        Some(file) => read(file)?,
        None => value.as_bytes().to_vec(),
    };
    let value = if is_json {
        serde_json::from_slice(&bytes)
            .context(|| format!("the value of `{name}` is not JSON"))
            .map_err(|error| error.hint(format!("for text write `{name}={value}`")))?
    } else {
        let text = String::from_utf8(bytes)
            .context(|| format!("the value of `{name}` is not UTF-8 text"))?;
        Json::String(text)
    };
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(values: &[&str]) -> Result<Json> {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        collect(&Inputs {
            values,
            input: None,
        })
    }

    #[test]
    fn values_are_text_or_json() {
        let all = check(&["name=Ada", "n:=3", "list:=[1]", "empty=", "eq=a=b"]).unwrap();
        let expected = json!({"name": "Ada", "n": 3, "list": [1], "empty": "", "eq": "a=b"});
        assert_eq!(all, expected);
    }

    #[test]
    fn nonsense_is_explained() {
        assert!(
            check(&["Ada"])
                .unwrap_err()
                .hint
                .unwrap()
                .contains("name=Ada")
        );
        assert!(
            check(&["n:=three"])
                .unwrap_err()
                .message
                .contains("`n` is not JSON")
        );
        assert!(check(&["=x"]).is_err());
    }
}
