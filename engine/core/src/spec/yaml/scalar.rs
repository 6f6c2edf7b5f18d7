//! What a plain scalar means: the core schema of YAML 1.2, so `yes` and `on` are text.

use std::sync::Arc;

use crate::spec::tree::Data;

/// Why a scalar has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScalarError {
    /// JSON has neither infinities nor NaN.
    NotFinite,
    /// The explicit tag does not fit the text.
    Tag,
}

/// Resolves a plain scalar without a tag.
pub(super) fn resolve(text: &str) -> Result<Data, ScalarError> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Data::Null),
        "true" | "True" | "TRUE" => return Ok(Data::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Data::Bool(false)),
        _ => {}
    }
    // Most scalars are words; none of the numbers begins like one.
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return Ok(Data::Text(text.into()));
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(ScalarError::NotFinite);
    }
    if let Some(data) = integer(text, unsigned) {
        return Ok(data);
    }
    if is_float(unsigned) {
        return float(text);
    }
    Ok(Data::Text(text.into()))
}

/// Resolves a scalar with one of the core tags (`!!str` and so on, without the prefix).
pub(super) fn resolve_tagged(tag: &str, text: &str) -> Result<Data, ScalarError> {
    if tag == "str" {
        return Ok(Data::Text(text.into()));
    }
    let data = resolve(text)?;
    match (tag, data) {
        ("null", Data::Null) => Ok(Data::Null),
        ("bool", Data::Bool(value)) => Ok(Data::Bool(value)),
        ("int", data @ (Data::Int(_) | Data::BigInt(_))) => Ok(data),
        ("float", Data::Int(value)) => Ok(Data::Float(value as f64)),
        ("float", Data::BigInt(value)) => Ok(Data::Float(value as f64)),
        ("float", Data::Float(value)) => Ok(Data::Float(value)),
        _ => Err(ScalarError::Tag),
    }
}

fn integer(text: &str, unsigned: &str) -> Option<Data> {
    if let Some(digits) = text.strip_prefix("0x") {
        return plain_digits(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return plain_digits(digits, 8);
    }
    if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let exact = text.parse::<i64>().map(Data::Int).ok();
    exact
        .or_else(|| text.parse::<u64>().map(Data::BigInt).ok())
        // Beyond 64 bits a number is a float, as in every JSON reader.
        .or_else(|| float(text).ok())
}

fn plain_digits(digits: &str, radix: u32) -> Option<Data> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let number = u64::from_str_radix(digits, radix).ok()?;
    Some(i64::try_from(number).map_or(Data::BigInt(number), Data::Int))
}

/// `[0-9]+(\.[0-9]*)?` or `\.[0-9]+`, then perhaps an exponent.
fn is_float(unsigned: &str) -> bool {
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|text| {
        let text = text.strip_prefix(['+', '-']).unwrap_or(text);
        !text.is_empty() && digits(text)
    });
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent_fits
}

fn float(text: &str) -> Result<Data, ScalarError> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Data::Float(value)),
        Ok(_) => Err(ScalarError::NotFinite),
        Err(_) => Ok(Data::Text(Arc::from(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        match resolve(text) {
            Ok(Data::Text(text)) => format!("text {text}"),
            Ok(data) => format!("{data:?}"),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        for (text, expected) in [
            ("yes", "text yes"),
            ("on", "text on"),
            ("~", "Null"),
            ("nULL", "text nULL"),
            ("True", "Bool(true)"),
            ("12", "Int(12)"),
            ("-12", "Int(-12)"),
            ("+12", "Int(12)"),
            ("007", "Int(7)"),
            ("1_000", "text 1_000"),
            ("0x1F", "Int(31)"),
            ("0o17", "Int(15)"),
            ("0b1", "text 0b1"),
            ("18446744073709551615", "BigInt(18446744073709551615)"),
            ("18446744073709551616", "Float(1.8446744073709552e19)"),
            ("1.5", "Float(1.5)"),
            ("1.", "Float(1.0)"),
            (".5", "Float(0.5)"),
            ("1e3", "Float(1000.0)"),
            ("1.0.0", "text 1.0.0"),
            ("-", "text -"),
            (".", "text ."),
            ("+.inf", "NotFinite"),
            (".nan", "NotFinite"),
            ("1e999", "NotFinite"),
            ("2024-01-01", "text 2024-01-01"),
            ("12:30", "text 12:30"),
        ] {
            assert_eq!(show(text), expected, "{text}");
        }
    }

    #[test]
    fn core_tags_convert_or_refuse() {
        assert!(matches!(resolve_tagged("str", "1"), Ok(Data::Text(_))));
        assert!(matches!(resolve_tagged("float", "1"), Ok(Data::Float(1.0))));
        assert!(matches!(resolve_tagged("int", "x"), Err(ScalarError::Tag)));
    }
}
