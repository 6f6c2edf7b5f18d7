//! Variables and the ways into them.

use std::sync::Arc;

use minijinja::machinery::ast;

use super::{Lowering, shared, small};
use crate::expr::node::{Kind, Member, Node, Origin, Path, Step};
use crate::expr::references::{PathStep, Read, Root};
use crate::expr::scope::Fields;
use crate::value::Value;

/// A root and the steps after it.
type Rooted = (Root, Origin, Vec<Step>);

impl Lowering<'_> {
    /// Compiles a name, an attribute or an item.
    pub(super) fn variable(&mut self, tree: &ast::Expr<'_>, guarded: bool) -> Option<Kind> {
        let (base, trees) = way(tree);
        let mut steps = Vec::with_capacity(trees.len());
        for tree in trees {
            // A key that is missing leaves the whole path missing.
            self.guarded = guarded;
            steps.push(self.step(tree)?);
        }
        let end = self.offset_of_end(tree);
        let ast::Expr::Var(var) = base else {
            let (start, end) = (self.begin(base) as usize, self.offset_of_end(base));
            let label = self.text(start, end);
            self.guarded = guarded;
            let base = self.node(base)?;
            let label = label.into();
            return Some(Kind::Member(Box::new(Member { base, steps, label })));
        };
        let start = self.offset(var.span());
        if steps.is_empty() && matches!(var.id, "null" | "nil") {
            return Some(Kind::Const(Value::Null));
        }
        let path: Vec<PathStep> = steps.iter().map(mentioned).collect();
        let (root, origin, steps) = self.rooted(var.id, steps, start)?;
        let label = label(var.id, &origin);
        self.references.reads.push(Read {
            root,
            path,
            offset: start,
            len: end.saturating_sub(start),
            guarded,
        });
        Some(Kind::Path(Path {
            origin,
            steps,
            label,
        }))
    }

    fn rooted(&mut self, name: &str, steps: Vec<Step>, at: usize) -> Option<Rooted> {
        let simple = match name {
            "parameters" => (Root::Parameters, Origin::Parameters),
            "vars" | "workflow" => (Root::Vars, Origin::Vars),
            "system" => (Root::System, Origin::System),
            "item" => (Root::Item, Origin::Item),
            "index" => (Root::Index, Origin::Index),
            "batch" => (Root::Batch, Origin::Batch),
            "task" => return self.task(steps, at),
            "pack" => return Some(pack(steps)),
            "kv" => {
                let fix = Some("kv.get('key')".to_owned());
                self.note(at, "`kv` can only be asked for a key".to_owned(), fix);
                return None;
            }
            other => (Root::Bare(shared(other)), Origin::Bare(shared(other))),
        };
        Some((simple.0, simple.1, steps))
    }

    fn task(&mut self, mut steps: Vec<Step>, at: usize) -> Option<Rooted> {
        let rest = steps.split_off(steps.len().min(1));
        let mut rest = rest.into_iter().peekable();
        match steps.pop() {
            Some(Step::Name(name)) => {
                let field = match rest.peek() {
                    Some(Step::Name(field)) => Some(Arc::clone(field)),
                    _ => None,
                };
                if field.is_some() {
                    rest.next();
                }
                let origin = Origin::Task { name, field };
                Some((Root::Task, origin, rest.collect()))
            }
            Some(Step::Computed(name)) => {
                let fields = match rest.peek() {
                    Some(Step::Name(field)) => Fields::Named(vec![Arc::clone(field)]),
                    _ => Fields::All,
                };
                let name = Box::new(name);
                Some((Root::Task, Origin::AnyTask { name, fields }, rest.collect()))
            }
            Some(Step::Index(_)) | None => {
                let message = "`task` needs the name of a task".to_owned();
                self.note(at, message, Some("task.<name>.result".to_owned()));
                None
            }
        }
    }

    fn step(&mut self, tree: &ast::Expr<'_>) -> Option<Step> {
        match tree {
            ast::Expr::GetAttr(attribute) => Some(Step::Name(shared(attribute.name))),
            ast::Expr::GetItem(item) => {
                let node = self.node(&item.subscript_expr)?;
                Some(match node.kind {
                    Kind::Const(Value::Text(name)) => Step::Name(name),
                    Kind::Const(Value::Int(index)) => Step::Index(index),
                    _ => Step::Computed(node),
                })
            }
            _ => None,
        }
    }

    /// Compiles what may be missing.
    pub(super) fn guarded_node(&mut self, tree: &ast::Expr<'_>) -> Option<Node> {
        self.guarded = true;
        let node = self.node(tree);
        self.guarded = false;
        node
    }

    fn offset_of_end(&self, tree: &ast::Expr<'_>) -> usize {
        self.base + tree.span().end_offset as usize
    }

    /// Where a part of the tree begins: spans of attributes begin too late.
    pub(super) fn begin(&self, tree: &ast::Expr<'_>) -> u32 {
        small(self.offset(way(tree).0.span()))
    }
}

/// The base of a chain of attributes and items, and the chain.
fn way<'e, 's>(tree: &'e ast::Expr<'s>) -> (&'e ast::Expr<'s>, Vec<&'e ast::Expr<'s>>) {
    let mut base = tree;
    let mut steps = Vec::new();
    loop {
        let next = match base {
            ast::Expr::GetAttr(attribute) => &attribute.expr,
            ast::Expr::GetItem(item) => &item.expr,
            _ => break,
        };
        steps.push(base);
        base = next;
    }
    steps.reverse();
    (base, steps)
}

fn pack(mut steps: Vec<Step>) -> Rooted {
    let config = matches!(steps.first(), Some(Step::Name(name)) if &**name == "config");
    if config {
        steps.remove(0);
        (Root::Pack, Origin::Config, steps)
    } else {
        (Root::Pack, Origin::Pack, steps)
    }
}

fn mentioned(step: &Step) -> PathStep {
    match step {
        Step::Name(name) => PathStep::Name(Arc::clone(name)),
        Step::Index(index) => PathStep::Index(*index),
        Step::Computed(_) => PathStep::Computed,
    }
}

fn label(name: &str, origin: &Origin) -> Box<str> {
    match origin {
        Origin::Config => "pack.config".into(),
        Origin::Task {
            name,
            field: Some(field),
        } => format!("task.{name}.{field}").into(),
        Origin::Task { name, field: None } => format!("task.{name}").into(),
        Origin::AnyTask { .. } => "task[…]".into(),
        Origin::Parameters
        | Origin::Vars
        | Origin::Pack
        | Origin::System
        | Origin::Item
        | Origin::Index
        | Origin::Batch
        | Origin::Bare(_) => name.into(),
    }
}
