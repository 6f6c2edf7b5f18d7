//! Finds the `{{ }}` in a text.

use super::problem::{ExprProblem, Located, Problems};

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Segment<'t> {
    /// Text as it is.
    Literal(&'t str),
    /// What stands between `{{` and `}}`, and at which byte it begins.
    Code { text: &'t str, offset: usize },
}

/// Splits a text into its literal parts and its expressions.
///
/// `{{-` and `-}}` drop the white space before and after, as in Jinja, except that `{{-1}}` is a
/// negative number.
pub(super) fn split(text: &str) -> Result<Vec<Segment<'_>>, Problems> {
    let mut segments = Vec::new();
    let mut problems = Vec::new();
    let mut rest = 0;
    let mut trim = false;
    while let Some((start, tag)) = next_tag(text, rest) {
        let literal = &text[rest..start];
        if tag != '{' {
            problems.push(statement(text, start, tag));
            rest = start + 2;
            continue;
        }
        let (trim_before, code_start) = opening(text, start);
        push_literal(&mut segments, literal, trim, trim_before);
        let Some(end) = find_end(&text[code_start..]) else {
            problems.push(problem(start, "`{{` is never closed by `}}`", None));
            return Err(problems);
        };
        segments.push(Segment::Code {
            text: &text[code_start..code_start + end.code],
            offset: code_start,
        });
        trim = end.trim_after;
        rest = code_start + end.next;
    }
    push_literal(&mut segments, &text[rest..], trim, false);
    if problems.is_empty() {
        Ok(segments)
    } else {
        Err(problems)
    }
}

/// Tells whether a text holds an expression or something that looks like one.
pub(super) fn has_code(text: &str) -> bool {
    next_tag(text, 0).is_some()
}

/// The next `{{`, `{%` or `{#`.
fn next_tag(text: &str, from: usize) -> Option<(usize, char)> {
    text.as_bytes()[from..]
        .windows(2)
        .position(|pair| pair[0] == b'{' && matches!(pair[1], b'{' | b'%' | b'#'))
        .map(|at| (from + at, char::from(text.as_bytes()[from + at + 1])))
}

/// After `{{`: whether white space before it goes, and where the code begins.
fn opening(text: &str, start: usize) -> (bool, usize) {
    let after = start + 2;
    match text.as_bytes().get(after..) {
        Some([b'-', next, ..]) if next.is_ascii_digit() || *next == b'.' => (false, after),
        Some([b'-', ..]) => (true, after + 1),
        Some([b'+', ..]) => (false, after + 1),
        _ => (false, after),
    }
}

fn push_literal<'t>(
    segments: &mut Vec<Segment<'t>>,
    mut literal: &'t str,
    trim_start: bool,
    trim_end: bool,
) {
    if trim_start {
        literal = literal.trim_start();
    }
    if trim_end {
        literal = literal.trim_end();
    }
    if !literal.is_empty() {
        segments.push(Segment::Literal(literal));
    }
}

/// Where an expression ends.
struct End {
    /// Length of the code.
    code: usize,
    /// Where the text after `}}` begins.
    next: usize,
    /// Whether white space after it goes.
    trim_after: bool,
}

/// Finds `}}` outside of strings and brackets.
fn find_end(code: &str) -> Option<End> {
    let bytes = code.as_bytes();
    let mut brackets = Vec::new();
    let mut quote = None;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        match (quote, byte) {
            (Some(_), b'\\') => at += 1,
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => brackets.push(byte),
            (None, b')' | b']') => {
                brackets.pop();
            }
            (None, b'}') if brackets.last() == Some(&b'{') => {
                brackets.pop();
            }
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(closing(bytes, at)),
            (None, _) => {}
        }
        at += 1;
    }
    None
}

/// `at` is where `}}` stands.
fn closing(bytes: &[u8], at: usize) -> End {
    let sign = at.checked_sub(1).map(|before| bytes[before]);
    End {
        code: at - usize::from(matches!(sign, Some(b'-' | b'+'))),
        next: at + 2,
        trim_after: sign == Some(b'-'),
    }
}

fn statement(text: &str, start: usize, tag: char) -> Located<ExprProblem> {
    let (what, instead) = match tag {
        '%' => (
            "statements (`{% %}`)",
            "use `b if a else c`, filters or a task",
        ),
        _ => ("comments (`{# #}`)", "write a YAML comment"),
    };
    let shown = &text[start..start + 2];
    problem(
        start,
        &format!("{what} are not part of the language"),
        Some(format!("{instead}; as text it is `{{{{ '{shown}' }}}}`")),
    )
}

fn problem(offset: usize, message: &str, fix: Option<String>) -> Located<ExprProblem> {
    Located {
        pointer: String::new(),
        offset,
        what: ExprProblem {
            message: message.to_owned(),
            fix,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let shown: Vec<String> = match split(text) {
            Ok(segments) => segments
                .iter()
                .map(|segment| match segment {
                    Segment::Literal(text) => format!("={text}"),
                    Segment::Code { text, offset } => format!("{offset}:{text}"),
                })
                .collect(),
            Err(problems) => problems
                .iter()
                .map(|p| format!("!{}:{}", p.offset, p.what))
                .collect(),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn text_is_split_at_braces() {
        check("", &[]);
        check("plain } text }} {", &["=plain } text }} {"]);
        check("{{ a }}", &["2: a "]);
        check("é{{a}}b{{ c }}", &["=é", "4:a", "=b", "10: c "]);
        check("{{ '}}' ~ \"\\\"}}\" }}", &["2: '}}' ~ \"\\\"}}\" "]);
        check("{{ {'a': {'b': 1}} }}", &["2: {'a': {'b': 1}} "]);
        check("{{ {'a': {'b': 1}}}}", &["2: {'a': {'b': 1}}"]);
        check("{{ f( }}", &["2: f( "]);
    }

    #[test]
    fn signs_drop_white_space_as_in_jinja() {
        check("a \n {{- b -}} \n c", &["=a", "7: b ", "=c"]);
        check("a {{+ b +}} c", &["=a ", "5: b ", "= c"]);
        check("a {{-1}}", &["=a ", "4:-1"]);
        check(" {{- b -}}\n", &["4: b "]);
    }

    #[test]
    fn what_is_no_expression_is_reported() {
        check("{{ a", &["!0:`{{` is never closed by `}}`"]);
        check("{{ '}}", &["!0:`{{` is never closed by `}}`"]);
        check(
            "{% if a %}{# x #}",
            &[
                "!0:statements (`{% %}`) are not part of the language",
                "!10:comments (`{# #}`) are not part of the language",
            ],
        );
    }
}
