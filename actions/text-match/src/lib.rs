//! The action `text.match`: matches a regular expression.

use attune_sdk::prelude::*;
use attune_sdk::serde_json::Map;
use regex::{Captures, Regex, RegexBuilder};

/// The most matches that are returned: an empty pattern matches everywhere.
const MATCHES_MAX: usize = 100_000;

/// How large a compiled pattern may be: short ones such as `(a{1000}){1000}` are not.
const PATTERN_MAX_BYTES: usize = 4 << 20;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The text.
    text: String,
    /// The regular expression. Groups are `(…)` or `(?<name>…)`.
    pattern: String,
    /// Whether upper and lower case are the same.
    #[serde(default)]
    ignore_case: bool,
    /// Whether `^` and `$` match at line ends too, not at the ends of the text only.
    #[serde(default)]
    multi_line: bool,
    /// What every match is replaced by; `$1` and `${name}` are groups, `$$` is a dollar sign.
    replace: Option<String>,
    /// Whether a text without a match is an error, of the kind `no_match`.
    #[serde(default)]
    required: bool,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    /// Whether the pattern matches.
    matched: bool,
    /// The first match, or null.
    first: Option<Match>,
    /// All matches, from left to right, none within another.
    all: Vec<Match>,
    /// The text with its matches replaced, or null without `replace`.
    replaced: Option<String>,
}

#[derive(Clone, Serialize, JsonSchema)]
struct Match {
    /// What matched.
    text: String,
    /// Where it begins, counted in characters from 0.
    start: usize,
    /// Its groups in order, null where one took no part.
    groups: Vec<Option<String>>,
    /// Its groups by name.
    named: Map<String, Value>,
}

/// Looks for a regular expression in a text and returns what matches, with its groups.
///
/// The language is that of [regex](https://docs.rs/regex/latest/regex/#syntax): as Perl's, without
/// look-around and back references, so that it takes linear time whatever the pattern. `\w`, `\d`
/// and `\s` are those of Unicode.
#[action(summary = "Matches a regular expression")]
fn find(input: Input) -> Result<Output, ActionError> {
    let regex = RegexBuilder::new(&input.pattern)
        .case_insensitive(input.ignore_case)
        .multi_line(input.multi_line)
        .size_limit(PATTERN_MAX_BYTES)
        .build()
        .map_err(|error| {
            ActionError::invalid_input(format!("the pattern is wrong: {error}"))
                .with_kind("pattern_syntax")
        })?;
    let mut place = Place::default();
    let mut all = Vec::new();
    for captures in regex.captures_iter(&input.text) {
        if all.len() == MATCHES_MAX {
            let message = format!("the pattern matches more than {MATCHES_MAX} times");
            return Err(ActionError::permanent(message).with_kind("too_many_matches"));
        }
        all.push(describe(
            &regex,
            &captures,
            place.of(&input.text, &captures),
        ));
    }
    if all.is_empty() && input.required {
        let message = format!("`{}` does not match the text", input.pattern);
        return Err(ActionError::permanent(message).with_kind("no_match"));
    }
    let replace = |with: String| regex.replace_all(&input.text, with).into_owned();
    Ok(Output {
        matched: !all.is_empty(),
        first: all.first().cloned(),
        replaced: input.replace.map(replace),
        all,
    })
}

/// How many characters lie before a byte: counted on from match to match, not from the start.
#[derive(Default)]
struct Place {
    byte: usize,
    character: usize,
}

impl Place {
    fn of(&mut self, text: &str, captures: &Captures<'_>) -> usize {
        let start = captures.get_match().start();
        self.character += text[self.byte..start].chars().count();
        self.byte = start;
        self.character
    }
}

fn describe(regex: &Regex, captures: &Captures<'_>, start: usize) -> Match {
    let text = |group: regex::Match<'_>| group.as_str().to_owned();
    let named = regex.capture_names().flatten();
    Match {
        text: text(captures.get_match()),
        start,
        groups: captures
            .iter()
            .skip(1)
            .map(|group| group.map(text))
            .collect(),
        named: named
            .map(|name| (name.to_owned(), captures.name(name).map(text).into()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_sdk::testing;

    #[test]
    fn examples_come_true() {
        testing::check_examples(&find, include_str!("../examples.json"));
    }

    #[test]
    fn patterns_that_grow_are_refused() {
        let input = json!({"text": "a", "pattern": "((a{100}){100}){100}"});
        let error = testing::call(&find, &input).unwrap_err();
        assert_eq!(error.kind(), Some("pattern_syntax"));
    }
}
