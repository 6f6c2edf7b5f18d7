//! Arithmetic: whole numbers of 64 bits, floats that are finite, and `+` and `*` of texts and lists.

use std::sync::Arc;

use super::evaluator::Evaluator;
use super::fault::Fault;
use super::node::Operator;
use super::path::with_article;
use super::text::check_length;
use crate::value::Value;

/// A number of either kind.
#[derive(Clone, Copy)]
pub(super) enum Number {
    /// A whole number, and whether one of those it was made of exceeds 63 bits: only then its
    /// result may.
    Whole(i128, bool),
    Float(f64),
}

impl Number {
    /// Returns a value as a number; true is 1 and false is 0, as in Python.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value.exposed() {
            Value::Bool(value) => Some(Self::Whole((*value).into(), false)),
            Value::Int(value) => Some(Self::Whole((*value).into(), false)),
            Value::BigInt(value) => Some(Self::Whole((*value).into(), true)),
            Value::Float(value) => Some(Self::Float(*value)),
            Value::Null | Value::Text(_) | Value::List(_) | Value::Map(_) | Value::Secret(_) => {
                None
            }
        }
    }

    pub(super) fn as_f64(self) -> f64 {
        match self {
            Self::Whole(value, _) => value as f64,
            Self::Float(value) => value,
        }
    }
}

impl Evaluator<'_> {
    /// Applies an operator.
    pub(super) fn calculate(
        &mut self,
        operator: Operator,
        left: &Value,
        right: &Value,
    ) -> Result<Value, Fault> {
        match (operator, left, right) {
            (Operator::Add, Value::Text(a), Value::Text(b)) => self.join_texts(a, b),
            (Operator::Add, Value::List(a), Value::List(b)) => {
                self.charge(a.len() + b.len())?;
                Ok(Value::list(a.iter().chain(b.iter()).cloned().collect()))
            }
            (Operator::Multiply, Value::Text(_) | Value::List(_), Value::Int(count)) => {
                self.repeat(left, *count)
            }
            (Operator::Multiply, Value::Int(count), Value::Text(_) | Value::List(_)) => {
                self.repeat(right, *count)
            }
            _ => match (Number::of(left), Number::of(right)) {
                (Some(a), Some(b)) => numbers(operator, a, b),
                _ => Err(unsuitable(operator, left, right)),
            },
        }
    }

    /// Changes the sign.
    pub(super) fn negate(value: &Value) -> Result<Value, Fault> {
        match Number::of(value) {
            Some(Number::Whole(value, _)) => whole(-value, false),
            Some(Number::Float(value)) => float(-value),
            None => Err(Fault::failed(format!(
                "`-` needs a number, not {}",
                with_article(value.type_name())
            ))),
        }
    }

    fn join_texts(&mut self, a: &Arc<str>, b: &Arc<str>) -> Result<Value, Fault> {
        check_length(a.len() + b.len())?;
        self.charge_bytes(a.len() + b.len())?;
        Ok(Value::from([&**a, &**b].concat()))
    }

    fn repeat(&mut self, value: &Value, count: i64) -> Result<Value, Fault> {
        let count = usize::try_from(count).unwrap_or(0);
        if let Value::Text(text) = value {
            let length = text.len().saturating_mul(count);
            check_length(length)?;
            self.charge_bytes(length)?;
            return Ok(Value::from(text.repeat(count)));
        }
        let items = value.as_list().unwrap_or_default();
        self.charge(items.len().saturating_mul(count))?;
        let repeated = std::iter::repeat_n(items, count).flatten();
        Ok(Value::list(repeated.cloned().collect()))
    }
}

fn numbers(operator: Operator, left: Number, right: Number) -> Result<Value, Fault> {
    match (left, right) {
        (Number::Whole(a, wide_a), Number::Whole(b, wide_b)) => {
            wholes(operator, (a, b), wide_a || wide_b)
        }
        (a, b) => floats(operator, a.as_f64(), b.as_f64()),
    }
}

fn wholes(operator: Operator, (a, b): (i128, i128), wide: bool) -> Result<Value, Fault> {
    let result = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide => return floats(operator, a as f64, b as f64),
        Operator::Power if b < 0 => return floats(operator, a as f64, b as f64),
        Operator::Power => power(a, b),
        Operator::FloorDivide | Operator::Remainder if b == 0 => return Err(by_zero(operator)),
        // Like Python: the remainder has the sign of the divisor.
        Operator::FloorDivide => {
            let exact = a % b == 0 || (a < 0) == (b < 0);
            Some(a / b - i128::from(!exact))
        }
        Operator::Remainder => Some(((a % b) + b) % b),
    };
    result.map_or_else(|| Err(overflow()), |value| whole(value, wide))
}

/// Bases of 0 and 1 have any power; others leave the range long before the exponent's does.
fn power(base: i128, exponent: i128) -> Option<i128> {
    match base {
        0 | 1 => Some(if exponent == 0 { 1 } else { base }),
        -1 => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        _ => base.checked_pow(u32::try_from(exponent).ok()?),
    }
}

fn floats(operator: Operator, a: f64, b: f64) -> Result<Value, Fault> {
    let divides = matches!(
        operator,
        Operator::Divide | Operator::FloorDivide | Operator::Remainder
    );
    if divides && b == 0.0 {
        return Err(by_zero(operator));
    }
    float(match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        Operator::FloorDivide => ((a - remainder(a, b)) / b).round(),
        Operator::Remainder => remainder(a, b),
        Operator::Power => a.powf(b),
    })
}

/// Like Python: the remainder has the sign of the divisor.
fn remainder(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if rest != 0.0 && (rest < 0.0) != (b < 0.0) {
        rest + b
    } else {
        rest
    }
}

/// Makes a whole number, if it is in range.
pub(super) fn whole(value: i128, wide: bool) -> Result<Value, Fault> {
    match (i64::try_from(value), u64::try_from(value)) {
        (Ok(value), _) => Ok(Value::Int(value)),
        (Err(_), Ok(value)) if wide => Ok(Value::BigInt(value)),
        _ => Err(overflow()),
    }
}

/// Makes a float, if it is finite.
pub(super) fn float(value: f64) -> Result<Value, Fault> {
    if value.is_finite() {
        Ok(Value::Float(value))
    } else {
        Err(Fault::failed("the result is not a finite number"))
    }
}

fn overflow() -> Fault {
    Fault::failed("the result does not fit a whole number of 64 bits")
}

fn by_zero(operator: Operator) -> Fault {
    Fault::failed(format!("`{}` by zero", operator.symbol()))
}

fn unsuitable(operator: Operator, left: &Value, right: &Value) -> Fault {
    let fault = Fault::failed(format!(
        "`{}` does not take {} and {}",
        operator.symbol(),
        with_article(left.type_name()),
        with_article(right.type_name())
    ));
    match (operator, left, right) {
        (Operator::Add, Value::Text(_), _) | (Operator::Add, _, Value::Text(_)) => {
            fault.with_detail("write `~` to join texts")
        }
        (Operator::Add, Value::Map(_), Value::Map(_)) => {
            fault.with_detail("write `merge(a, b)` to join objects")
        }
        _ => fault,
    }
}
