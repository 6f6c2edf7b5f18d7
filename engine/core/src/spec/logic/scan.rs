//! Finds words and signs of a condition outside of its quotes and brackets.

/// Returns what is inside, if the first parenthesis closes at the very end.
pub(super) fn parenthesised(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('(')?.strip_suffix(')')?;
    let mut depth = 1;
    let mut outside = Outside::default();
    for (at, c) in text.char_indices().skip(1) {
        if !outside.quotes(c) {
            continue;
        }
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 && at + 1 < text.len() {
            return None;
        }
    }
    Some(inner)
}

/// Follows quotes through a text.
#[derive(Default)]
struct Outside {
    quote: Option<char>,
    escaped: bool,
}

impl Outside {
    /// Takes the next character; true if it stands outside of quotes and is none.
    fn quotes(&mut self, c: char) -> bool {
        match self.quote {
            Some(_) if self.escaped => self.escaped = false,
            Some(_) if c == '\\' => self.escaped = true,
            Some(quote) if c == quote => self.quote = None,
            Some(_) => {}
            None if matches!(c, '\'' | '"') => self.quote = Some(c),
            None => return true,
        }
        false
    }
}

/// Returns the places outside of quotes and brackets where `found` says so.
fn places(text: &str, found: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut depth = 0;
    let mut outside = Outside::default();
    let mut places = Vec::new();
    for (at, c) in text.char_indices() {
        if !outside.quotes(c) {
            continue;
        }
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ if depth == 0 && found(at) => places.push(at),
            _ => {}
        }
    }
    places
}

pub(super) fn top_level(text: &str, needle: &str) -> Option<usize> {
    if !text.contains(needle) {
        return None;
    }
    places(text, |at| text[at..].starts_with(needle))
        .first()
        .copied()
}

fn is_word(text: &str, at: usize, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let same_start = text.as_bytes()[at] == word.as_bytes()[0];
    same_start
        && text[at..].starts_with(word)
        && !text[..at].ends_with(part_of_word)
        && !text[at + word.len()..].starts_with(part_of_word)
}

pub(super) fn split_word_at(text: &str, word: &str) -> Option<usize> {
    if !text.contains(word) {
        return None;
    }
    places(text, |at| is_word(text, at, word)).first().copied()
}

pub(super) fn split_word<'t>(text: &'t str, separator: &str) -> Option<(&'t str, &'t str)> {
    let at = top_level(text, separator)?;
    Some((text[..at].trim(), text[at + separator.len()..].trim()))
}

pub(super) fn split_all<'t>(text: &'t str, word: &str) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let mut start = 0;
    if !text.contains(word) {
        return vec![text];
    }
    for at in places(text, |at| is_word(text, at, word)) {
        parts.push(&text[start..at]);
        start = at + word.len();
    }
    parts.push(&text[start..]);
    parts
}
