//! From the text of one expression to minijinja's syntax tree.
//!
//! The text is measured before it is parsed, so that no text makes the parser or its tree recurse
//! deeper than a thread's stack allows.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "minijinja has many kinds of tokens and trees, of which few matter here"
)]

use minijinja::machinery::{Token, Tokenizer, ast, parse_expr};
use minijinja::syntax::SyntaxConfig;

use super::MAX_EXPRESSION_BYTES;
use super::problem::{ExprProblem, Located};

/// How deep brackets and signs may be nested: the parser needs some 15 frames for each.
const MAX_NESTING: usize = 32;

/// How many `else` an expression may have: each is a level of the tree.
const MAX_ALTERNATIVES: usize = 64;

/// How many words and signs an expression may have: chains of them become deep trees.
const MAX_TOKENS: usize = 2000;

/// Parses an expression that begins at byte `base` of its text.
pub(super) fn parse(code: &str, base: usize) -> Result<ast::Expr<'_>, Located<ExprProblem>> {
    let failed = |error: minijinja::Error| {
        let offset = error.range().map_or(0, |range| range.start.min(code.len()));
        let offset = (0..=offset).rev().find(|at| code.is_char_boundary(*at));
        explain(code, base, offset.unwrap_or(0), error.detail())
    };
    if code.len() > MAX_EXPRESSION_BYTES {
        let message = format!("the expression is longer than {MAX_EXPRESSION_BYTES} bytes");
        return Err(located(base, message, None));
    }
    measure(code)
        .map_err(failed)?
        .check()
        .map_err(|message| located(base, message, None))?;
    parse_expr(code).map_err(failed)
}

/// A conditional written as in C, cut at `?` and `:`.
pub(super) struct Conditional<'t> {
    /// What stands before `?`.
    pub(super) test: &'t str,
    /// What stands before `:`, and its offset.
    pub(super) then: (&'t str, usize),
    /// The rest, and its offset.
    pub(super) otherwise: (&'t str, usize),
}

/// Cuts `a ? b : c`, if the expression is one.
pub(super) fn conditional(code: &str) -> Option<Conditional<'_>> {
    let mut question = None;
    let mut nested = 0_usize;
    for (at, byte) in outside_of_brackets(code) {
        match (byte, question) {
            (b'?', None) => question = Some(at),
            (b'?', Some(_)) => nested += 1,
            (b':', Some(_)) if nested > 0 => nested -= 1,
            (b':', Some(question)) => {
                return Some(Conditional {
                    test: &code[..question],
                    then: (&code[question + 1..at], question + 1),
                    otherwise: (&code[at + 1..], at + 1),
                });
            }
            _ => {}
        }
    }
    None
}

/// The bytes outside of strings and brackets.
fn outside_of_brackets(code: &str) -> impl Iterator<Item = (usize, u8)> {
    let mut quote = None;
    let mut escaped = false;
    let mut depth = 0_usize;
    code.bytes().enumerate().filter(move |(_, byte)| {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if *byte == b'\\' => escaped = true,
            Some(open) if *byte == open => quote = None,
            Some(_) => {}
            None => match byte {
                b'\'' | b'"' => quote = Some(*byte),
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            },
        }
        false
    })
}

/// What makes a tree deep.
#[derive(Default)]
struct Measure {
    tokens: usize,
    brackets: usize,
    /// Signs and `not`s in a row.
    signs: usize,
    alternatives: usize,
    deepest: usize,
}

/// Goes through the tokens. The parser would overlook a foreign sign after a text.
fn measure(code: &str) -> Result<Measure, minijinja::Error> {
    let mut tokens = Tokenizer::new(code, "", true, SyntaxConfig::default());
    let mut measure = Measure::default();
    while let Some((token, _)) = tokens.next_token()? {
        measure.take(&token);
    }
    Ok(measure)
}

impl Measure {
    fn take(&mut self, token: &Token<'_>) {
        self.tokens += 1;
        self.signs = match token {
            Token::Minus | Token::Ident("not") => self.signs + 1,
            _ => 0,
        };
        match token {
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => self.brackets += 1,
            Token::ParenClose | Token::BracketClose | Token::BraceClose => {
                self.brackets = self.brackets.saturating_sub(1);
            }
            Token::Ident("else") => self.alternatives += 1,
            _ => {}
        }
        let depth = self.brackets + self.signs;
        self.deepest = self.deepest.max(depth);
    }

    /// Refuses what is too long or too deep.
    fn check(&self) -> Result<(), String> {
        if self.deepest > MAX_NESTING {
            Err(format!("nested more than {MAX_NESTING} levels deep"))
        } else if self.alternatives > MAX_ALTERNATIVES {
            Err(format!("more than {MAX_ALTERNATIVES} alternatives"))
        } else if self.tokens > MAX_TOKENS {
            Err(format!("more than {MAX_TOKENS} words and signs"))
        } else {
            Ok(())
        }
    }
}

/// Turns the parser's message into ours.
fn explain(code: &str, base: usize, offset: usize, detail: Option<&str>) -> Located<ExprProblem> {
    if code.trim().is_empty() {
        return located(base, "the expression is empty".to_owned(), None);
    }
    let fix = match sign_around(code, offset) {
        _ if code.trim_start().starts_with("<%") => "expressions stand in `{{ }}`",
        "=" | "===" => "write `==` to compare",
        "!==" => "write `!=` to compare",
        "&&" | "&" => "write `and`",
        "||" => "write `or`",
        "!" => "write `not`",
        "?" => "write `b if a else c` for `a ? b : c`",
        "%}" => "statements are not part of the language",
        _ => "",
    };
    let fix = (!fix.is_empty()).then(|| fix.to_owned());
    let message = detail.unwrap_or("this is not an expression");
    located(base + offset, message.to_owned(), fix)
}

/// The run of foreign signs at a byte.
fn sign_around(code: &str, at: usize) -> &str {
    let sign = |byte: &u8| b"=!&|?%}".contains(byte);
    let bytes = code.as_bytes();
    let before = bytes[..at].iter().rev().take_while(|b| sign(b)).count();
    let after = bytes[at..].iter().take_while(|b| sign(b)).count();
    code.get(at - before..at + after).unwrap_or("")
}

fn located(offset: usize, message: String, fix: Option<String>) -> Located<ExprProblem> {
    Located {
        pointer: String::new(),
        offset,
        what: ExprProblem { message, fix },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(code: &str) -> Option<(usize, String, Option<String>)> {
        parse(code, 0)
            .err()
            .map(|p| (p.offset, p.what.message, p.what.fix))
    }

    #[test]
    fn long_and_deep_expressions_are_refused() {
        let deep = |open: &str, close: &str, n| open.repeat(n) + "1" + &close.repeat(n);
        assert_eq!(problem(&deep("(", ")", 32)), None);
        let refused = [
            deep("(", ")", 33),
            deep("[", "]", 4000),
            deep("-", "", 8000),
            deep("not ", "", 2000),
            deep("- (", ")", 100),
            deep("1 if 1 else ", "", 600),
            deep("1+", "", 4000),
            deep("", ".a", 2700),
            deep("", "|f", 4000),
            deep("", "[0]", 2700),
            deep("", "()", 4000),
            deep("f(", "", 4000),
            deep("1 if 1 ", "", 1100),
            "x".repeat(8193),
        ];
        for code in refused {
            assert!(problem(&code).is_some(), "{code:.20}");
        }
    }

    #[test]
    fn syntax_errors_name_place_and_remedy() {
        let fix = |code: &str| problem(code).and_then(|(_, _, fix)| fix);
        assert_eq!(
            problem("1 +"),
            Some((
                2,
                "unexpected end of input, expected expression".to_owned(),
                None
            ))
        );
        assert_eq!(fix("a && b").as_deref(), Some("write `and`"));
        assert_eq!(fix("a || b").as_deref(), Some("write `or`"));
        assert_eq!(fix("!a").as_deref(), Some("write `not`"));
        assert_eq!(fix("'a' & b").as_deref(), Some("write `and`"));
        assert_eq!(fix("a = 1").as_deref(), Some("write `==` to compare"));
        assert_eq!(fix("a === 1").as_deref(), Some("write `==` to compare"));
        assert!(problem(" ").is_some_and(|(_, message, _)| message.contains("empty")));
    }

    #[test]
    fn conditionals_are_cut() {
        let cut = |code| {
            conditional(code).map(|c| (c.test.to_owned(), c.then.0.to_owned(), c.otherwise.0))
        };
        assert_eq!(
            cut("a ? b : c"),
            Some(("a ".to_owned(), " b ".to_owned(), " c"))
        );
        assert_eq!(
            cut("a ? b ? 1 : 2 : c"),
            Some(("a ".to_owned(), " b ? 1 : 2 ".to_owned(), " c"))
        );
        assert_eq!(cut("'?' ~ {'a': 1}['?:']"), None);
    }
}
