//! One expression, compiled: for fields that take a value or a condition.

use super::problem::{ExprProblem, Located, Problems};
use super::references::References;
use super::scope::{EvalError, Scope};
use crate::value::Value;

/// One expression that gives a value, compiled.
#[derive(Clone, Debug)]
pub struct Expression {
    constant: Value,
    references: References,
}

impl Expression {
    /// Compiles an expression, with or without `{{ }}` around it.
    ///
    /// # Errors
    /// Every problem of the text.
    pub fn compile(text: &str) -> Result<Self, Problems> {
        let _ = text;
        Err(vec![Located {
            pointer: String::new(),
            offset: 0,
            what: ExprProblem {
                message: "expressions are not supported yet".to_owned(),
                fix: None,
            },
        }])
    }

    /// Makes an expression that always gives `value`.
    pub fn constant(value: Value) -> Self {
        Self {
            constant: value,
            references: References::default(),
        }
    }

    /// Evaluates the expression.
    ///
    /// # Errors
    /// If it fails or needs facts that the scope lacks.
    pub fn eval(&self, scope: &dyn Scope) -> Result<Value, EvalError> {
        let _ = scope;
        Ok(self.constant.clone())
    }

    /// Returns what the expression mentions.
    pub fn references(&self) -> &References {
        &self.references
    }

    /// Tells whether the expression asks for facts (`kv`).
    pub fn reads_facts(&self) -> bool {
        self.references.calls("kv.get") || self.references.calls("kv.get_secret")
    }
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

    /// Evaluates the condition.
    ///
    /// # Errors
    /// If it fails, gives text, or needs facts that the scope lacks.
    pub fn eval(&self, scope: &dyn Scope) -> Result<bool, EvalError> {
        self.expression
            .eval(scope)
            .map(|value| value.as_bool().unwrap_or(false))
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
