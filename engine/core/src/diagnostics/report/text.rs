//! As a compiler shows them: the line, what is meant underlined, the fix below.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{FileReport, count};
use crate::diagnostics::{Diagnostic, Severity};

/// Whether the text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// With terminal colours.
    On,
    /// Plain text.
    Off,
}

/// Longest line that is shown; of longer ones a part around the problem would mislead.
const MAX_LINE: usize = 2_000;

/// Renders all problems and one line that counts them; nothing if there are none.
pub fn text(reports: &[FileReport<'_>], colour: Colour) -> String {
    let renderer = match colour {
        Colour::On => Renderer::styled(),
        Colour::Off => Renderer::plain(),
    };
    let mut out = String::new();
    for report in reports {
        let lines: Vec<&str> = report.source.lines().collect();
        for diagnostic in report.diagnostics {
            out.push_str(&one(&renderer, report.path, &lines, diagnostic));
            out.push_str("\n\n");
        }
    }
    out.push_str(&summary(reports));
    out
}

fn one(renderer: &Renderer, path: &str, lines: &[&str], diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let message = printable(&diagnostic.message);
    let fix = diagnostic.fix.as_deref().map(printable);
    let mut group = Group::with_title(level.primary_title(message).id(diagnostic.code));
    let line = (diagnostic.line as usize)
        .checked_sub(1)
        .and_then(|line| lines.get(line))
        .filter(|line| line.len() <= MAX_LINE);
    group = match line {
        Some(line) => group.element(
            Snippet::source(*line)
                .path(path)
                .line_start(diagnostic.line as usize)
                .annotation(AnnotationKind::Primary.span(span(line, diagnostic))),
        ),
        None => {
            let origin = Origin::path(path);
            group.element(match diagnostic.line {
                0 => origin,
                line => origin.line(line as usize),
            })
        }
    };
    if let Some(fix) = &fix {
        group = group.element(Level::HELP.message(fix));
    }
    if diagnostic.line == 0 && !diagnostic.pointer.is_empty() {
        group =
            group.element(Level::NOTE.message(format!("at {}", printable(&diagnostic.pointer))));
    }
    renderer.render(&[group])
}

/// Returns the bytes of the line that the problem is about; at least one character.
fn span(line: &str, diagnostic: &Diagnostic) -> Range<usize> {
    let byte = |column: u32| {
        let characters = column.saturating_sub(1) as usize;
        line.char_indices()
            .nth(characters)
            .map_or(line.len(), |(at, _)| at)
    };
    let start = byte(diagnostic.column);
    let end = if diagnostic.end_line > diagnostic.line {
        line.trim_end().len()
    } else {
        byte(diagnostic.end_column)
    };
    let next = line[start..]
        .chars()
        .next()
        .map_or(start, |c| start + c.len_utf8());
    start..end.max(next)
}

fn summary(reports: &[FileReport<'_>]) -> String {
    let (errors, warnings) = count(reports);
    let some = |number: usize, word: &str| match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    };
    match (errors, warnings) {
        (0, 0) => String::new(),
        (_, 0) => format!("{}\n", some(errors, "error")),
        (0, _) => format!("{}\n", some(warnings, "warning")),
        _ => format!("{}, {}\n", some(errors, "error"), some(warnings, "warning")),
    }
}

/// Names in a file may hold anything; on a terminal they must not act.
fn printable(text: &str) -> String {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(acts) {
        return text.to_owned();
    }
    text.chars()
        .flat_map(|c| {
            let escaped: Vec<char> = if acts(c) {
                c.escape_unicode().collect()
            } else {
                vec![c]
            };
            escaped
        })
        .collect()
}
