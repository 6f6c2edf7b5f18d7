//! The tree an expression is compiled to.
//!
//! Chains (`a + b + c`, `x | f | g`, `a and b`) are flat, so that the depth of a tree is that of
//! its brackets, and bounded by the compiler.

use std::sync::Arc;

use super::builtin::Builtin;
use super::scope::Fields;
use crate::value::Value;

/// A part of an expression.
#[derive(Debug)]
pub(super) struct Node {
    /// Byte offset within the whole text.
    pub(super) at: u32,
    /// What it is.
    pub(super) kind: Kind,
}

/// What a part of an expression does.
#[derive(Debug)]
pub(super) enum Kind {
    /// Gives a value.
    Const(Value),
    /// Reads a variable.
    Path(Path),
    /// Reads a member of a computed value.
    Member(Box<Member>),
    /// `a[start:stop:step]`
    Slice(Box<Slice>),
    /// `not a`
    Not(Box<Node>),
    /// `-a`
    Negate(Box<Node>),
    /// `a and b`
    All(Vec<Node>),
    /// `a or b`
    Any(Vec<Node>),
    /// `a + b * c`, from left to right.
    Arithmetic(Box<Chain<Operator>>),
    /// `a ~ b`
    Concat(Vec<Node>),
    /// `a < b <= c`
    Compare(Box<Chain<Comparison>>),
    /// `b if a else c`: test, then, otherwise.
    If(Box<[Node; 3]>),
    /// `[a, b]`
    List(Vec<Node>),
    /// `{a: b}`
    Map(Vec<(Node, Node)>),
    /// `a | default(b)`
    Default(Box<Default>),
    /// `a is defined`, or `a is undefined` if not `wanted`.
    Defined { subject: Box<Node>, wanted: bool },
    /// A function, filter or test.
    Call {
        builtin: &'static Builtin,
        arguments: Vec<Argument>,
    },
}

/// `first op a op b`
#[derive(Debug)]
pub(super) struct Chain<Op> {
    pub(super) first: Node,
    pub(super) rest: Vec<(Op, Node)>,
}

/// A variable and the way into it.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) origin: Origin,
    pub(super) steps: Vec<Step>,
    /// How the origin is written.
    pub(super) label: Box<str>,
}

/// Where a variable is found.
#[derive(Debug)]
pub(super) enum Origin {
    Parameters,
    Vars,
    Config,
    Pack,
    System,
    /// `task.name`, or `task.name.field` if there is a field.
    Task {
        name: Arc<str>,
        field: Option<Arc<str>>,
    },
    /// `task[…]`
    AnyTask {
        name: Box<Node>,
        fields: Fields,
    },
    Item,
    Index,
    Batch,
    Bare(Arc<str>),
}

/// From a value to one of its members.
#[derive(Debug)]
pub(super) enum Step {
    Name(Arc<str>),
    Index(i64),
    Computed(Node),
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) base: Node,
    pub(super) steps: Vec<Step>,
    /// How the base is written.
    pub(super) label: Box<str>,
}

#[derive(Debug)]
pub(super) struct Slice {
    pub(super) base: Node,
    pub(super) start: Option<Node>,
    pub(super) stop: Option<Node>,
    pub(super) step: Option<Node>,
}

#[derive(Debug)]
pub(super) struct Default {
    pub(super) subject: Node,
    pub(super) alternative: Option<Node>,
    /// Whether anything false is replaced too.
    pub(super) lax: Option<Node>,
}

/// An argument of a call.
#[derive(Debug)]
pub(super) enum Argument {
    Positional(Node),
    Named(Arc<str>, Node),
    /// `*list`
    Spread(Node),
    /// `**map`
    SpreadNamed(Node),
}

/// An arithmetic operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
    Power,
}

impl Operator {
    /// How it is written.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::FloorDivide => "//",
            Self::Remainder => "%",
            Self::Power => "**",
        }
    }
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}
