//! Calls of functions, filters and tests, and how they take their arguments.

use std::sync::Arc;

use super::builtin::Builtin;
use super::evaluator::{Evaluator, truth};
use super::fault::Fault;
use super::node::{Argument, Node};
use super::path::with_article;
use crate::value::{Map, Value};

/// A call with its arguments evaluated.
pub(super) struct Call<'c, 'a> {
    /// The evaluation it is part of.
    pub(super) evaluator: &'c mut Evaluator<'a>,
    /// What is called.
    pub(super) builtin: &'static Builtin,
    positional: std::vec::IntoIter<Value>,
    named: Map,
}

impl<'a> Evaluator<'a> {
    /// Evaluates a call.
    pub(super) fn call(
        &mut self,
        builtin: &'static Builtin,
        arguments: &[Argument],
    ) -> Result<Value, Fault> {
        let mut positional = Vec::with_capacity(arguments.len());
        let mut named = Map::new();
        for argument in arguments {
            match argument {
                Argument::Positional(node) => positional.push(self.eval(node)?),
                Argument::Named(name, node) => {
                    named.insert(Arc::clone(name), self.eval(node)?);
                }
                Argument::Spread(node) => positional.extend(self.spread(node)?),
                Argument::SpreadNamed(node) => named.extend(self.spread_named(node)?),
            }
        }
        self.apply(builtin, positional, named)
    }

    /// Applies a function, filter or test to values.
    pub(super) fn apply(
        &mut self,
        builtin: &'static Builtin,
        positional: Vec<Value>,
        named: Map,
    ) -> Result<Value, Fault> {
        self.charge(1 + positional.len() + named.len())?;
        let mut call = Call {
            evaluator: self,
            builtin,
            positional: positional.into_iter(),
            named,
        };
        let value = (builtin.run)(&mut call)?;
        call.end()?;
        Ok(self.opened(value))
    }

    fn spread(&mut self, node: &Node) -> Result<Vec<Value>, Fault> {
        let value = self.eval(node)?;
        let items = value.as_list().ok_or_else(|| {
            Fault::failed(format!(
                "`*` needs an array, not {}",
                with_article(value.type_name())
            ))
        })?;
        self.charge(items.len())?;
        Ok(items.to_vec())
    }

    fn spread_named(&mut self, node: &Node) -> Result<Map, Fault> {
        let value = self.eval(node)?;
        let map = value.as_map().ok_or_else(|| {
            Fault::failed(format!(
                "`**` needs an object, not {}",
                with_article(value.type_name())
            ))
        })?;
        self.charge(map.len())?;
        Ok(map.clone())
    }
}

impl Call<'_, '_> {
    /// Takes the next argument, or the one of that name.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        let value = self
            .positional
            .next()
            .or_else(|| self.named.shift_remove(name))?;
        Some(self.evaluator.opened(value))
    }

    /// Takes the argument of that name, which cannot be given by place.
    pub(super) fn take_named(&mut self, name: &str) -> Option<Value> {
        let value = self.named.shift_remove(name)?;
        Some(self.evaluator.opened(value))
    }

    /// Takes an argument that must be there.
    pub(super) fn need(&mut self, name: &str) -> Result<Value, Fault> {
        self.take(name)
            .ok_or_else(|| self.fault(&format!("needs `{name}`")))
    }

    /// Takes all other arguments that are given by place.
    pub(super) fn rest(&mut self) -> Vec<Value> {
        self.positional.by_ref().collect()
    }

    /// Takes all other arguments that are given by name.
    pub(super) fn rest_named(&mut self) -> Map {
        std::mem::take(&mut self.named)
    }

    /// Takes a text that must be there.
    pub(super) fn need_text(&mut self, name: &str) -> Result<Arc<str>, Fault> {
        let value = self.need(name)?;
        self.as_text(name, &value)
    }

    /// Takes a text.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<Arc<str>>, Fault> {
        self.take(name)
            .filter(|value| !value.is_null())
            .map(|value| self.as_text(name, &value))
            .transpose()
    }

    /// Takes a whole number.
    pub(super) fn whole(&mut self, name: &str) -> Result<Option<i64>, Fault> {
        self.take(name)
            .filter(|value| !value.is_null())
            .map(|value| {
                value
                    .as_i64()
                    .ok_or_else(|| self.wrong(name, "a whole number", &value))
            })
            .transpose()
    }

    /// Takes a number of things.
    pub(super) fn count(&mut self, name: &str) -> Result<Option<usize>, Fault> {
        self.whole(name)?
            .map(|count| {
                usize::try_from(count)
                    .map_err(|_| self.fault(&format!("needs `{name}` of at least 0")))
            })
            .transpose()
    }

    /// Takes a flag, which is false if it is not given.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        self.take_named(name).is_some_and(|value| truth(&value))
    }

    /// Takes a list that must be there.
    pub(super) fn need_list(&mut self, name: &str) -> Result<Arc<Vec<Value>>, Fault> {
        let value = self.need(name)?;
        self.as_list(name, &value)
    }

    /// Takes a map that must be there.
    pub(super) fn need_map(&mut self, name: &str) -> Result<Arc<Map>, Fault> {
        let value = self.need(name)?;
        self.as_map(name, &value)
    }

    /// Takes what can be gone through: a list, or a map for its keys.
    pub(super) fn need_items(&mut self, name: &str) -> Result<Arc<Vec<Value>>, Fault> {
        let value = self.need(name)?;
        if let Value::Map(map) = &value {
            self.evaluator.charge(map.len())?;
            let keys = map.keys().map(|key| Value::Text(Arc::clone(key)));
            return Ok(Arc::new(keys.collect()));
        }
        self.as_list(name, &value)
    }

    /// Returns a value that must be text.
    pub(super) fn as_text(&mut self, name: &str, value: &Value) -> Result<Arc<str>, Fault> {
        if let Value::Text(text) = self.evaluator.open(value) {
            Ok(Arc::clone(text))
        } else {
            Err(self.wrong(name, "text", value))
        }
    }

    /// Returns a value that must be a list; going through it costs steps.
    pub(super) fn as_list(&mut self, name: &str, value: &Value) -> Result<Arc<Vec<Value>>, Fault> {
        if let Value::List(items) = self.evaluator.open(value) {
            self.evaluator.charge(items.len())?;
            Ok(Arc::clone(items))
        } else {
            Err(self.wrong(name, "an array", value))
        }
    }

    /// Returns a value that must be a map; going through it costs steps.
    pub(super) fn as_map(&mut self, name: &str, value: &Value) -> Result<Arc<Map>, Fault> {
        if let Value::Map(map) = self.evaluator.open(value) {
            self.evaluator.charge(map.len())?;
            Ok(Arc::clone(map))
        } else {
            Err(self.wrong(name, "an object", value))
        }
    }

    /// Makes the fault of an argument of the wrong type.
    pub(super) fn wrong(&self, name: &str, wanted: &str, found: &Value) -> Fault {
        let found = with_article(found.type_name());
        self.fault(&format!("needs `{name}` to be {wanted}, not {found}"))
    }

    /// Makes a fault of this call; `what` must not hold anything that comes from a value.
    pub(super) fn fault(&self, what: &str) -> Fault {
        Fault::failed(format!("`{}` {what}", self.builtin.name()))
    }

    /// Refuses arguments that nobody took.
    fn end(mut self) -> Result<(), Fault> {
        if let Some(name) = self.named.keys().next() {
            let fault = self.fault("has an argument it does not know");
            return Err(fault.with_detail(format!("there is no `{name}`")));
        }
        if self.positional.next().is_some() {
            return Err(self.fault("has too many arguments"));
        }
        Ok(())
    }
}
