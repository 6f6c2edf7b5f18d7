//! Lengths of time in the input of an action, written as workflows write them.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// What a unit is worth, the longest names first: `ms` must not be taken for `m`.
const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// A length of time: a number of seconds, or text such as `500ms`, `90s`, `5m`, `1h` or `2d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(Duration);

impl Span {
    /// Returns it as the standard library's type.
    #[must_use]
    pub fn duration(self) -> Duration {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let (number, unit_ms) = UNITS
            .iter()
            .find_map(|(name, ms)| Some((text.strip_suffix(name)?, *ms)))?;
        let count: u64 = number.parse().ok()?;
        Some(Self(Duration::from_millis(count.checked_mul(unit_ms)?)))
    }
}

impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{}ms", self.0.as_millis()))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpanVisitor)
    }
}

struct SpanVisitor;

impl Visitor<'_> for SpanVisitor {
    type Value = Span;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a length of time: seconds, or text such as `500ms`, `90s`, `5m`, `1h`, `2d`")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Span, E> {
        Ok(Span(Duration::from_secs(seconds)))
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Span, E> {
        let unsigned = u64::try_from(seconds);
        unsigned
            .map(|seconds| Span(Duration::from_secs(seconds)))
            .map_err(|_| E::invalid_value(Unexpected::Signed(seconds), &self))
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Span, E> {
        Duration::try_from_secs_f64(seconds)
            .map(Span)
            .map_err(|_| E::invalid_value(Unexpected::Float(seconds), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Span, E> {
        Span::parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl JsonSchema for Span {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$"},
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, milliseconds: u64) {
        let span: Span = serde_json::from_str(json).unwrap();
        assert_eq!(
            span.duration(),
            Duration::from_millis(milliseconds),
            "{json}"
        );
    }

    #[test]
    fn seconds_and_units_are_understood() {
        check("2", 2_000);
        check("0.25", 250);
        check(r#""500ms""#, 500);
        check(r#""90s""#, 90_000);
        check(r#""5m""#, 300_000);
        check(r#""1h""#, 3_600_000);
        check(r#""2d""#, 172_800_000);
    }

    #[test]
    fn anything_else_is_refused() {
        for json in [
            "-1",
            "-0.5",
            "1e300",
            r#""5""#,
            r#""h""#,
            r#""-5s""#,
            r#""1h30m""#,
            "null",
        ] {
            assert!(serde_json::from_str::<Span>(json).is_err(), "{json}");
        }
        let largest = format!("\"{}d\"", u64::MAX);
        assert!(serde_json::from_str::<Span>(&largest).is_err());
    }
}
