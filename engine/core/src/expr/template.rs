//! A JSON value in which texts may hold expressions.

use std::sync::Arc;

use super::expression::Expression;
use super::problem::{ExprProblem, Located, Problems};
use super::scope::{EvalError, Scope};
use crate::value::Value;

/// A JSON value in which text may hold expressions, compiled.
#[derive(Clone, Debug)]
pub enum Template {
    /// No expression in it.
    Literal(Value),
    /// A text that is exactly one `{{ }}`, or an expression without braces: keeps its type.
    Expression(Expression),
    /// A text with expressions in it: gives text.
    Text(Text),
    /// An array with expressions somewhere in it.
    List(Vec<Self>),
    /// An object with expressions somewhere in its values.
    Map(Vec<(Arc<str>, Self)>),
}

/// A text with expressions in it, compiled.
#[derive(Clone, Debug)]
pub struct Text {
    parts: Vec<Expression>,
}

/// An expression within a template.
#[derive(Clone, Debug)]
pub struct Site<'a> {
    /// JSON pointer to the text that holds it.
    pub pointer: String,
    /// Whether it is part of a text, not all of it.
    pub in_text: bool,
    /// The expression; its offsets are within the text.
    pub expression: &'a Expression,
}

impl Template {
    /// Compiles a value, going into arrays and objects; keys are never templates.
    ///
    /// # Errors
    /// Every problem of every text.
    pub fn compile(value: &Value) -> Result<Self, Problems> {
        match value.as_str() {
            Some(text) if text.contains("{{") => Err(vec![Located {
                pointer: String::new(),
                offset: 0,
                what: ExprProblem {
                    message: "expressions are not supported yet".to_owned(),
                    fix: None,
                },
            }]),
            _ => Ok(Self::Literal(value.clone())),
        }
    }

    /// Renders the value.
    ///
    /// # Errors
    /// If an expression fails or needs facts that the scope lacks.
    pub fn render(&self, scope: &dyn Scope) -> Result<Value, EvalError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Expression(expression) => expression.eval(scope),
            Self::Text(_) => Ok(Value::text("")),
            Self::List(items) => items
                .iter()
                .map(|item| item.render(scope))
                .collect::<Result<_, _>>()
                .map(Value::list),
            Self::Map(entries) => entries
                .iter()
                .map(|(key, item)| Ok((Arc::clone(key), item.render(scope)?)))
                .collect::<Result<Vec<_>, _>>()
                .map(Value::map),
        }
    }

    /// Returns every expression in it, with its place, in the order of the file.
    pub fn sites(&self) -> Vec<Site<'_>> {
        let mut sites = Vec::new();
        self.collect_sites(String::new(), &mut sites);
        sites
    }

    /// Tells whether any expression in it asks for facts (`kv`).
    pub fn reads_facts(&self) -> bool {
        self.sites()
            .iter()
            .any(|site| site.expression.reads_facts())
    }

    fn collect_sites<'a>(&'a self, pointer: String, sites: &mut Vec<Site<'a>>) {
        let mut push = |in_text, expression| {
            sites.push(Site {
                pointer: pointer.clone(),
                in_text,
                expression,
            });
        };
        match self {
            Self::Literal(_) => {}
            Self::Expression(expression) => push(false, expression),
            Self::Text(text) => text.parts.iter().for_each(|part| push(true, part)),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.collect_sites(format!("{pointer}/{index}"), sites);
                }
            }
            Self::Map(entries) => {
                for (key, item) in entries {
                    let key = key.replace('~', "~0").replace('/', "~1");
                    item.collect_sites(format!("{pointer}/{key}"), sites);
                }
            }
        }
    }
}
