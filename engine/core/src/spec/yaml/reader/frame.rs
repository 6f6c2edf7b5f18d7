//! Collections that are being read, and what a finished value would be without sharing.

use std::sync::Arc;

use crate::spec::context::push_segment;
use crate::spec::tree::{Members, Node, Span};

/// A finished value with its size, as if nothing were shared.
#[derive(Clone)]
pub(super) struct Built {
    pub(super) node: Node,
    pub(super) nodes: usize,
    pub(super) bytes: usize,
    pub(super) depth: usize,
}

/// A collection that is being read.
pub(super) struct Frame {
    pub(super) content: Content,
    pub(super) start: Span,
    pub(super) anchor: usize,
    pub(super) nodes: usize,
    pub(super) bytes: usize,
    pub(super) depth: usize,
}

pub(super) enum Content {
    List(Vec<Node>),
    Map {
        members: Members,
        key: Option<(Key, Span)>,
        merges: Vec<Node>,
    },
}

pub(super) enum Key {
    Name(Arc<str>),
    Merge,
    /// Its value is read and thrown away: the problem is reported.
    Refused(Arc<str>),
}

/// Returns the JSON pointer of the value that is being read.
pub(super) fn pointer(stack: &[Frame]) -> String {
    let mut pointer = String::new();
    for frame in stack {
        match &frame.content {
            Content::List(items) => push_segment(&mut pointer, &items.len().to_string()),
            Content::Map { key: None, .. } => {}
            Content::Map {
                key: Some((key, _)),
                ..
            } => match key {
                Key::Name(name) | Key::Refused(name) => push_segment(&mut pointer, name),
                Key::Merge => push_segment(&mut pointer, "<<"),
            },
        }
    }
    pointer
}
