//! Where a byte of a scalar's text stands in the file: through quotes, escapes, folding, blocks.
//!
//! Source and text are walked side by side. Only asked for when a problem is reported, so it may
//! start from the top; where the two cannot be matched it answers the scalar's own place.

use std::iter::Peekable;
use std::str::Chars;

use crate::spec::tree::{Position, Span};

/// Returns the place of `text[offset..]`, `text` being the value of the scalar at `span`.
pub(crate) fn position_in_scalar(source: &str, span: Span, text: &str, offset: usize) -> Position {
    let start = span.start;
    if start.line == 0 {
        return start;
    }
    let Some(mut cursor) = Cursor::at(source, start) else {
        return start;
    };
    let quote = cursor.open();
    let mut text = Text {
        chars: text.chars().peekable(),
        left: offset,
    };
    while text.left > 0 {
        if !step(&mut cursor, &mut text, quote) {
            return start;
        }
    }
    cursor.skip_line_start();
    cursor.position
}

/// The scalar's text with the bytes still to pass.
struct Text<'t> {
    chars: Peekable<Chars<'t>>,
    left: usize,
}

impl Text<'_> {
    fn next(&mut self) {
        if let Some(c) = self.chars.next() {
            self.left = self.left.saturating_sub(c.len_utf8());
        }
    }
}

/// The source from the scalar on.
struct Cursor<'s> {
    chars: Peekable<Chars<'s>>,
    position: Position,
}

impl<'s> Cursor<'s> {
    fn at(source: &'s str, position: Position) -> Option<Self> {
        let line = source
            .split_inclusive('\n')
            .nth(position.line as usize - 1)?;
        let rest = line.as_ptr() as usize - source.as_ptr() as usize;
        let mut chars = source[rest..].chars();
        // The first line may begin with a byte order mark, which no position counts.
        if position.line == 1 && source.starts_with('\u{feff}') {
            chars.next();
        }
        for _ in 1..position.column {
            chars.next()?;
        }
        Some(Self {
            chars: chars.peekable(),
            position,
        })
    }

    /// Passes anchor and tag, goes to the first character of the content and returns the quote,
    /// if there is one.
    fn open(&mut self) -> Option<char> {
        while matches!(self.chars.peek(), Some('&' | '!')) {
            while self.chars.peek().is_some_and(|c| !c.is_whitespace()) {
                self.next();
            }
            while self.chars.peek().is_some_and(|c| c.is_whitespace()) {
                self.next();
            }
        }
        match self.chars.peek() {
            Some(&quote @ ('"' | '\'')) => {
                self.next();
                Some(quote)
            }
            Some('|' | '>') => {
                while self.next().is_some_and(|c| c != '\n') {}
                self.skip_line_start();
                None
            }
            Some(_) | None => None,
        }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.chars.next()?;
        if c == '\n' {
            self.position.line += 1;
            self.position.column = 1;
        } else {
            self.position.column += 1;
        }
        Some(c)
    }

    /// At the start of a line, skips its indentation and empty lines.
    fn skip_line_start(&mut self) {
        if self.position.column == 1 {
            while self.chars.peek().is_some_and(|c| c.is_whitespace()) {
                self.next();
            }
        }
    }

    /// Tells whether the white space from here on contains the end of a line.
    fn line_ends_here(&self) -> bool {
        let mut rest = self.chars.clone();
        rest.find(|c| *c == '\n' || !c.is_whitespace()) == Some('\n')
    }
}

/// Passes one character of the text, or a run of white space. False if the two do not match.
fn step(cursor: &mut Cursor<'_>, text: &mut Text<'_>, quote: Option<char>) -> bool {
    let (Some(&source), Some(&wanted)) = (cursor.chars.peek(), text.chars.peek()) else {
        return false;
    };
    if source == '\\' && quote == Some('"') {
        return escape(cursor, text);
    }
    if source.is_whitespace() && cursor.line_ends_here() {
        while cursor.chars.peek().is_some_and(|c| c.is_whitespace()) {
            cursor.next();
        }
        while text.left > 0 && text.chars.peek().is_some_and(|c| c.is_whitespace()) {
            text.next();
        }
        return true;
    }
    if source != wanted {
        return false;
    }
    if source == '\'' && quote == Some('\'') {
        cursor.next();
    }
    cursor.next();
    text.next();
    true
}

/// Passes one escape of a double-quoted scalar.
fn escape(cursor: &mut Cursor<'_>, text: &mut Text<'_>) -> bool {
    cursor.next();
    let digits = match cursor.next() {
        Some('\n') => {
            // The line goes on behind the indentation of the next one.
            cursor.skip_line_start();
            return true;
        }
        Some('x') => 2,
        Some('u') => 4,
        Some('U') => 8,
        Some(_) => 0,
        None => return false,
    };
    for _ in 0..digits {
        cursor.next();
    }
    text.next();
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::yaml::read;

    /// Finds `needle` in the value of key `k` and returns where it stands in the file.
    fn find(source: &str, needle: &str) -> (u32, u32) {
        let node = read(source, &mut Vec::new()).unwrap();
        let node = &node.as_map().unwrap()["k"].node;
        let text = node.as_text().unwrap();
        let place = position_in_scalar(source, node.span, text, text.find(needle).unwrap());
        (place.line, place.column)
    }

    #[test]
    fn offsets_map_through_every_style() {
        for (source, expected) in [
            ("k: a X", (1, 6)),
            ("k: é X", (1, 6)),
            ("\u{feff}k: a X", (1, 6)),
            ("k: 'it''s X'", (1, 11)),
            (r#"k: "a\n\u00e9\\ X""#, (1, 17)),
            ("k: a\n  b\n\n  X", (4, 3)),
            ("k: 'a\n\n  b X'", (3, 5)),
            ("k: \"a\\\n   b X\"", (2, 6)),
            ("k: |\n  one\n\n    two X\n", (4, 9)),
            ("k: >-\n  one\n  two X\n", (3, 7)),
            ("k: |2\n  X", (2, 3)),
            ("other: 1\nk: &a X", (2, 7)),
            ("k: !!str X", (1, 10)),
        ] {
            assert_eq!(find(source, "X"), expected, "{source:?}");
        }
    }
}
