//! The action `csv.parse`: reads CSV.

use attune_sdk::prelude::*;
use attune_sdk::serde_json::Map;
use csv::{ReaderBuilder, StringRecord, Trim};

/// The most rows that one text may have: each costs memory many times its length.
const ROWS_MAX: usize = 200_000;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The text.
    text: String,
    /// What separates two fields: one character.
    #[serde(default = "comma")]
    delimiter: String,
    /// Where the names of the columns come from.
    #[serde(default)]
    header: Header,
    /// The names of the columns, for `header: given`.
    #[serde(default)]
    columns: Vec<String>,
    /// Whether numbers, `true`, `false` and empty fields become JSON numbers, booleans and null.
    /// Otherwise every field is text.
    #[serde(default)]
    typed: bool,
    /// Whether spaces around a field are dropped.
    #[serde(default)]
    trim: bool,
}

fn comma() -> String {
    ",".to_owned()
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Header {
    /// The first row names them. Rows are objects.
    #[default]
    First,
    /// `columns` names them. Rows are objects.
    Given,
    /// They have no names. Rows are lists.
    None,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    /// The names of the columns; empty for `header: none`.
    columns: Vec<String>,
    /// The rows: objects by column, or lists for `header: none`.
    rows: Vec<Value>,
}

/// Reads CSV (RFC 4180) and returns its rows.
///
/// Quoted fields may hold delimiters, quotes and line ends. A row with more or fewer fields than
/// there are columns is an error, which names its line.
#[action]
fn parse(input: Input) -> Result<Output, ActionError> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(&input.delimiter)?)
        .has_headers(input.header == Header::First)
        .trim(if input.trim { Trim::All } else { Trim::None })
        .from_reader(input.text.trim_start_matches('\u{feff}').as_bytes());
    let columns: Vec<String> = match input.header {
        Header::First => reader
            .headers()
            .map_err(|error| malformed(&error))?
            .iter()
            .map(ToOwned::to_owned)
            .collect(),
        Header::Given => input.columns,
        Header::None => Vec::new(),
    };
    if let Some(name) = twice(&columns) {
        let message = format!("two columns are called `{name}`");
        return Err(ActionError::invalid_input(message).with_kind("csv_header"));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| malformed(&error))?;
        if rows.len() == ROWS_MAX {
            let message = format!("the text has more than {ROWS_MAX} rows");
            return Err(ActionError::invalid_input(message).with_kind("csv_too_large"));
        }
        rows.push(row(&record, input.header, &columns, input.typed)?);
    }
    Ok(Output { columns, rows })
}

fn delimiter(text: &str) -> Result<u8, ActionError> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !b"\"\r\n".contains(byte) => Ok(*byte),
        _ => Err(ActionError::invalid_input(format!(
            "`delimiter` must be one ASCII character that is no quote and no line end, not `{text}`"
        ))),
    }
}

fn twice(columns: &[String]) -> Option<&String> {
    let mut sorted: Vec<_> = columns.iter().collect();
    sorted.sort_unstable();
    sorted
        .windows(2)
        .find(|pair| pair[0] == pair[1])
        .map(|pair| pair[0])
}

fn malformed(error: &csv::Error) -> ActionError {
    ActionError::invalid_input(format!("the text is no CSV: {error}")).with_kind("csv_syntax")
}

fn row(
    record: &StringRecord,
    header: Header,
    columns: &[String],
    typed: bool,
) -> Result<Value, ActionError> {
    let fields = record.iter().map(|text| field(text, typed));
    if header == Header::None {
        return Ok(fields.collect());
    }
    if record.len() != columns.len() {
        let line = record.position().map_or(0, csv::Position::line);
        let (found, wanted) = (record.len(), columns.len());
        let message = format!("line {line} has {found} fields, there are {wanted} columns");
        return Err(ActionError::invalid_input(message).with_kind("csv_syntax"));
    }
    Ok(columns
        .iter()
        .cloned()
        .zip(fields)
        .collect::<Map<_, _>>()
        .into())
}

fn field(text: &str, typed: bool) -> Value {
    if !typed {
        return text.into();
    }
    match text {
        "" => Value::Null,
        "true" => true.into(),
        "false" => false.into(),
        // A zip code such as 01234 is no number.
        _ if has_leading_zero(text) => text.into(),
        _ => match text.parse::<serde_json::Number>() {
            Ok(number) => number.into(),
            Err(_) => text.into(),
        },
    }
}

fn has_leading_zero(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.")
}

use attune_sdk::serde_json;

#[cfg(test)]
mod tests {
    use super::*;
    use attune_sdk::testing;

    #[test]
    fn examples_come_true() {
        testing::check_examples(&parse, include_str!("../examples.json"));
    }

    #[test]
    fn what_looks_like_a_number_but_is_none_stays_text() {
        for text in [
            "01234", "-01", "1e", "0x10", "+5", "1_000", " 1", "NaN", "inf",
        ] {
            assert_eq!(field(text, true), json!(text));
        }
        for (text, number) in [
            ("0", json!(0)),
            ("-0.5", json!(-0.5)),
            ("1e3", json!(1000.0)),
        ] {
            assert_eq!(field(text, true), number, "{text}");
        }
    }
}
