//! `If-Match`: `*`, or a list of entity tags (RFC 9110, 8.8.3).

use axum::http::{HeaderMap, header};

use crate::error::{ApiError, Code, Result};

/// What a request demands of what it is about to change.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// It must exist.
    Any,
    /// It must have one of these strong tags, which stand here without their quotes.
    Tags(Vec<String>),
}

impl IfMatch {
    /// Reads the header; several count as one list.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>> {
        let mut texts = Vec::new();
        for value in headers.get_all(header::IF_MATCH) {
            texts.push(value.to_str().map_err(|_not_ascii| wrong())?);
        }
        if texts.is_empty() {
            return Ok(None);
        }
        parse(&texts.join(",")).map(Some).ok_or_else(wrong)
    }

    /// Tells whether it allows a change of what has this tag.
    pub(crate) fn allows(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|wanted| wanted == tag),
        }
    }
}

fn wrong() -> ApiError {
    ApiError::new(
        Code::InvalidHeader,
        "`if-match` must be `*` or a list of entity tags like `\"…\"`",
    )
}

fn parse(text: &str) -> Option<IfMatch> {
    if text == "*" {
        return Some(IfMatch::Any);
    }
    let (mut tags, mut rest) = (Vec::new(), text);
    loop {
        let weak = rest.strip_prefix("W/");
        let (tag, behind) = weak.unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        if !tag.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        // A weak tag never matches here, and is no mistake.
        if weak.is_none() {
            tags.push(tag.to_owned());
        }
        let behind = behind.trim_start_matches([' ', '\t']);
        if behind.is_empty() {
            return Some(IfMatch::Tags(tags));
        }
        rest = behind.strip_prefix(',')?.trim_start_matches([' ', '\t']);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_tags_are_read_and_nothing_else() {
        let tags = |tags: &[&str]| {
            let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
            Some(IfMatch::Tags(tags))
        };
        for (text, expected) in [
            ("*", Some(IfMatch::Any)),
            ("\"a\"", tags(&["a"])),
            ("\"\"", tags(&[""])),
            ("\"a,b\"", tags(&["a,b"])),
            ("\"a\" ,\t\"b\",\"c\"", tags(&["a", "b", "c"])),
            ("W/\"a\", \"b\"", tags(&["b"])),
            ("", None),
            ("a", None),
            ("\"a", None),
            ("\"a\"b\"", None),
            ("\"a b\"", None),
            ("\"a\",", None),
            ("W/W/\"a\"", None),
            ("*, \"a\"", None),
            ("\"a\" \"b\"", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
