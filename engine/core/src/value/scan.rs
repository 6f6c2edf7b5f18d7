//! Finds secrets in what an action gives back: a result that quotes one is secret too, and texts
//! show a marker in its place.
//!
//! An action sees the secrets of its input in clear, so taint ends at its door; this takes it up
//! again behind it. Only the literal text is found, not what was computed from it.

use std::borrow::Cow;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

use super::{Map, SECRET_MARKER, Value};
use crate::error::Failure;

/// Shorter secrets are not looked for: they would be found everywhere.
pub const MIN_SCANNED_BYTES: usize = 3;

/// The texts of the secrets that somebody has seen.
#[derive(Debug)]
pub struct SecretTexts(AhoCorasick);

impl SecretTexts {
    /// Collects the secrets in `value` and those in `more`; `None` if there is none to look for.
    pub fn of<'a>(value: &Value, more: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut texts: Vec<Cow<'_, str>> = more.into_iter().map(Cow::Borrowed).collect();
        collect(value, false, &mut texts);
        texts.retain(|text| text.len() >= MIN_SCANNED_BYTES);
        if texts.is_empty() {
            return None;
        }
        let searcher = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(texts.iter().map(|text| text.as_bytes()));
        // Only more patterns than a value can hold are refused.
        searcher.ok().map(Self)
    }

    /// Marks whatever in `value` quotes a secret.
    pub fn hide(&self, value: Value) -> Value {
        match value {
            Value::Text(text) if self.0.is_match(&*text) => Value::Text(text).secret(),
            number @ (Value::Int(_) | Value::BigInt(_) | Value::Float(_)) => {
                if self.is_whole(&number.to_public_json()) {
                    number.secret()
                } else {
                    number
                }
            }
            Value::List(items) => {
                let hidden = items.iter().map(|item| self.hide(item.clone()));
                Value::list(hidden.collect())
            }
            Value::Map(map) => Value::Map(Arc::new(self.hide_map(&map))),
            other @ (Value::Null | Value::Bool(_) | Value::Text(_) | Value::Secret(_)) => other,
        }
    }

    fn hide_map(&self, map: &Map) -> Map {
        let entry = |(key, value): (&Arc<str>, &Value)| (self.mask(key), self.hide(value.clone()));
        map.iter().map(entry).collect()
    }

    /// Hides what a failure quotes.
    pub fn hide_failure(&self, failure: Failure) -> Failure {
        Failure {
            kind: self.mask(&failure.kind),
            message: self.mask(&failure.message),
            details: self.hide(failure.details),
            ..failure
        }
    }

    /// Replaces secrets in a text by a marker.
    pub fn mask(&self, text: &Arc<str>) -> Arc<str> {
        if !self.0.is_match(&**text) {
            return Arc::clone(text);
        }
        let mut masked = String::with_capacity(text.len());
        self.0.replace_all_with(text, &mut masked, |_, _, masked| {
            masked.push_str(SECRET_MARKER);
            true
        });
        masked.into()
    }

    /// Tells whether the text is a secret, not only contains one.
    fn is_whole(&self, text: &str) -> bool {
        let found = self.0.find(text);
        found.is_some_and(|found| found.start() == 0 && found.end() == text.len())
    }
}

/// Adds the text of every secret scalar in `value`.
fn collect<'a>(value: &'a Value, secret: bool, texts: &mut Vec<Cow<'a, str>>) {
    match value {
        Value::Secret(inner) => collect(inner, true, texts),
        Value::List(items) => items.iter().for_each(|item| collect(item, secret, texts)),
        Value::Map(map) => map.values().for_each(|item| collect(item, secret, texts)),
        Value::Text(text) if secret => texts.push(Cow::Borrowed(text)),
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) if secret => {
            texts.push(Cow::Owned(value.to_public_json()));
        }
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::BigInt(_)
        | Value::Float(_)
        | Value::Text(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        Value::from_json(text.as_bytes()).expect("it is JSON")
    }

    fn texts() -> SecretTexts {
        let input = Value::map([
            ("open", Value::text("plain")),
            ("token", Value::text("hunter22").secret()),
            ("login", json(r#"{"pin": 90210, "short": "ab"}"#).secret()),
        ]);
        SecretTexts::of(&input, ["revealed"]).expect("there are some")
    }

    #[test]
    fn what_quotes_a_secret_is_secret() {
        let result = json(
            r#"{"a": "plain", "b": "Bearer hunter22", "c": [90210, 902101, "ab"], "revealed!": 1}"#,
        );
        let shown = texts().hide(result).to_public_json();
        assert_eq!(
            shown,
            r#"{"a":"plain","b":"[secret]","c":["[secret]",902101,"ab"],"[secret]!":1}"#
        );
    }

    #[test]
    fn texts_show_a_marker() {
        let failure = Failure::engine("trap", "said hunter22 twice: hunter22")
            .with_details(json(r#"{"stderr": "x 90210"}"#));
        let hidden = texts().hide_failure(failure);
        assert_eq!(&*hidden.message, "said [secret] twice: [secret]");
        assert!(hidden.details.has_secret());
    }

    #[test]
    fn nothing_is_looked_for_without_secrets() {
        assert!(SecretTexts::of(&json(r#"{"a": "b"}"#), []).is_none());
        assert!(SecretTexts::of(&Value::text("ab").secret(), []).is_none());
    }
}
