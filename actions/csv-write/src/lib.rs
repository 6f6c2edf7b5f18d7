//! The action `csv.write`: writes CSV.

use attune_sdk::prelude::*;
use attune_sdk::serde_json::Map;
use csv::{Terminator, WriterBuilder};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The rows: objects, or lists.
    rows: Vec<Row>,
    /// The columns, in order. Without it those of the first row, then those that later rows add.
    columns: Option<Vec<String>>,
    /// Whether the first line names the columns. Rows that are lists have names only if `columns`
    /// is given.
    #[serde(default = "default_header")]
    header: bool,
    /// What separates two fields: one character.
    #[serde(default = "comma")]
    delimiter: String,
    /// What ends a line.
    #[serde(default)]
    line_end: LineEnd,
}

fn default_header() -> bool {
    true
}

fn comma() -> String {
    ",".to_owned()
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Row {
    /// Fields by column; what is missing is empty.
    Object(Map<String, Value>),
    /// Fields in order.
    List(Vec<Value>),
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum LineEnd {
    /// A line feed.
    #[default]
    Lf,
    /// Carriage return and line feed, as RFC 4180 wants it.
    Crlf,
}

/// Writes rows as CSV (RFC 4180) and returns the text.
///
/// Null is an empty field, text stands as it is, lists and objects as JSON. Fields are quoted
/// where they have to be.
#[action]
fn write(input: Input) -> Result<String, ActionError> {
    let mut writer = WriterBuilder::new()
        .delimiter(delimiter(&input.delimiter)?)
        .flexible(true)
        .terminator(match input.line_end {
            LineEnd::Lf => Terminator::Any(b'\n'),
            LineEnd::Crlf => Terminator::CRLF,
        })
        .from_writer(Vec::new());
    let columns = match input.columns {
        Some(columns) => columns,
        None => columns_of(&input.rows),
    };
    if input.header && !columns.is_empty() {
        writer.write_record(&columns)?;
    }
    for (number, row) in (1..).zip(&input.rows) {
        writer.write_record(fields(number, row, &columns)?)?;
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8(bytes)?)
}

fn delimiter(text: &str) -> Result<u8, ActionError> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !b"\"\r\n".contains(byte) => Ok(*byte),
        _ => Err(ActionError::invalid_input(format!(
            "`delimiter` must be one ASCII character that is no quote and no line end, not `{text}`"
        ))),
    }
}

fn columns_of(rows: &[Row]) -> Vec<String> {
    let mut columns = Map::new();
    for row in rows {
        if let Row::Object(object) = row {
            columns.extend(object.keys().map(|key| (key.clone(), Value::Null)));
        }
    }
    columns.into_iter().map(|(key, _)| key).collect()
}

fn fields(number: usize, row: &Row, columns: &[String]) -> Result<Vec<String>, ActionError> {
    let misfit =
        |message: String| Err(ActionError::invalid_input(message).with_kind("csv_columns"));
    match row {
        Row::Object(object) => {
            if let Some(key) = object.keys().find(|key| !columns.contains(key)) {
                return misfit(format!(
                    "row {number} has a field `{key}`, which is no column"
                ));
            }
            Ok(columns.iter().map(|name| text(object.get(name))).collect())
        }
        Row::List(list) if !columns.is_empty() && list.len() != columns.len() => {
            let (found, wanted) = (list.len(), columns.len());
            misfit(format!(
                "row {number} has {found} fields, there are {wanted} columns"
            ))
        }
        Row::List(list) => Ok(list.iter().map(|value| text(Some(value))).collect()),
    }
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_sdk::testing;

    #[test]
    fn examples_come_true() {
        testing::check_examples(&write, include_str!("../examples.json"));
    }
}
