//! One expression, compiled: for fields that take a value or a condition.

use std::sync::Arc;

use super::evaluator::{Evaluator, check_depth, truth};
use super::fault::Fault;
use super::lower::{Lowered, compile};
use super::node::{Kind, Node};
use super::path::with_article;
use super::problem::{ExprProblem, Located, Problems};
use super::references::References;
use super::scope::{EvalError, Scope};
use super::split::{Segment, has_code, split};
use crate::value::Value;

/// One expression that gives a value, compiled.
#[derive(Clone, Debug)]
pub struct Expression {
    compiled: Arc<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    /// The whole text that it is part of.
    text: Arc<str>,
    lowered: Lowered,
}

impl Expression {
    /// Compiles an expression, with or without `{{ }}` around it.
    ///
    /// # Errors
    /// Every problem of the text.
    pub fn compile(text: &str) -> Result<Self, Problems> {
        let whole: Arc<str> = Arc::from(text);
        if !text.trim_start().starts_with("{{") {
            let leading = text.len() - text.trim_start().len();
            return Self::part(&whole, text.trim(), leading).map_err(|problems| {
                if has_code(text) {
                    misplaced(text)
                } else {
                    problems
                }
            });
        }
        let segments = split(text)?;
        let mut codes = segments.iter().filter_map(|segment| match segment {
            Segment::Code { text, offset } => Some((*text, *offset)),
            Segment::Literal(_) => None,
        });
        let blank = |segment: &Segment<'_>| match segment {
            Segment::Literal(text) => text.trim().is_empty(),
            Segment::Code { .. } => true,
        };
        match (codes.next(), codes.next()) {
            (Some((code, offset)), None) if segments.iter().all(blank) => {
                Self::part(&whole, code, offset)
            }
            _ => Err(around()),
        }
    }

    /// Compiles a part of a text.
    pub(super) fn part(whole: &Arc<str>, code: &str, offset: usize) -> Result<Self, Problems> {
        let lowered = compile(code, offset)?;
        let text = Arc::clone(whole);
        Ok(Self {
            compiled: Arc::new(Compiled { text, lowered }),
        })
    }

    /// Makes an expression that always gives `value`.
    pub fn constant(value: Value) -> Self {
        let node = Node {
            at: 0,
            kind: Kind::Const(value),
        };
        let lowered = Lowered {
            node,
            references: References::default(),
            facts: Vec::new(),
        };
        let text = Arc::from("");
        Self {
            compiled: Arc::new(Compiled { text, lowered }),
        }
    }

    /// Evaluates the expression.
    ///
    /// # Errors
    /// If it fails or needs facts that the scope lacks.
    pub fn eval(&self, scope: &dyn Scope) -> Result<Value, EvalError> {
        self.eval_as(scope, |_, value| {
            if matches!(self.node().kind, Kind::Path(_) | Kind::Const(_)) {
                return Ok(value);
            }
            check_depth(&value).map(|()| value)
        })
    }

    /// Evaluates the expression and turns its value into another.
    fn eval_as(
        &self,
        scope: &dyn Scope,
        convert: impl FnOnce(&mut Evaluator<'_>, Value) -> Result<Value, Fault>,
    ) -> Result<Value, EvalError> {
        let mut evaluator = Evaluator::new(scope);
        let outcome = evaluator
            .eval(self.node())
            .and_then(|value| convert(&mut evaluator, value));
        self.finish(evaluator, outcome)
    }

    pub(super) fn node(&self) -> &Node {
        &self.compiled.lowered.node
    }

    pub(super) fn finish(
        &self,
        evaluator: Evaluator<'_>,
        outcome: Result<Value, Fault>,
    ) -> Result<Value, EvalError> {
        evaluator.finish(outcome, &self.compiled.text, &self.compiled.lowered.facts)
    }

    /// Returns what the expression mentions.
    pub fn references(&self) -> &References {
        &self.compiled.lowered.references
    }

    /// Tells whether the expression asks for facts (`kv`).
    pub fn reads_facts(&self) -> bool {
        self.references().calls("kv.get") || self.references().calls("kv.get_secret")
    }
}

/// The problems of a text that is no expression and holds something like `{{ }}`.
fn misplaced(text: &str) -> Problems {
    split(text).err().unwrap_or_else(around)
}

fn around() -> Problems {
    vec![Located {
        pointer: String::new(),
        offset: 0,
        what: ExprProblem {
            message: "text around the braces: this field takes one expression".to_owned(),
            fix: Some("write all of it inside one `{{ }}`".to_owned()),
        },
    }]
}

/// One expression that gives true or false, compiled.
#[derive(Clone, Debug)]
pub struct Condition {
    expression: Expression,
}

impl Condition {
    /// Compiles a condition, with or without `{{ }}` around it.
    ///
    /// # Errors
    /// Every problem of the text.
    pub fn compile(text: &str) -> Result<Self, Problems> {
        Expression::compile(text).map(|expression| Self { expression })
    }

    /// Makes a condition that always or never holds.
    pub fn constant(holds: bool) -> Self {
        Self {
            expression: Expression::constant(Value::Bool(holds)),
        }
    }

    /// Evaluates the condition: Python's truth, but text is neither true nor false.
    ///
    /// # Errors
    /// If it fails, gives text, or needs facts that the scope lacks.
    pub fn eval(&self, scope: &dyn Scope) -> Result<bool, EvalError> {
        let at = self.expression.node().at;
        let held = self.expression.eval_as(scope, |_, value| {
            if matches!(value.exposed(), Value::Text(_)) {
                let found = with_article(value.type_name());
                let fault =
                    Fault::failed(format!("the condition gives {found}, not true or false"));
                return Err(fault.at(at));
            }
            Ok(Value::Bool(truth(&value)))
        });
        held.map(|value| value.as_bool().unwrap_or(false))
    }

    /// Returns the expression whose truth it is.
    pub(crate) fn expression(&self) -> &Expression {
        &self.expression
    }

    /// Returns what the condition mentions.
    pub fn references(&self) -> &References {
        self.expression.references()
    }

    /// Tells whether the condition asks for facts (`kv`).
    pub fn reads_facts(&self) -> bool {
        self.expression.reads_facts()
    }
}
