//! What all stages share: where a value stands, and the problems found so far.
//!
//! A path is a number in an arena, so that remembering places costs nothing until a problem is
//! printed.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::code::{self, Code};
use crate::spec::tree::{Node, Position, Span};
use crate::spec::yaml;

/// How many problems of one file are listed: the rest would not be read.
const MAX_DIAGNOSTICS: usize = 1_000;

/// Errors that leave the graph of tasks as it is meant.
const HARMLESS: &[Code] = &[
    code::E_REF,
    code::E_MISSING_ACTION,
    code::E_UNKNOWN_ACTION,
    code::E_RETRY_MAX_DELAY,
    code::E_EXPRESSION,
    code::E_UNKNOWN_VARIABLE,
    code::E_LIMIT,
    code::E_INPUT,
    code::E_INPUT_TYPE,
];

/// A place in the file: where in the text, and by which path.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct At {
    pub(crate) span: Span,
    path: PathId,
}

impl At {
    /// Returns where it begins.
    pub(crate) fn start(self) -> Position {
        self.span.start
    }

    /// Returns the line, 0 where there is no text.
    pub(crate) fn line(self) -> u32 {
        self.span.start.line
    }
}

/// Index into the arena of paths; 0 is the root.
#[derive(Clone, Copy, Debug, Default)]
struct PathId(u32);

enum Segment<'a> {
    Key(&'a str),
    Index(usize),
}

/// A value with its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) node: &'a Node,
    pub(crate) at: At,
}

impl<'a> View<'a> {
    /// Returns the text, if it is one.
    pub(crate) fn text(self) -> Option<&'a Arc<str>> {
        self.node.as_text()
    }
}

/// The state of one reading.
pub(crate) struct Context<'a> {
    source: Option<&'a str>,
    paths: RefCell<Vec<(PathId, Segment<'a>)>>,
    problems: RefCell<Vec<Diagnostic>>,
}

impl<'a> Context<'a> {
    /// Starts a reading; `source` is the text that positions refer to, if there is one.
    pub(crate) fn new(source: Option<&'a str>) -> Self {
        Self {
            source,
            paths: RefCell::new(vec![(PathId(0), Segment::Index(0))]),
            problems: RefCell::default(),
        }
    }

    /// Returns the view of the whole file.
    pub(crate) fn root(&self, node: &'a Node) -> View<'a> {
        let at = At {
            span: node.span,
            path: PathId(0),
        };
        View { node, at }
    }

    /// Returns the member `key` of a map, unless it is null: null is as good as not given.
    pub(crate) fn get(&self, view: View<'a>, key: &str) -> Option<View<'a>> {
        let (key, member) = view.node.member(key)?;
        (!member.node.is_null()).then(|| self.child(view, Segment::Key(key), &member.node))
    }

    /// Returns the members of a map with the places of their keys; empty for anything else.
    pub(crate) fn members(
        &self,
        view: View<'a>,
    ) -> impl Iterator<Item = (&'a Arc<str>, At, View<'a>)> {
        let members = view.node.as_map().into_iter().flatten();
        members.map(move |(key, member)| {
            let value = self.child(view, Segment::Key(key), &member.node);
            let at = At {
                span: member.key,
                path: value.at.path,
            };
            (key, at, value)
        })
    }

    /// Returns the items of a list; empty for anything else.
    pub(crate) fn items(&self, view: View<'a>) -> impl Iterator<Item = View<'a>> {
        let items = view.node.as_list().unwrap_or_default().iter().enumerate();
        items.map(move |(index, node)| self.child(view, Segment::Index(index), node))
    }

    /// Returns the place of a map's key.
    pub(crate) fn key_at(&self, view: View<'a>, key: &str) -> At {
        let found = view.node.member(key);
        found.map_or(view.at, |(key, member)| At {
            span: member.key,
            path: self.child(view, Segment::Key(key), &member.node).at.path,
        })
    }

    /// Follows a JSON pointer, as far as it goes.
    pub(crate) fn follow(&self, view: View<'a>, pointer: &str) -> View<'a> {
        let mut view = view;
        for token in pointer.split('/').skip(1) {
            let token = unescape(token);
            let next = match token.parse::<usize>() {
                Ok(index) if view.node.as_list().is_some() => self.items(view).nth(index),
                _ => view
                    .node
                    .member(&token)
                    .map(|(key, member)| self.child(view, Segment::Key(key), &member.node)),
            };
            let Some(next) = next else { break };
            view = next;
        }
        view
    }

    /// Returns the place of a part of a scalar's text, given in bytes.
    pub(crate) fn inside(&self, view: View<'a>, offset: usize, length: usize) -> At {
        let (Some(source), Some(text)) = (self.source, view.text()) else {
            return view.at;
        };
        let place = |offset| yaml::position_in_scalar(source, view.at.span, text, offset);
        let start = place(offset.min(text.len()));
        let end = place((offset + length).min(text.len()));
        let end = if end.line == start.line && end.column > start.column {
            end
        } else {
            Position {
                line: start.line,
                column: start.column + u32::from(length > 0),
            }
        };
        At {
            span: Span { start, end },
            path: view.at.path,
        }
    }

    /// Returns a scalar as it is written in the file: `1.0` stays `1.0`.
    pub(crate) fn written(&self, view: View<'a>) -> Option<String> {
        let Span { start, end } = view.at.span;
        let line = self
            .source?
            .lines()
            .nth(start.line.checked_sub(1)? as usize)?;
        let from = start.column.checked_sub(1)? as usize;
        let count = (end.column.checked_sub(start.column)?) as usize;
        (end.line == start.line && count > 0).then(|| line.chars().skip(from).take(count).collect())
    }

    /// Records a problem.
    pub(crate) fn report(&self, code: Code, at: At, message: impl Into<String>) {
        self.report_with(code, at, message, None);
    }

    /// Records a problem with a fix, if there is one.
    pub(crate) fn report_with(
        &self,
        code: Code,
        at: At,
        message: impl Into<String>,
        fix: Option<String>,
    ) {
        let mut problems = self.problems.borrow_mut();
        if problems.len() >= MAX_DIAGNOSTICS {
            return;
        }
        problems.push(Diagnostic {
            pointer: self.pointer(at.path),
            line: at.span.start.line,
            column: at.span.start.column,
            end_line: at.span.end.line,
            end_column: at.span.end.column,
            fix,
            ..Diagnostic::new(code, message)
        });
    }

    /// Tells whether an error was reported so far.
    pub(crate) fn has_errors(&self) -> bool {
        self.problems.borrow().iter().any(Diagnostic::is_error)
    }

    /// Tells whether the graph of tasks is what the file means, whatever else is wrong.
    pub(crate) fn graph_is_sound(&self) -> bool {
        let harmless = |problem: &Diagnostic| HARMLESS.iter().any(|code| code.name == problem.code);
        let problems = self.problems.borrow();
        problems.iter().filter(|p| p.is_error()).all(harmless)
    }

    /// Returns the problems in the order of their place.
    pub(crate) fn finish(self) -> Vec<Diagnostic> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| (problem.line, problem.column));
        problems.dedup();
        problems
    }

    fn child(&self, parent: View<'a>, segment: Segment<'a>, node: &'a Node) -> View<'a> {
        let mut paths = self.paths.borrow_mut();
        let path = PathId(u32::try_from(paths.len()).expect("the file's size bounds the paths"));
        paths.push((parent.at.path, segment));
        let at = At {
            span: node.span,
            path,
        };
        View { node, at }
    }

    fn pointer(&self, path: PathId) -> String {
        let paths = self.paths.borrow();
        let mut segments = Vec::new();
        let mut path = path;
        while path.0 != 0 {
            let (parent, segment) = &paths[path.0 as usize];
            segments.push(segment);
            path = *parent;
        }
        let mut pointer = String::new();
        for segment in segments.iter().rev() {
            match segment {
                Segment::Key(key) => push_segment(&mut pointer, key),
                Segment::Index(index) => push_segment(&mut pointer, &index.to_string()),
            }
        }
        pointer
    }
}

/// Returns a segment of a JSON pointer as the key that it stands for.
fn unescape(segment: &str) -> Cow<'_, str> {
    if segment.contains('~') {
        Cow::Owned(segment.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(segment)
    }
}

/// Appends one segment to a JSON pointer.
pub(crate) fn push_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    if segment.contains(['~', '/']) {
        pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(segment);
    }
}
