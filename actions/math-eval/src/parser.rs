//! Reads a formula from left to right and computes it on the way.

use std::collections::BTreeMap;

use attune_sdk::ActionError;

use crate::function;

/// How deep parts of a formula may stand in each other: each level takes some of the stack.
const DEPTH_MAX: u32 = 200;

/// The operators of two numbers, how tight they bind, and what they do. `^` is apart, because it
/// binds from the right.
const OPERATORS: [(&str, u8, fn(f64, f64) -> f64); 11] = [
    ("==", 1, |a, b| truth(a == b)),
    ("!=", 1, |a, b| truth(a != b)),
    ("<=", 1, |a, b| truth(a <= b)),
    (">=", 1, |a, b| truth(a >= b)),
    ("<", 1, |a, b| truth(a < b)),
    (">", 1, |a, b| truth(a > b)),
    ("+", 2, |a, b| a + b),
    ("-", 2, |a, b| a - b),
    ("*", 3, |a, b| a * b),
    ("/", 3, |a, b| a / b),
    ("%", 3, |a, b| a % b),
];

/// How tight a sign binds: more than a product, less than a power.
const SIGN: u8 = 4;
const POWER: u8 = 5;

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// Computes a formula.
pub(crate) fn evaluate(formula: &str, values: &BTreeMap<String, f64>) -> Result<f64, ActionError> {
    let mut parser = Parser {
        formula,
        rest: formula,
        values,
        depth: 0,
    };
    let result = parser.expression(0)?;
    if parser.rest.is_empty() {
        return Ok(result);
    }
    Err(parser.syntax("expected an operator"))
}

struct Parser<'a> {
    formula: &'a str,
    rest: &'a str,
    values: &'a BTreeMap<String, f64>,
    depth: u32,
}

impl<'a> Parser<'a> {
    /// Reads an expression whose operators bind tighter than `above`.
    fn expression(&mut self, above: u8) -> Result<f64, ActionError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.syntax("the formula is nested too deep"));
        }
        let mut left = self.operand()?;
        loop {
            self.skip_space();
            if above < POWER && self.take("^") {
                // Not tighter than itself: `2 ^ 3 ^ 2` is `2 ^ (3 ^ 2)`, and `2 ^ -1` is fine.
                left = left.powf(self.expression(SIGN)?);
                continue;
            }
            let operator = OPERATORS
                .iter()
                .find(|(name, binding, _)| *binding > above && self.rest.starts_with(name));
            let Some((name, binding, compute)) = operator else {
                break;
            };
            self.rest = &self.rest[name.len()..];
            left = compute(left, self.expression(*binding)?);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operand(&mut self) -> Result<f64, ActionError> {
        self.skip_space();
        if self.take("-") {
            return Ok(-self.expression(SIGN)?);
        }
        if self.take("+") {
            return self.expression(SIGN);
        }
        if self.take("(") {
            let inner = self.expression(0)?;
            self.expect(")")?;
            return Ok(inner);
        }
        let start = self.rest;
        let name = self.take_while(|c| c.is_alphanumeric() || c == '_');
        if name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return self.named(name, start);
        }
        self.rest = start;
        self.number()
    }

    fn number(&mut self) -> Result<f64, ActionError> {
        let start = self.rest;
        self.take_while(|c| c.is_ascii_digit() || c == '.');
        let mantissa = self.rest;
        if self.take("e") || self.take("E") {
            let _ = self.take("-") || self.take("+");
            if self.take_while(|c| c.is_ascii_digit()).is_empty() {
                self.rest = mantissa;
            }
        }
        let text = &start[..start.len() - self.rest.len()];
        text.parse().map_err(|_| {
            self.rest = start;
            self.syntax("expected a number")
        })
    }

    fn named(&mut self, name: &str, start: &'a str) -> Result<f64, ActionError> {
        self.skip_space();
        if self.take("(") {
            let arguments = self.arguments()?;
            return match function::call(name, &arguments) {
                Some(Ok(result)) => Ok(result),
                Some(Err(takes)) => {
                    let found = arguments.len();
                    Err(self.name(start, &format!("`{name}` takes {takes}, here are {found}")))
                }
                None => Err(self.name(start, &format!("there is no function `{name}`"))),
            };
        }
        match (self.values.get(name), name) {
            (Some(value), _) => Ok(*value),
            (None, "pi") => Ok(std::f64::consts::PI),
            (None, "e") => Ok(std::f64::consts::E),
            (None, _) => Err(self.name(start, &format!("there is no `{name}` in `values`"))),
        }
    }

    /// Reads what stands in the parentheses of a call, and the closing one.
    fn arguments(&mut self) -> Result<Vec<f64>, ActionError> {
        let mut arguments = Vec::new();
        self.skip_space();
        if self.take(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression(0)?);
            if !self.take(",") {
                self.expect(")")?;
                return Ok(arguments);
            }
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn expect(&mut self, text: &str) -> Result<(), ActionError> {
        if self.take(text) {
            return Ok(());
        }
        Err(self.syntax(&format!("expected `{text}`")))
    }

    fn syntax(&self, message: &str) -> ActionError {
        self.failure(self.rest, "math_syntax", message)
    }

    fn name(&self, place: &str, message: &str) -> ActionError {
        self.failure(place, "math_name", message)
    }

    /// Makes a failure that names the column, counted in characters from 1.
    fn failure(&self, place: &str, kind: &str, message: &str) -> ActionError {
        let before = &self.formula[..self.formula.len() - place.len()];
        let column = before.chars().count() + 1;
        let message = format!("the formula is wrong at {column}: {message}");
        ActionError::invalid_input(message).with_kind(kind)
    }
}
