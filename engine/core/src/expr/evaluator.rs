//! Walks the tree of an expression.
//!
//! Keeps three accounts for one evaluation: the steps it took, whether it has read a secret, and
//! which facts it lacked.

use minijinja::State;

use super::MAX_STEPS;
use super::fault::Fault;
use super::node::{Chain, Comparison, Default, Kind, Node, Operator, Slice};
use super::scope::{EvalError, Scope};
use crate::event::FactKey;
use crate::value::{MAX_JSON_DEPTH, Map, Value};

/// Bytes that cost a step when they are copied or compared.
const BYTES_PER_STEP: usize = 64;

/// One evaluation.
pub(super) struct Evaluator<'a> {
    pub(super) scope: &'a dyn Scope,
    steps: u64,
    tainted: bool,
    missing: Vec<FactKey>,
    /// Whether nobody will read why something is missing.
    quiet: bool,
    /// What minijinja's own filters run in, made when the first is called.
    pub(super) builtins: Option<Box<State<'static, 'static>>>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(scope: &'a dyn Scope) -> Self {
        Self {
            scope,
            steps: 0,
            tainted: false,
            missing: Vec::new(),
            quiet: false,
            builtins: None,
        }
    }

    /// Counts steps.
    pub(super) fn charge(&mut self, steps: usize) -> Result<(), Fault> {
        self.steps = self.steps.saturating_add(steps as u64);
        if self.steps > MAX_STEPS {
            return Err(Fault::failed(format!(
                "the expression takes more than {MAX_STEPS} steps"
            )));
        }
        Ok(())
    }

    /// Counts the steps of handling that many bytes.
    pub(super) fn charge_bytes(&mut self, bytes: usize) -> Result<(), Fault> {
        self.charge(bytes / BYTES_PER_STEP)
    }

    /// Marks the result as secret.
    pub(super) fn taint(&mut self) {
        self.tainted = true;
    }

    /// Reads a value: a secret's content if it is one, which taints.
    pub(super) fn open<'v>(&mut self, value: &'v Value) -> &'v Value {
        if let Value::Secret(inner) = value {
            self.tainted = true;
            inner
        } else {
            value
        }
    }

    /// [`open`](Self::open) for a value at hand.
    pub(super) fn opened(&mut self, value: Value) -> Value {
        if let Value::Secret(inner) = value {
            self.tainted = true;
            (*inner).clone()
        } else {
            value
        }
    }

    /// Remembers that a fact is missing.
    pub(super) fn needs(&mut self, key: FactKey) -> Fault {
        self.missing.push(key);
        Fault::Needs
    }

    /// Makes the outcome what the caller sees. `facts` are those that the expression is known to
    /// ask for, so that they are all fetched at once.
    pub(super) fn finish(
        self,
        outcome: Result<Value, Fault>,
        text: &str,
        facts: &[FactKey],
    ) -> Result<Value, EvalError> {
        match outcome {
            Ok(value) if self.tainted => Ok(value.secret()),
            Ok(value) => Ok(value),
            Err(Fault::Needs) => {
                let known = self.scope.facts();
                let others = facts.iter().filter(|key| !known.contains_key(key));
                let mut keys: Vec<FactKey> =
                    self.missing.into_iter().chain(others.cloned()).collect();
                keys.sort();
                keys.dedup();
                Err(EvalError::Needs(keys))
            }
            Err(fault) => Err(fault.into_error(text, self.tainted)),
        }
    }

    /// Makes the fault of something missing. Why is found out only if somebody will read it: it
    /// takes a look at all that is there.
    pub(super) fn undefined(&self, why: impl FnOnce() -> Fault) -> Fault {
        if self.quiet {
            Fault::undefined("")
        } else {
            why()
        }
    }

    /// Evaluates what must have a value.
    pub(super) fn eval(&mut self, node: &Node) -> Result<Value, Fault> {
        let quiet = std::mem::replace(&mut self.quiet, false);
        let outcome = self.lookup(node).map_err(Fault::strict);
        self.quiet = quiet;
        outcome
    }

    /// Evaluates what may be missing: only then the fault is `Undefined`.
    pub(super) fn lookup(&mut self, node: &Node) -> Result<Value, Fault> {
        self.charge(1)?;
        self.dispatch(node).map_err(|fault| fault.at(node.at))
    }

    fn dispatch(&mut self, node: &Node) -> Result<Value, Fault> {
        match &node.kind {
            Kind::Const(value) => Ok(value.clone()),
            Kind::Path(path) => self.path(path),
            Kind::Member(member) => {
                let base = self.lookup(&member.base)?;
                self.walk(&base, &member.steps, &|| member.label.to_string())
            }
            Kind::Call { builtin, arguments } => self.call(builtin, arguments),
            Kind::Default(default) => self.default_to(default),
            Kind::Defined { subject, wanted } => {
                Ok(Value::Bool(self.attempt(subject)?.is_some() == *wanted))
            }
            Kind::If(parts) => {
                let [test, then, otherwise] = &**parts;
                let holds = self.eval(test).map(|value| truth(&value))?;
                self.eval(if holds { then } else { otherwise })
            }
            Kind::All(nodes) => self.any_or_all(nodes, false),
            Kind::Any(nodes) => self.any_or_all(nodes, true),
            Kind::Not(inner) => Ok(Value::Bool(!truth(&self.eval(inner)?))),
            Kind::Negate(inner) => {
                let value = self.eval(inner)?;
                Self::negate(&value)
            }
            Kind::Arithmetic(chain) => self.arithmetic(chain),
            Kind::Compare(chain) => self.compare(chain),
            Kind::Concat(nodes) => self.concat(nodes),
            Kind::List(nodes) => self.list(nodes),
            Kind::Map(entries) => self.map(entries),
            Kind::Slice(slice) => self.slice_of(slice),
        }
    }

    /// Evaluates a variable, `None` if it is missing.
    fn attempt(&mut self, node: &Node) -> Result<Option<Value>, Fault> {
        let absent_if_null =
            matches!(&node.kind, Kind::Call { builtin, .. } if builtin.null_is_absent);
        let quiet = std::mem::replace(&mut self.quiet, true);
        let outcome = self.lookup(node);
        self.quiet = quiet;
        match outcome {
            Ok(value) if absent_if_null && value.is_null() => Ok(None),
            Ok(value) => Ok(Some(value)),
            Err(Fault::Undefined(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    fn default_to(&mut self, default: &Default) -> Result<Value, Fault> {
        let value = self.attempt(&default.subject)?;
        let lax = match &default.lax {
            Some(node) => truth(&self.eval(node)?),
            None => false,
        };
        match (value, &default.alternative) {
            (Some(value), _) if !lax || truth(&value) => Ok(value),
            (_, Some(alternative)) => self.eval(alternative),
            (_, None) => Ok(Value::text("")),
        }
    }

    fn any_or_all(&mut self, nodes: &[Node], until: bool) -> Result<Value, Fault> {
        let mut value = Value::Null;
        for node in nodes {
            value = self.eval(node)?;
            if truth(&value) == until {
                break;
            }
        }
        Ok(value)
    }

    fn arithmetic(&mut self, chain: &Chain<Operator>) -> Result<Value, Fault> {
        let mut left = self.eval(&chain.first)?;
        for (operator, node) in &chain.rest {
            let right = self.eval(node)?;
            left = self
                .calculate(*operator, &left, &right)
                .map_err(|fault| fault.at(node.at))?;
        }
        Ok(left)
    }

    fn compare(&mut self, chain: &Chain<Comparison>) -> Result<Value, Fault> {
        let mut left = self.eval(&chain.first)?;
        for (comparison, node) in &chain.rest {
            let right = self.eval(node)?;
            let holds = self
                .compares(*comparison, &left, &right)
                .map_err(|fault| fault.at(node.at))?;
            if !holds {
                return Ok(Value::Bool(false));
            }
            left = right;
        }
        Ok(Value::Bool(true))
    }

    fn concat(&mut self, nodes: &[Node]) -> Result<Value, Fault> {
        let mut out = String::new();
        for node in nodes {
            let value = self.eval(node)?;
            self.push_text(&mut out, &value)?;
        }
        Ok(Value::from(out))
    }

    fn list(&mut self, nodes: &[Node]) -> Result<Value, Fault> {
        nodes
            .iter()
            .map(|node| self.eval(node))
            .collect::<Result<_, _>>()
            .map(Value::list)
    }

    fn map(&mut self, entries: &[(Node, Node)]) -> Result<Value, Fault> {
        let mut map = Map::new();
        for (key, value) in entries {
            let key_value = self.eval(key)?;
            let key = self
                .key_text(&key_value)
                .map_err(|fault| fault.at(key.at))?;
            map.insert(key, self.eval(value)?);
        }
        Ok(Value::Map(map.into()))
    }

    fn slice_of(&mut self, slice: &Slice) -> Result<Value, Fault> {
        let base = self.eval(&slice.base)?;
        let mut bound = |node: &Option<Node>| match node {
            Some(node) => self.eval(node),
            None => Ok(Value::Null),
        };
        let bounds = [
            bound(&slice.start)?,
            bound(&slice.stop)?,
            bound(&slice.step)?,
        ];
        self.slice(&base, &bounds)
    }
}

/// Python's truth.
pub(super) fn truth(value: &Value) -> bool {
    match value.exposed() {
        Value::Null | Value::Secret(_) => false,
        Value::Bool(value) => *value,
        Value::Int(value) => *value != 0,
        Value::BigInt(value) => *value != 0,
        Value::Float(value) => *value != 0.0,
        Value::Text(text) => !text.is_empty(),
        Value::List(items) => !items.is_empty(),
        Value::Map(map) => !map.is_empty(),
    }
}

/// Refuses values that are nested deeper than JSON may be.
pub(super) fn check_depth(value: &Value) -> Result<(), Fault> {
    if within(value, MAX_JSON_DEPTH) {
        Ok(())
    } else {
        Err(Fault::failed(format!(
            "the value is nested more than {MAX_JSON_DEPTH} levels deep"
        )))
    }
}

/// Tells whether a value is at most that deep, without going deeper.
fn within(value: &Value, levels: usize) -> bool {
    match value.exposed() {
        Value::List(items) => levels > 0 && items.iter().all(|item| within(item, levels - 1)),
        Value::Map(map) => levels > 0 && map.values().all(|item| within(item, levels - 1)),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::BigInt(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Secret(_) => true,
    }
}
