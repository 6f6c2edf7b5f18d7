//! Numbers with a meaning: integers, durations, sizes, shares.

use crate::spec::tree::{Data, Node};
use crate::time::Millis;

/// Returns an integer; `1e10` is one too.
pub(crate) fn integer(node: &Node) -> Option<i64> {
    match &node.data {
        Data::Int(value) => Some(*value),
        // Out of every bound; clamping keeps it so.
        Data::BigInt(_) => Some(i64::MAX),
        Data::Float(value) if value.fract() == 0.0 => Some(*value as i64),
        Data::Float(_)
        | Data::Null
        | Data::Bool(_)
        | Data::Text(_)
        | Data::List(_)
        | Data::Map(_) => None,
    }
}

/// Returns a number.
pub(crate) fn number(node: &Node) -> Option<f64> {
    match &node.data {
        Data::Int(value) => Some(*value as f64),
        Data::BigInt(value) => Some(*value as f64),
        Data::Float(value) => Some(*value),
        Data::Null | Data::Bool(_) | Data::Text(_) | Data::List(_) | Data::Map(_) => None,
    }
}

/// Returns a duration: a number of seconds, or text such as `90s`.
pub(crate) fn duration(node: &Node) -> Option<Millis> {
    match node.as_text() {
        Some(text) => Millis::parse(text),
        None => Millis::from_secs_f64(number(node)?),
    }
}

/// Tells whether it is a duration, if only it were within bounds.
pub(crate) fn looks_like_duration(node: &Node) -> bool {
    let Some(text) = node.as_text() else {
        return number(node).is_some();
    };
    let text = text.trim();
    let split = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (amount, unit) = text.split_at(split);
    matches!(unit, "" | "ms" | "s" | "m" | "h" | "d")
        && amount.trim().parse::<f64>().is_ok_and(f64::is_finite)
}

/// Returns a size in bytes: a number, or text such as `64MiB` or `1GB`.
pub(crate) fn size(node: &Node) -> Option<u64> {
    let Some(text) = node.as_text() else {
        return integer(node).and_then(|bytes| u64::try_from(bytes).ok());
    };
    let text = text.trim();
    let split = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (amount, unit) = text.split_at(split);
    let factor: u64 = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return None,
    };
    amount.trim().parse::<u64>().ok()?.checked_mul(factor)
}

/// Returns a share: `25%` is 25.
pub(crate) fn percent(node: &Node) -> Option<f64> {
    let number = node.as_text()?.trim().strip_suffix('%')?.trim();
    let share = number.parse::<f64>().ok()?;
    (0.0..=100.0).contains(&share).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::yaml::read;

    fn node(text: &str) -> Node {
        read(text, &mut Vec::new()).unwrap()
    }

    #[test]
    fn sizes_and_shares_are_read() {
        for (text, expected) in [
            ("64MiB", Some(64 << 20)),
            ("1 GB", Some(1_000_000_000)),
            ("12", Some(12)),
            ("1e3", Some(1000)),
            ("-1", None),
            ("5 parsecs", None),
        ] {
            assert_eq!(size(&node(text)), expected, "{text}");
        }
        assert_eq!(percent(&node("12.5%")), Some(12.5));
        assert_eq!(percent(&node("101%")), None);
        assert_eq!(percent(&node("5")), None);
    }

    #[test]
    fn only_what_is_too_long_looks_like_a_duration() {
        for (text, looks) in [("400d", true), ("-1", true), ("soon", false), ("1w", false)] {
            assert_eq!(duration(&node(text)), None, "{text}");
            assert_eq!(looks_like_duration(&node(text)), looks, "{text}");
        }
    }
}
