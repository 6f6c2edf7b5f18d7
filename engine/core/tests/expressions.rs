//! The deepest expressions that are accepted, on a stack smaller than any thread's of the engine.

use std::sync::Arc;

use attune_core::Value;
use attune_core::event::Facts;
use attune_core::expr::{Completion, Expression, Fields, Iteration, Scope};

struct Nothing;

impl Scope for Nothing {
    fn parameters(&self) -> Value {
        Value::Null
    }

    fn vars(&self) -> Value {
        Value::Null
    }

    fn task(&self, _: &str, _: &Fields) -> Option<Value> {
        None
    }

    fn config(&self) -> Value {
        Value::Null
    }

    fn system(&self) -> Value {
        Value::Null
    }

    fn facts(&self) -> Arc<Facts> {
        Arc::default()
    }

    fn iteration(&self) -> Option<Iteration> {
        None
    }

    fn completion(&self) -> Option<Completion> {
        None
    }
}

#[test]
fn deep_expressions_fit_a_small_stack() {
    let deep = |open: &str, close: &str, n| open.repeat(n) + "1" + &close.repeat(n);
    let codes = [
        deep("(", ")", 32),
        deep("[", "]", 32),
        deep("{'a': ", "}", 32),
        deep("not ", "", 32),
        deep("(0 or (not (1 + (2 ~ ", "))))", 7),
        deep("1 if 0 else ", "", 64),
        deep("[1] | map('default', ", ")", 32),
        deep("1", "|abs", 95),
        deep("1 ? ", " : 2", 120),
        deep("1", "+1", 990),
        deep("vars", ".a", 990),
    ];
    let run = move || {
        for code in &codes {
            if let Ok(expression) = Expression::compile(code) {
                drop(expression.eval(&Nothing));
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(1024 * 1024);
    thread.spawn(run).unwrap().join().unwrap();
}
