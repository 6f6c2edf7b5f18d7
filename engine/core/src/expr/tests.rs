//! Tables of expressions and what they give, over one small world.

mod accounts;
mod catalogue;
mod fuzz;
mod messages;
mod problems;
mod scopes;
mod secrets;
mod templates;
mod undefined;
mod values;

use std::sync::Arc;

use super::{Completion, Condition, EvalError, Expression, Fields, Iteration, Scope};
use crate::event::{FactKey, Facts};
use crate::value::Value;

/// What the expressions of the tests see.
#[derive(Clone, Debug)]
pub(super) struct World {
    parameters: Value,
    vars: Value,
    tasks: Value,
    facts: Facts,
    iteration: Option<Iteration>,
    completion: Option<Completion>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            parameters: json(r#"{"env": "prod", "n": 3, "both": "parameter"}"#),
            vars: json(
                r#"{"n": 2, "name": "Ada", "xs": [1, 2, 3], "both": "variable", "nothing": null,
                "m": {"a": {"b": 1}, "a-b": 2, "7": "seven", "items": "data"}, "empty": []}"#,
            ),
            tasks: json(
                r#"{"done": {"status": "completed", "result": {"url": {"host": "h"}, "code": 200},
                "items": [{"result": 1}]},
                "later": {"status": null, "result": null, "error": null}}"#,
            ),
            facts: Facts::new(),
            iteration: None,
            completion: None,
        }
    }
}

impl Scope for World {
    fn parameters(&self) -> Value {
        self.parameters.clone()
    }

    fn vars(&self) -> Value {
        self.vars.clone()
    }

    fn task(&self, name: &str, fields: &Fields) -> Option<Value> {
        let task = self.tasks.get(name)?;
        let seen = task
            .as_map()?
            .iter()
            .filter(|(field, _)| fields.wants(field));
        Some(Value::map(seen.map(|(k, v)| (Arc::clone(k), v.clone()))))
    }

    fn task_names(&self) -> Vec<Arc<str>> {
        let tasks = self.tasks.as_map().expect("tasks are a map");
        tasks.keys().cloned().collect()
    }

    fn config(&self) -> Value {
        json(r#"{"url": "https://shop"}"#)
    }

    fn system(&self) -> Value {
        json(
            r#"{"timestamp": 1700000000, "now": "2023-11-14T22:13:20Z", "identity": {"login": "ada"}}"#,
        )
    }

    fn facts(&self) -> Arc<Facts> {
        Arc::new(self.facts.clone())
    }

    fn iteration(&self) -> Option<Iteration> {
        self.iteration.clone()
    }

    fn completion(&self) -> Option<Completion> {
        self.completion.clone()
    }
}

impl World {
    pub(super) fn with_fact(mut self, key: FactKey, value: Value) -> Self {
        self.facts.insert(key, value);
        self
    }
}

pub(super) fn json(text: &str) -> Value {
    Value::from_json(text.as_bytes()).unwrap()
}

pub(super) fn kv(key: &str) -> FactKey {
    FactKey::Kv(Arc::from(key))
}

/// Evaluates and shows what came out: JSON, `!message`, or `?facts`.
pub(super) fn shown(code: &str, scope: &World) -> String {
    let outcome = match Expression::compile(code) {
        Ok(expression) => expression.eval(scope),
        Err(problems) => return format!("!{}", problems[0].what.message),
    };
    show(outcome.map(|value| value.to_public_json()))
}

pub(super) fn show(outcome: Result<String, EvalError>) -> String {
    match outcome {
        Ok(json) => json,
        Err(EvalError::Needs(keys)) => format!("?{keys:?}"),
        Err(EvalError::Failed { message }) => format!("!{message}"),
    }
}

/// Checks what an expression gives in a world.
pub(super) fn check_in(world: &World, code: &str, expected: &str) {
    assert_eq!(shown(code, world), expected, "{code}");
}

/// Checks what an expression gives.
pub(super) fn check(code: &str, expected: &str) {
    check_in(&World::default(), code, expected);
}

/// Checks that an expression fails with a message that holds all of these.
pub(super) fn check_fails(code: &str, parts: &[&str]) {
    let message = shown(code, &World::default());
    assert!(message.starts_with('!'), "{code} gives {message}");
    for part in parts {
        assert!(message.contains(part), "{code}: {message} lacks {part}");
    }
}

/// Checks whether a condition holds.
pub(super) fn check_condition(code: &str, expected: &str) {
    let condition = Condition::compile(code).unwrap();
    let held = condition.eval(&World::default());
    assert_eq!(show(held.map(|held| held.to_string())), expected, "{code}");
}
