//! From YAML events to a tree with positions.
//!
//! Refuses what a careful reader of YAML would trip over: duplicate keys, custom tags, anchors
//! that contain themselves, several documents, and texts that grow without bound through aliases.

mod frame;

use std::sync::Arc;

use frame::{Built, Content, Frame, Key};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span as RawSpan, StrInput, Tag};

use super::advice;
use super::scalar::{self, ScalarError};
use crate::diagnostics::{Diagnostic, code};
use crate::spec::tree::{Data, Member, Members, Node, Position, Span, find_member};

/// The largest file: more is a mistake, and a reader holds several copies of it.
pub const MAX_BYTES: usize = 1 << 20;
/// The largest number of values, aliases counted as what they stand for.
pub const MAX_NODES: usize = 100_000;
/// How deep values may be nested, so that no recursion over the tree overflows a stack.
pub const MAX_DEPTH: usize = 64;
/// The most text, aliases counted as what they stand for: a long text is repeated cheaply here,
/// but not by whoever writes the value out.
const MAX_EXPANDED_BYTES: usize = 8 << 20;
/// What most who write a collection as a key meant.
const QUOTE: &str = "an expression in `{{ }}` that begins a value stands in quotes";
/// How many problems of one text are listed before reading stops.
const MAX_PROBLEMS: usize = 100;

/// Reads one document. Problems are added to `problems`; `None` if no tree could be made.
pub(crate) fn read(source: &str, problems: &mut Vec<Diagnostic>) -> Option<Node> {
    if source.len() > MAX_BYTES {
        let message = format!("the text has {} bytes, more than {MAX_BYTES}", source.len());
        problems.push(Diagnostic::new(code::E_YAML, message));
        return None;
    }
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let mut reader = Reader {
        source,
        parser: Parser::new_from_str(source),
        problems,
        stack: Vec::new(),
        anchors: Vec::new(),
        root: None,
    };
    match reader.run() {
        Ok(()) => Some(reader.root.map_or(
            Node {
                data: Data::Null,
                span: Span::at(Position { line: 1, column: 1 }),
            },
            |built| built.node,
        )),
        Err(Stop) => None,
    }
}

/// Reading cannot go on; why is in the problems.
struct Stop;

struct Reader<'s, 'p> {
    source: &'s str,
    parser: Parser<'s, StrInput<'s>>,
    problems: &'p mut Vec<Diagnostic>,
    stack: Vec<Frame>,
    /// By the parser's number of the anchor; `None` while its value is being read.
    anchors: Vec<Option<Built>>,
    root: Option<Built>,
}

impl Reader<'_, '_> {
    fn run(&mut self) -> Result<(), Stop> {
        while let Some(event) = self.parser.next_event() {
            let (event, span) = event.map_err(|error| {
                self.unreadable(error.info(), position(*error.marker()));
                Stop
            })?;
            self.take(event, convert(span))?;
            if self.problems.len() > MAX_PROBLEMS {
                return Err(Stop);
            }
        }
        Ok(())
    }

    /// Notes what the parser cannot read, in words that help.
    fn unreadable(&mut self, message: &str, noticed: Position) {
        let at = Span::at(advice::place(message, noticed, self.source));
        let advice = advice::advice(message);
        let said = advice.map_or(message, |advice| advice.message);
        self.problem(at, said.to_owned());
        if let (Some(problem), Some(advice)) = (self.problems.last_mut(), advice) {
            problem.fix = Some(advice.fix.to_owned());
        }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.root.is_some() => self.fail(
                span,
                "the text has a second document: one file is one document",
            ),
            Event::DocumentStart(_) => Ok(()),
            Event::Alias(id) => self.alias(id, span),
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, (anchor, tag.as_deref()), span)
            }
            Event::SequenceStart(anchor, tag) => {
                self.collection_tag(tag.as_deref(), "seq", span);
                self.open(Content::List(Vec::new()), anchor, span)
            }
            Event::MappingStart(anchor, tag) => {
                self.collection_tag(tag.as_deref(), "map", span);
                let content = Content::Map {
                    members: Members::new(),
                    key: None,
                    merges: Vec::new(),
                };
                self.open(content, anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
        }
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Stop> {
        match self.anchors.get(id).cloned() {
            Some(Some(built)) => self.add(built, span),
            Some(None) | None => self.fail(span, "the anchor contains itself"),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        (anchor, tag): (usize, Option<&Tag>),
        span: Span,
    ) -> Result<(), Stop> {
        if self.awaits_key() {
            return self.key(text, style, span);
        }
        let resolved = match tag {
            Some(tag) if tag.is_yaml_core_schema() => scalar::resolve_tagged(&tag.suffix, text),
            Some(tag) if tag.handle.is_empty() && tag.suffix == "!" => Ok(Data::Text(text.into())),
            Some(tag) => {
                self.problem(span, format!("the tag `{tag}` has no meaning here"));
                Ok(Data::Text(text.into()))
            }
            None if style == ScalarStyle::Plain => scalar::resolve(text),
            None => Ok(Data::Text(text.into())),
        };
        let data = resolved.unwrap_or_else(|error| {
            let message = match error {
                ScalarError::NotFinite => {
                    format!("`{text}` is no JSON number; in quotes it is text")
                }
                ScalarError::Tag => format!("`{text}` does not fit its tag"),
            };
            self.problem(span, message);
            Data::Text(text.into())
        });
        let built = Built {
            node: Node { data, span },
            nodes: 1,
            bytes: text.len(),
            depth: 1,
        };
        if anchor > 0 {
            self.remember(anchor, Some(built.clone()));
        }
        self.add(built, span)
    }

    fn awaits_key(&self) -> bool {
        matches!(
            self.stack.last(),
            Some(Frame {
                content: Content::Map { key: None, .. },
                ..
            })
        )
    }

    fn key(&mut self, text: &str, style: ScalarStyle, span: Span) -> Result<(), Stop> {
        let plain = style == ScalarStyle::Plain;
        if plain && text.is_empty() {
            return self.fail(span, "a key is missing before the colon");
        }
        let name: Arc<str> = text.into();
        let Some(Content::Map { members, key, .. }) =
            self.stack.last_mut().map(|frame| &mut frame.content)
        else {
            return Err(Stop);
        };
        if plain && text == "<<" {
            *key = Some((Key::Merge, span));
            return Ok(());
        }
        let first = find_member(members, &name).map(|(_, member)| member.key.start.line);
        *key = Some(match first {
            None => (Key::Name(name), span),
            Some(_) => (Key::Refused(name), span),
        });
        if let Some(line) = first {
            let message = format!("the key `{text}` is given twice, first in line {line}");
            self.problem(span, message);
        }
        Ok(())
    }

    fn collection_tag(&mut self, tag: Option<&Tag>, expected: &str, span: Span) {
        if let Some(tag) = tag
            && !(tag.is_yaml_core_schema() && tag.suffix == expected)
        {
            self.problem(span, format!("the tag `{tag}` has no meaning here"));
        }
    }

    fn open(&mut self, content: Content, anchor: usize, start: Span) -> Result<(), Stop> {
        if self.awaits_key() {
            self.problem(start, "a key must be text, not a collection".to_owned());
            if let Some(problem) = self.problems.last_mut() {
                problem.fix = Some(QUOTE.to_owned());
            }
            return Err(Stop);
        }
        if self.stack.len() >= MAX_DEPTH {
            return self.too_deep(start);
        }
        if anchor > 0 {
            self.remember(anchor, None);
        }
        self.stack.push(Frame {
            content,
            start,
            anchor,
            nodes: 1,
            bytes: 0,
            depth: 0,
        });
        Ok(())
    }

    fn close(&mut self, end: Span) -> Result<(), Stop> {
        let Some(frame) = self.stack.pop() else {
            return Ok(());
        };
        let data = match frame.content {
            Content::List(items) => Data::List(Arc::new(items)),
            Content::Map {
                mut members,
                merges,
                ..
            } => {
                for merge in &merges {
                    self.merge(&mut members, merge);
                }
                Data::Map(Arc::new(members))
            }
        };
        let mut span = frame.start;
        if end.end.line == span.start.line {
            span.end = end.end;
        }
        let built = Built {
            node: Node { data, span },
            nodes: frame.nodes,
            bytes: frame.bytes,
            depth: frame.depth + 1,
        };
        if frame.anchor > 0 {
            self.remember(frame.anchor, Some(built.clone()));
        }
        self.add(built, span)
    }

    /// Adds what `<<` brings: keys that are already there stay.
    fn merge(&mut self, members: &mut Members, merge: &Node) {
        if let Some(more) = merge.as_map() {
            for (key, member) in more {
                members.entry(key.clone()).or_insert_with(|| member.clone());
            }
            return;
        }
        match merge.as_list() {
            Some(list) if list.iter().all(|node| node.as_map().is_some()) => {
                for node in list {
                    self.merge(members, node);
                }
            }
            Some(_) | None => {
                self.problem(merge.span, "`<<` takes a map or a list of maps".to_owned());
            }
        }
    }

    fn add(&mut self, built: Built, span: Span) -> Result<(), Stop> {
        if self.awaits_key() {
            return self.fail(span, "a key must be text, not an alias");
        }
        let level = self.stack.len();
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(built);
            return Ok(());
        };
        frame.nodes += built.nodes;
        frame.bytes += built.bytes;
        frame.depth = frame.depth.max(built.depth);
        let (nodes, bytes, depth) = (frame.nodes, frame.bytes, level + built.depth);
        match &mut frame.content {
            Content::List(items) => items.push(built.node),
            Content::Map {
                members,
                key,
                merges,
            } => match key.take() {
                Some((Key::Name(name), key)) => {
                    let node = built.node;
                    members.insert(name, Member { key, node });
                }
                Some((Key::Merge, _)) => merges.push(built.node),
                Some((Key::Refused(_), _)) | None => {}
            },
        }
        if nodes > MAX_NODES || bytes > MAX_EXPANDED_BYTES {
            return self.fail(
                span,
                &format!("the text is too large with its aliases: more than {MAX_NODES} values"),
            );
        }
        if depth > MAX_DEPTH {
            return self.too_deep(span);
        }
        Ok(())
    }

    fn remember(&mut self, anchor: usize, built: Option<Built>) {
        if self.anchors.len() <= anchor {
            self.anchors.resize(anchor + 1, None);
        }
        self.anchors[anchor] = built;
    }

    fn too_deep(&mut self, span: Span) -> Result<(), Stop> {
        self.fail(
            span,
            &format!("the value is nested more than {MAX_DEPTH} levels deep"),
        )
    }

    fn fail(&mut self, span: Span, message: &str) -> Result<(), Stop> {
        self.problem(span, message.to_owned());
        Err(Stop)
    }

    fn problem(&mut self, span: Span, message: String) {
        let mut diagnostic = Diagnostic::new(code::E_YAML, message);
        diagnostic.pointer = frame::pointer(&self.stack);
        diagnostic.line = span.start.line;
        diagnostic.column = span.start.column;
        diagnostic.end_line = span.end.line;
        diagnostic.end_column = span.end.column;
        self.problems.push(diagnostic);
    }
}

fn convert(span: RawSpan) -> Span {
    Span {
        start: position(span.start),
        end: position(span.end),
    }
}

fn position(marker: Marker) -> Position {
    Position {
        line: u32::try_from(marker.line()).unwrap_or(u32::MAX),
        column: u32::try_from(marker.col()).unwrap_or(u32::MAX - 1) + 1,
    }
}
