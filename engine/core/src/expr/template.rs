//! A JSON value in which texts may hold expressions.

use std::sync::Arc;

use super::evaluator::{Evaluator, check_depth};
use super::expression::Expression;
use super::problem::Problems;
use super::scope::{EvalError, Scope};
use super::split::{Segment, has_code, split};
use crate::event::FactKey;
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
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Literal(Arc<str>),
    Expression(Expression),
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
        let template = match value {
            Value::Text(text) if has_code(text) => return compile_text(text),
            Value::List(items) => {
                let items = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| compile_member(&index.to_string(), item));
                Self::List(gather(items)?)
            }
            Value::Map(map) => {
                let entries = map.iter().map(|(key, item)| {
                    let item = compile_member(&escape(key), item)?;
                    Ok((Arc::clone(key), item))
                });
                Self::Map(gather(entries)?)
            }
            Value::Text(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::BigInt(_)
            | Value::Float(_)
            | Value::Secret(_) => return Ok(Self::Literal(value.clone())),
        };
        Ok(if template.is_literal() {
            Self::Literal(value.clone())
        } else {
            template
        })
    }

    /// Renders the value. All facts that its expressions are known to lack are asked for at once.
    ///
    /// # Errors
    /// If an expression fails or needs facts that the scope lacks.
    pub fn render(&self, scope: &dyn Scope) -> Result<Value, EvalError> {
        let mut missing = Vec::new();
        let value = match self {
            Self::Literal(value) => return Ok(value.clone()),
            Self::Expression(expression) => return expression.eval(scope),
            Self::Text(text) => return text.render(scope),
            Self::List(items) => {
                let items = items.iter().enumerate();
                let items = items
                    .map(|(index, item)| item.render(scope).map_err(|error| below(error, &index)));
                Value::list(keep(items, &mut missing)?)
            }
            Self::Map(entries) => {
                let entries = entries.iter().map(|(key, item)| {
                    let item = item.render(scope).map_err(|error| below(error, key))?;
                    Ok((Arc::clone(key), item))
                });
                Value::map(keep(entries, &mut missing)?)
            }
        };
        if !missing.is_empty() {
            missing.sort();
            missing.dedup();
            return Err(EvalError::Needs(missing));
        }
        check_depth(&value).map_err(|fault| fault.into_error("", false))?;
        Ok(value)
    }

    fn is_literal(&self) -> bool {
        match self {
            Self::Literal(_) => true,
            Self::Expression(_) | Self::Text(_) => false,
            Self::List(items) => items.iter().all(Self::is_literal),
            Self::Map(entries) => entries.iter().all(|(_, item)| item.is_literal()),
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
            Self::Text(text) => text.expressions().for_each(|part| push(true, part)),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.collect_sites(format!("{pointer}/{index}"), sites);
                }
            }
            Self::Map(entries) => {
                for (key, item) in entries {
                    item.collect_sites(format!("{pointer}/{}", escape(key)), sites);
                }
            }
        }
    }
}

impl Text {
    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Expression(expression) => Some(expression),
        })
    }

    fn render(&self, scope: &dyn Scope) -> Result<Value, EvalError> {
        let mut out = String::new();
        let mut secret = false;
        let mut missing = Vec::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Expression(expression) => match append(&mut out, expression, scope) {
                    Ok(read_secret) => secret |= read_secret,
                    Err(EvalError::Needs(keys)) => missing.extend(keys),
                    Err(error @ EvalError::Failed { .. }) => return Err(error),
                },
            }
        }
        match (missing.is_empty(), secret) {
            (false, _) => {
                missing.sort();
                missing.dedup();
                Err(EvalError::Needs(missing))
            }
            (true, true) => Ok(Value::from(out).secret()),
            (true, false) => Ok(Value::from(out)),
        }
    }
}

/// Appends an expression's value and tells whether it has read a secret.
fn append(out: &mut String, expression: &Expression, scope: &dyn Scope) -> Result<bool, EvalError> {
    let mut evaluator = Evaluator::new(scope);
    let outcome = evaluator.eval(expression.node()).and_then(|value| {
        evaluator
            .push_text(out, &value)
            .map(|()| Value::Bool(true))
            .map_err(|fault| fault.at(expression.node().at))
    });
    let done = expression.finish(evaluator, outcome)?;
    Ok(matches!(done, Value::Secret(_)))
}

fn compile_text(text: &Arc<str>) -> Result<Template, Problems> {
    let segments = split(text)?;
    if let [Segment::Code { text: code, offset }] = segments[..] {
        return Expression::part(text, code, offset).map(Template::Expression);
    }
    let parts = segments.iter().map(|segment| match segment {
        Segment::Literal(literal) => Ok(Part::Literal(Arc::from(*literal))),
        Segment::Code { text: code, offset } => {
            Expression::part(text, code, *offset).map(Part::Expression)
        }
    });
    let parts = gather(parts)?;
    Ok(Template::Text(Text { parts }))
}

fn compile_member(key: &str, item: &Value) -> Result<Template, Problems> {
    Template::compile(item).map_err(|mut problems| {
        for problem in &mut problems {
            problem.pointer = format!("/{key}{}", problem.pointer);
        }
        problems
    })
}

/// All successes, or all problems.
fn gather<T>(results: impl Iterator<Item = Result<T, Problems>>) -> Result<Vec<T>, Problems> {
    let mut values = Vec::new();
    let mut problems = Vec::new();
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(more) => problems.extend(more),
        }
    }
    if problems.is_empty() {
        Ok(values)
    } else {
        Err(problems)
    }
}

/// All successes, going on where facts are missing.
fn keep<T>(
    results: impl Iterator<Item = Result<T, EvalError>>,
    missing: &mut Vec<FactKey>,
) -> Result<Vec<T>, EvalError> {
    let mut values = Vec::with_capacity(results.size_hint().0);
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(EvalError::Needs(keys)) => missing.extend(keys),
            Err(error @ EvalError::Failed { .. }) => return Err(error),
        }
    }
    Ok(values)
}

/// Says which member an error is of.
fn below(error: EvalError, key: &dyn std::fmt::Display) -> EvalError {
    match error {
        EvalError::Needs(_) => error,
        EvalError::Failed { message } => {
            let message = match message.strip_prefix("in `/") {
                Some(rest) => format!("in `/{key}/{rest}"),
                None => format!("in `/{key}`: {message}"),
            };
            EvalError::Failed {
                message: Arc::from(message),
            }
        }
    }
}

/// A key as part of a JSON pointer.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
