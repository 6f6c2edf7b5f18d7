//! What the parser's messages mean to somebody who writes a workflow.
//!
//! Only the common mistakes are here: a message that is not known is shown as the parser gives it.

use crate::spec::tree::Position;

/// What is wrong, and what to do.
pub(super) struct Advice {
    pub(super) message: &'static str,
    pub(super) fix: &'static str,
}

/// How the parser says that a line has a key and no colon.
const NO_COLON: &str = "simple key expect ':'";

/// Parts of the parser's messages, and what to say instead.
const WORDS: &[(&[&str], Advice)] = &[
    (
        &[NO_COLON],
        Advice {
            message: "a `:` is missing behind the key",
            fix: "write `key: value`, with a space behind the colon",
        },
    ),
    (
        &["mapping values are not allowed"],
        Advice {
            message: "a `:` does not fit here",
            fix: "a text with `: ` in it stands in quotes; a `-` or `:` of the line above needs a \
                  space behind it; keys of one map are indented alike",
        },
    ),
    (
        &[
            "did not find expected '-' indicator",
            "did not find expected key",
            "block sequence entries are not allowed",
            "invalid indentation",
        ],
        Advice {
            message: "the indentation fits nothing above",
            fix: "indent it like the other entries of its list or map",
        },
    ),
    (
        &["found a tab", "tabs disallowed", "tab cannot be used"],
        Advice {
            message: "a tab stands where only spaces may",
            fix: "indent with spaces",
        },
    ),
    (
        &["expected ',' or '}'"],
        Advice {
            message: "a `,` or `}` is missing",
            fix: "close every `{`, and put a `,` between entries",
        },
    ),
    (
        &["expected ',' or ']'"],
        Advice {
            message: "a `,` or `]` is missing",
            fix: "close every `[`, and put a `,` between entries",
        },
    ),
    (
        &["quoted scalar, found unexpected end"],
        Advice {
            message: "the quote that begins here is never closed",
            fix: "close it; in `'…'` a quote is written twice",
        },
    ),
    (
        &["unknown escape character"],
        Advice {
            message: "`\"…\"` has an escape that does not exist",
            fix: "write `\\\\` for a backslash, or use `'…'`, where it is an ordinary character",
        },
    ),
    (
        &["unexpected character", "plain scalar cannot start"],
        Advice {
            message: "a text cannot begin with this character",
            fix: "put it in quotes",
        },
    ),
    (
        &["unknown anchor"],
        Advice {
            message: "there is no anchor of this name above",
            fix: "a text that begins with `*` stands in quotes",
        },
    ),
];

/// Returns what to say instead of a message of the parser.
pub(super) fn advice(message: &str) -> Option<&'static Advice> {
    let mut words = WORDS.iter();
    let found = words.find(|(parts, _)| parts.iter().any(|part| message.contains(part)));
    found.map(|(_, advice)| advice)
}

/// Returns where the mistake is. The parser tells where it noticed: behind the end of the text,
/// or, of a missing colon, in the line after.
pub(super) fn place(message: &str, noticed: Position, source: &str) -> Position {
    let lines: Vec<&str> = source.lines().collect();
    let in_text = |line: u32| {
        lines
            .get(line as usize - 1)
            .filter(|l| !l.trim().is_empty())
    };
    let is_later = message == NO_COLON || in_text(noticed.line.max(1)).is_none();
    if !is_later {
        return noticed;
    }
    let above = noticed
        .line
        .min(u32::try_from(lines.len()).unwrap_or(u32::MAX) + 1);
    let line = (1..above).rev().find(|line| in_text(*line).is_some());
    let Some(line) = line else {
        return noticed;
    };
    let text = lines[line as usize - 1];
    let is_space = |c: &char| c.is_whitespace();
    let column = if message == NO_COLON {
        text.chars().take_while(is_space).count()
    } else {
        text.trim_end().chars().count()
    };
    Position {
        line,
        column: u32::try_from(column).unwrap_or(u32::MAX - 1) + 1,
    }
}
