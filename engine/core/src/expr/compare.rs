//! Equality, order and membership.
//!
//! Values of different types are unequal, and have no order. Numbers are compared exactly, whole
//! or not; true equals 1 and false 0, as in Python.

use std::cmp::Ordering;

use super::evaluator::Evaluator;
use super::fault::Fault;
use super::node::Comparison;
use super::number::Number;
use super::path::with_article;
use crate::value::Value;

impl Evaluator<'_> {
    /// Tells whether a comparison holds.
    pub(super) fn compares(
        &mut self,
        comparison: Comparison,
        left: &Value,
        right: &Value,
    ) -> Result<bool, Fault> {
        match comparison {
            Comparison::Equal => self.equal(left, right),
            Comparison::NotEqual => Ok(!self.equal(left, right)?),
            Comparison::Less => Ok(self.order(left, right)?.is_lt()),
            Comparison::LessOrEqual => Ok(self.order(left, right)?.is_le()),
            Comparison::Greater => Ok(self.order(left, right)?.is_gt()),
            Comparison::GreaterOrEqual => Ok(self.order(left, right)?.is_ge()),
            Comparison::In => self.contains(right, left),
            Comparison::NotIn => Ok(!self.contains(right, left)?),
        }
    }

    /// Tells whether two values are equal. Objects are, whatever the order of their keys.
    pub(super) fn equal(&mut self, left: &Value, right: &Value) -> Result<bool, Fault> {
        self.charge(1)?;
        let (left, right) = (self.open(left), self.open(right));
        match (left, right) {
            (Value::Null, Value::Null) => Ok(true),
            (Value::Text(a), Value::Text(b)) => {
                self.charge_bytes(a.len().min(b.len()))?;
                Ok(a == b)
            }
            (Value::List(a), Value::List(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                a.iter()
                    .zip(b.iter())
                    .try_fold(true, |same, (a, b)| Ok(same && self.equal(a, b)?))
            }
            (Value::Map(a), Value::Map(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                a.iter().try_fold(true, |same, (key, a)| match b.get(key) {
                    Some(b) if same => self.equal(a, b),
                    _ => Ok(false),
                })
            }
            _ => Ok(match (Number::of(left), Number::of(right)) {
                (Some(a), Some(b)) => order_of_numbers(a, b).is_eq(),
                _ => false,
            }),
        }
    }

    /// Returns the order of two values of one type.
    pub(super) fn order(&mut self, left: &Value, right: &Value) -> Result<Ordering, Fault> {
        self.charge(1)?;
        let (left, right) = (self.open(left), self.open(right));
        match (left, right) {
            (Value::Text(a), Value::Text(b)) => {
                self.charge_bytes(a.len().min(b.len()))?;
                Ok(a.cmp(b))
            }
            (Value::Bool(a), Value::Bool(b)) => Ok(a.cmp(b)),
            (Value::List(a), Value::List(b)) => {
                for (a, b) in a.iter().zip(b.iter()) {
                    let order = self.order(a, b)?;
                    if order.is_ne() {
                        return Ok(order);
                    }
                }
                Ok(a.len().cmp(&b.len()))
            }
            (Value::Bool(_), _) | (_, Value::Bool(_)) => Err(no_order(left, right)),
            _ => match (Number::of(left), Number::of(right)) {
                (Some(a), Some(b)) => Ok(order_of_numbers(a, b)),
                _ => Err(no_order(left, right)),
            },
        }
    }

    /// Tells whether a list holds an item, a text a text, or a map a key.
    pub(super) fn contains(&mut self, whole: &Value, part: &Value) -> Result<bool, Fault> {
        self.charge(1)?;
        let (whole, part) = (self.open(whole), self.open(part));
        match (whole, part) {
            (Value::List(items), _) => {
                for item in items.iter() {
                    if self.equal(item, part)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Value::Text(text), Value::Text(part)) => {
                self.charge_bytes(text.len())?;
                Ok(text.contains(&**part))
            }
            (Value::Map(map), _) => {
                let key = self.key_text(part)?;
                Ok(map.contains_key(&key))
            }
            (whole, part) => Err(Fault::failed(format!(
                "`in` does not look for {} in {}",
                with_article(part.type_name()),
                with_article(whole.type_name())
            ))),
        }
    }

    /// Appends what is the same for equal values and different for others: a key for hashing.
    pub(super) fn identity(&mut self, out: &mut String, value: &Value) -> Result<(), Fault> {
        match self.open(value) {
            Value::Text(text) => {
                self.charge_bytes(text.len())?;
                push_sized(out, "\"", text);
            }
            Value::List(items) => {
                out.push('[');
                for item in items.iter() {
                    self.identity(out, item)?;
                }
                out.push(']');
            }
            Value::Map(map) => {
                let mut names: Vec<_> = map.keys().collect();
                names.sort_unstable();
                out.push('{');
                for name in names {
                    push_sized(out, "", name);
                    self.identity(out, &map[name])?;
                }
                out.push('}');
            }
            scalar @ (Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::BigInt(_)
            | Value::Float(_)
            | Value::Secret(_)) => match Number::of(scalar) {
                Some(number) => out.push_str(&name_of_number(number)),
                None => out.push('~'),
            },
        }
        self.charge(1)
    }
}

/// With the length before it, no text can look like two.
fn push_sized(out: &mut String, mark: &str, text: &str) {
    out.extend([mark, &text.len().to_string(), ":", text]);
}

/// Equal numbers have one name: floats that are whole and in range are named as whole numbers.
fn name_of_number(number: Number) -> String {
    match number {
        Number::Whole(value, _) => format!("#{value}"),
        Number::Float(value) if value.fract() == 0.0 && value.abs() < 1e30 => {
            format!("#{}", value as i128)
        }
        Number::Float(value) => format!("#{value:e}"),
    }
}

fn order_of_numbers(left: Number, right: Number) -> Ordering {
    match (left, right) {
        (Number::Whole(a, _), Number::Whole(b, _)) => a.cmp(&b),
        (Number::Float(a), Number::Float(b)) => order_of_floats(a, b),
        (Number::Float(a), Number::Whole(b, _)) => order_of_mixed(a, b),
        (Number::Whole(a, _), Number::Float(b)) => order_of_mixed(b, a).reverse(),
    }
}

/// Values hold finite numbers only, so that all have an order.
fn order_of_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

/// Exact where a conversion to a float would round. Whole numbers here have 64 bits.
fn order_of_mixed(float: f64, whole: i128) -> Ordering {
    if float.abs() >= 1e30 {
        return order_of_floats(float, 0.0);
    }
    let floor = float.floor();
    let order = (floor as i128).cmp(&whole);
    if order.is_eq() && float > floor {
        Ordering::Greater
    } else {
        order
    }
}

fn no_order(left: &Value, right: &Value) -> Fault {
    let (left, right) = (left.type_name(), right.type_name());
    Fault::failed(if left == right {
        format!("{} has no order", with_article(left))
    } else {
        format!(
            "{} and {} have no order",
            with_article(left),
            with_article(right)
        )
    })
}
