//! From minijinja's syntax tree to ours: names are resolved, chains made flat, and what is
//! mentioned is noted for the validator.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "minijinja has many kinds of tokens and trees, of which few matter here"
)]

mod calls;
mod variables;

use std::sync::Arc;

use minijinja::machinery::{Span, ast};
use minijinja::value::ValueKind;

use super::node::{Chain, Comparison, Kind, Node, Operator, Slice};
use super::parse::{conditional, parse};
use super::problem::{ExprProblem, Located, Problems};
use super::references::{References, Ternary};
use crate::event::FactKey;
use crate::value::Value;

/// How deep a tree may be: each level of brackets makes a few, and evaluation recurses.
const MAX_TREE_DEPTH: usize = 100;

/// What an expression became.
#[derive(Debug)]
pub(super) struct Lowered {
    pub(super) node: Node,
    pub(super) references: References,
    /// Facts that it asks for by a constant key.
    pub(super) facts: Vec<FactKey>,
}

/// Compiles an expression that stands at byte `offset` of a text.
pub(super) fn compile(code: &str, offset: usize) -> Result<Lowered, Problems> {
    let mut lowering = Lowering::default();
    let node = lowering.expression(code, offset);
    match node {
        Some(node) if lowering.problems.is_empty() => {
            lowering.references.reads.sort_by_key(|read| read.offset);
            lowering.references.calls.sort_by_key(|call| call.offset);
            Ok(Lowered {
                node,
                references: lowering.references,
                facts: lowering.facts,
            })
        }
        _ => Err(lowering.problems),
    }
}

/// A compilation at work. `None` means that a problem was noted.
#[derive(Default)]
struct Lowering<'t> {
    code: &'t str,
    /// Where the code begins within its text.
    base: usize,
    depth: usize,
    /// Whether what is compiled may be missing.
    guarded: bool,
    references: References,
    facts: Vec<FactKey>,
    problems: Problems,
}

impl<'t> Lowering<'t> {
    fn expression(&mut self, code: &'t str, base: usize) -> Option<Node> {
        (self.code, self.base) = (code, base);
        match parse(code, base) {
            Ok(tree) => self.node(&tree),
            Err(problem) => match conditional(code) {
                Some(parts) => {
                    let written = |text: &str| text.trim().to_owned();
                    let rewrite = format!(
                        "{} if {} else {}",
                        written(parts.then.0),
                        written(parts.test),
                        written(parts.otherwise.0)
                    );
                    let offset = base + code.len() - code.trim_start().len();
                    self.references.ternaries.push(Ternary { offset, rewrite });
                    self.deeper(|lowering| {
                        let test = lowering.expression(parts.test, base)?;
                        let then = lowering.expression(parts.then.0, base + parts.then.1)?;
                        let (otherwise, at) = parts.otherwise;
                        let otherwise = lowering.expression(otherwise, base + at)?;
                        let kind = Kind::If(Box::new([test, then, otherwise]));
                        Some(Node {
                            at: small(offset),
                            kind,
                        })
                    })
                }
                None => {
                    self.problems.push(problem);
                    None
                }
            },
        }
    }

    /// Compiles a part of the tree.
    fn node(&mut self, tree: &ast::Expr<'_>) -> Option<Node> {
        let at = self.begin(tree);
        let guarded = std::mem::take(&mut self.guarded);
        let kind = self.deeper(|lowering| lowering.kind(tree, guarded))?;
        Some(Node { at, kind })
    }

    fn kind(&mut self, tree: &ast::Expr<'_>, guarded: bool) -> Option<Kind> {
        match tree {
            ast::Expr::Const(constant) => self.constant(&constant.value, constant.span()),
            ast::Expr::Var(_) | ast::Expr::GetAttr(_) | ast::Expr::GetItem(_) => {
                self.variable(tree, guarded)
            }
            ast::Expr::Call(call) => self.function(call),
            ast::Expr::Filter(filter) => self.filter(filter),
            ast::Expr::Test(test) => self.test(test),
            ast::Expr::BinOp(operation) => self.operation(tree, operation),
            ast::Expr::Compare(compare) => self.compare(compare),
            ast::Expr::UnaryOp(unary) => self.unary(unary),
            ast::Expr::IfExpr(choice) => self.choice(choice),
            ast::Expr::List(list) => self.nodes(&list.items).map(Kind::List),
            ast::Expr::Tuple(tuple) => self.nodes(&tuple.items).map(Kind::List),
            ast::Expr::Map(map) => {
                let keys = self.nodes(&map.keys)?;
                let values = self.nodes(&map.values)?;
                Some(Kind::Map(keys.into_iter().zip(values).collect()))
            }
            ast::Expr::Slice(slice) => {
                let base = self.node(&slice.expr)?;
                let start = self.optional(slice.start.as_ref())?;
                let stop = self.optional(slice.stop.as_ref())?;
                let step = self.optional(slice.step.as_ref())?;
                Some(Kind::Slice(Box::new(Slice {
                    base,
                    start,
                    stop,
                    step,
                })))
            }
        }
    }

    /// All of them, even if one has a problem: every problem is reported.
    fn nodes<'e, 's: 'e>(
        &mut self,
        trees: impl IntoIterator<Item = &'e ast::Expr<'s>>,
    ) -> Option<Vec<Node>> {
        let nodes: Vec<Option<Node>> = trees.into_iter().map(|tree| self.node(tree)).collect();
        nodes.into_iter().collect()
    }

    /// The outer `None` is a problem, the inner one nothing there.
    #[expect(clippy::option_option, reason = "the two are different things here")]
    fn optional(&mut self, tree: Option<&ast::Expr<'_>>) -> Option<Option<Node>> {
        match tree {
            Some(tree) => self.node(tree).map(Some),
            None => Some(None),
        }
    }

    fn unary(&mut self, unary: &ast::UnaryOp<'_>) -> Option<Kind> {
        let inner = Box::new(self.node(&unary.expr)?);
        Some(match (&unary.op, &inner.kind) {
            (ast::UnaryOpKind::Not, _) => Kind::Not(inner),
            (ast::UnaryOpKind::Neg, Kind::Const(Value::Int(value))) => {
                Kind::Const(Value::Int(-value))
            }
            (ast::UnaryOpKind::Neg, _) => Kind::Negate(inner),
        })
    }

    fn choice(&mut self, choice: &ast::IfExpr<'_>) -> Option<Kind> {
        let test = self.node(&choice.test_expr);
        let then = self.node(&choice.true_expr);
        let otherwise = match &choice.false_expr {
            Some(tree) => self.node(tree),
            None => Some(Node {
                at: 0,
                kind: Kind::Const(Value::Null),
            }),
        };
        Some(Kind::If(Box::new([test?, then?, otherwise?])))
    }

    fn operation(&mut self, tree: &ast::Expr<'_>, top: &ast::BinOp<'_>) -> Option<Kind> {
        if let Some(comparison) = comparison(top.op) {
            let first = self.node(&top.left);
            let second = self.node(&top.right);
            let rest = vec![(comparison, second?)];
            return Some(Kind::Compare(Box::new(Chain {
                first: first?,
                rest,
            })));
        }
        let (first, rest) = spine(tree, kind_of(top.op));
        let first = self.node(first);
        let others = self.nodes(rest.iter().map(|(_, tree)| *tree));
        let (first, others) = (first?, others?);
        let all = |first, others: Vec<Node>| std::iter::once(first).chain(others).collect();
        Some(match kind_of(top.op) {
            ChainKind::And => Kind::All(all(first, others)),
            ChainKind::Or => Kind::Any(all(first, others)),
            ChainKind::Concat => Kind::Concat(all(first, others)),
            ChainKind::Arithmetic => {
                let operators = rest.iter().filter_map(|(op, _)| operator(*op));
                let rest = operators.zip(others).collect();
                Kind::Arithmetic(Box::new(Chain { first, rest }))
            }
        })
    }

    fn compare(&mut self, compare: &ast::Compare<'_>) -> Option<Kind> {
        let first = self.node(&compare.expr);
        let others = self.nodes(compare.ops.iter().map(|op| &op.expr));
        let comparisons = compare.ops.iter().map(|op| match op.op {
            ast::CompareOpKind::Eq => Comparison::Equal,
            ast::CompareOpKind::Ne => Comparison::NotEqual,
            ast::CompareOpKind::Lt => Comparison::Less,
            ast::CompareOpKind::Lte => Comparison::LessOrEqual,
            ast::CompareOpKind::Gt => Comparison::Greater,
            ast::CompareOpKind::Gte => Comparison::GreaterOrEqual,
            ast::CompareOpKind::In => Comparison::In,
            ast::CompareOpKind::NotIn => Comparison::NotIn,
        });
        let rest = comparisons.zip(others?).collect();
        Some(Kind::Compare(Box::new(Chain {
            first: first?,
            rest,
        })))
    }

    fn constant(&mut self, value: &minijinja::Value, span: Span) -> Option<Kind> {
        let value = match value.kind() {
            ValueKind::Bool => Value::Bool(value.is_true()),
            ValueKind::String => value.to_str().map_or(Value::Null, Value::Text),
            ValueKind::Number if value.is_integer() => match u64::try_from(value.clone()) {
                Ok(number) => Value::from(number),
                Err(_) => {
                    return self.problem(span, "the number does not fit 64 bits");
                }
            },
            ValueKind::Number => match f64::try_from(value.clone()) {
                Ok(number) if number.is_finite() => Value::Float(number),
                _ => return self.problem(span, "the number is too large"),
            },
            _ => Value::Null,
        };
        Some(Kind::Const(value))
    }

    /// Goes one level down, if that is not too deep.
    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= MAX_TREE_DEPTH {
            let message = format!("nested more than {MAX_TREE_DEPTH} levels deep");
            if !self.problems.iter().any(|p| p.what.message == message) {
                self.note(self.base, message, None);
            }
            return None;
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn offset(&self, span: Span) -> usize {
        self.base + span.start_offset as usize
    }

    /// The text of a part of the code.
    fn text(&self, start: usize, end: usize) -> &'t str {
        self.code
            .get(start.saturating_sub(self.base)..end.saturating_sub(self.base))
            .unwrap_or_default()
    }

    fn problem<T>(&mut self, span: Span, message: &str) -> Option<T> {
        self.note(self.offset(span), message.to_owned(), None);
        None
    }

    fn note(&mut self, offset: usize, message: String, fix: Option<String>) {
        self.problems.push(Located {
            pointer: String::new(),
            offset,
            what: ExprProblem { message, fix },
        });
    }
}

/// Texts are shorter than 4 GiB: files are limited to 1 MiB.
fn small(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// Operators that make one chain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ChainKind {
    And,
    Or,
    Concat,
    Arithmetic,
}

fn kind_of(op: ast::BinOpKind) -> ChainKind {
    match op {
        ast::BinOpKind::ScAnd => ChainKind::And,
        ast::BinOpKind::ScOr => ChainKind::Or,
        ast::BinOpKind::Concat => ChainKind::Concat,
        _ => ChainKind::Arithmetic,
    }
}

/// Cuts `((a + b) + c)` into `a` and `+ b`, `+ c`.
fn spine<'e, 's>(
    tree: &'e ast::Expr<'s>,
    kind: ChainKind,
) -> (&'e ast::Expr<'s>, Vec<(ast::BinOpKind, &'e ast::Expr<'s>)>) {
    let mut first = tree;
    let mut rest = Vec::new();
    while let ast::Expr::BinOp(operation) = first
        && comparison(operation.op).is_none()
        && kind_of(operation.op) == kind
    {
        rest.push((operation.op, &operation.right));
        first = &operation.left;
    }
    rest.reverse();
    (first, rest)
}

fn comparison(op: ast::BinOpKind) -> Option<Comparison> {
    match op {
        ast::BinOpKind::Eq => Some(Comparison::Equal),
        ast::BinOpKind::Ne => Some(Comparison::NotEqual),
        ast::BinOpKind::Lt => Some(Comparison::Less),
        ast::BinOpKind::Lte => Some(Comparison::LessOrEqual),
        ast::BinOpKind::Gt => Some(Comparison::Greater),
        ast::BinOpKind::Gte => Some(Comparison::GreaterOrEqual),
        ast::BinOpKind::In => Some(Comparison::In),
        _ => None,
    }
}

fn operator(op: ast::BinOpKind) -> Option<Operator> {
    match op {
        ast::BinOpKind::Add => Some(Operator::Add),
        ast::BinOpKind::Sub => Some(Operator::Subtract),
        ast::BinOpKind::Mul => Some(Operator::Multiply),
        ast::BinOpKind::Div => Some(Operator::Divide),
        ast::BinOpKind::FloorDiv => Some(Operator::FloorDivide),
        ast::BinOpKind::Rem => Some(Operator::Remainder),
        ast::BinOpKind::Pow => Some(Operator::Power),
        _ => None,
    }
}

/// Shares a name.
fn shared(name: &str) -> Arc<str> {
    Arc::from(name)
}
