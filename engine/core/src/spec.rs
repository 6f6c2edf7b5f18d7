//! From a workflow file to a [`Definition`](crate::Definition), with every problem at once.
//!
//! In stages, each a module: the text becomes a tree with positions (`yaml`), the tree is checked
//! against the declared form (`conform`, `shape`, `fields`), tasks are read (`task`, `arrow`,
//! `policy`, `publish`) and their expressions compiled (`compile`), names are resolved (`link`),
//! the graph is looked at (`network`, `check`), and what is without error is assembled (`file`).

pub mod builtin;
pub mod editor;
pub mod schema;
pub mod yaml;

mod arrow;
mod check;
mod compile;
mod conform;
mod context;
mod fields;
mod file;
mod foreign;
mod link;
mod logic;
mod network;
mod outcome;
mod policy;
mod publish;
mod quantity;
mod reference;
mod shape;

mod task;
mod tree;

use crate::definition::Definition;
use crate::diagnostics::Diagnostic;
use crate::id::Digest;
use crate::spec::context::Context;
use crate::spec::tree::Node;
use crate::value::Value;

pub(crate) use crate::suggest;
pub use crate::suggest::nearest;
pub use reference::is_reference;
pub use tree::Position;

/// What a file became.
#[derive(Debug)]
pub struct Parsed {
    /// The definition, unless there are errors.
    pub definition: Option<Definition>,
    /// All problems, in the order of their place in the file.
    pub diagnostics: Vec<Diagnostic>,
}

/// What the reader of a file knows beside its text.
#[derive(Clone, Copy)]
pub struct Options<'o> {
    /// The ref that the request names: the file may leave its own out, but not say another.
    pub default_ref: Option<&'o str>,
    /// Whether `ref`, `label` and `version` must be given; inline workflows need none.
    pub require_ref: bool,
    /// The actions, where they are known: then inputs are checked against them.
    pub actions: Option<&'o dyn Actions>,
    /// Where a value without a text of its own stands in the file that holds it.
    pub base: Position,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            default_ref: None,
            require_ref: true,
            actions: None,
            base: Position::default(),
        }
    }
}

impl Options<'_> {
    /// Returns the options for a workflow that stands inside another file.
    pub fn inline() -> Self {
        Self {
            require_ref: false,
            ..Self::default()
        }
    }
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("default_ref", &self.default_ref)
            .field("require_ref", &self.require_ref)
            .field("actions", &self.actions.is_some())
            .field("base", &self.base)
            .finish()
    }
}

/// The actions and workflows that tasks may call.
pub trait Actions {
    /// Returns the schemas of an action or workflow, by the reference as the file writes it;
    /// `None` if there is no such action.
    fn lookup(&self, reference: &str) -> Option<ActionSchemas>;

    /// Returns all known references, for "did you mean".
    fn references(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What an action takes and gives, as JSON Schema; `None` where it does not say.
#[derive(Clone, Debug, Default)]
pub struct ActionSchemas {
    /// Of the input.
    pub parameters: Option<Value>,
    /// Of the result.
    pub output: Option<Value>,
}

/// Parses and checks a workflow file.
pub fn parse(source: &str) -> Parsed {
    parse_with(source, &Options::default())
}

/// Parses and checks a workflow file, given what is known beside it.
pub fn parse_with(source: &str, options: &Options<'_>) -> Parsed {
    let mut diagnostics = Vec::new();
    let node = yaml::read(source, &mut diagnostics);
    let Some(node) = node else {
        return Parsed {
            definition: None,
            diagnostics,
        };
    };
    let refused = !diagnostics.is_empty();
    let digest = Digest::of(source.as_bytes());
    let mut parsed = build(&node, Some(source), digest, options);
    if refused {
        parsed.definition = None;
        // Of a text that is not wholly read, what is missing is not known to be missing.
        parsed.diagnostics.retain(Diagnostic::is_error);
        diagnostics.append(&mut parsed.diagnostics);
        diagnostics.sort_by_key(|problem| (problem.line, problem.column));
        parsed.diagnostics = diagnostics;
    }
    parsed
}

/// Checks a workflow that is given as a value: inside another file, or in a JSON body.
pub fn parse_value(value: &Value, options: &Options<'_>) -> Parsed {
    let node = Node::from_value(value, options.base);
    let digest = Digest::of(value.to_public_json().as_bytes());
    build(&node, None, digest, options)
}

fn build(node: &Node, source: Option<&str>, digest: Digest, options: &Options<'_>) -> Parsed {
    let ctx = Context::new(source);
    let definition = file::read(&ctx, ctx.root(node), digest, options);
    Parsed {
        definition,
        diagnostics: ctx.finish(),
    }
}

#[cfg(test)]
mod tests;
