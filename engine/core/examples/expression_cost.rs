//! What evaluating expressions costs: nanoseconds for each kind, the best of several rounds.
//!
//! `cargo run --release -p attune-core --example expression_cost`
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock and prints"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use attune_core::Value;
use attune_core::event::Facts;
use attune_core::expr::{Completion, Expression, Fields, Iteration, Scope, Template};

const ROUNDS: u32 = 20;
const TIMES: u32 = 10_000;

struct World {
    vars: Value,
    item: Value,
}

impl Scope for World {
    fn parameters(&self) -> Value {
        self.vars.clone()
    }

    fn vars(&self) -> Value {
        self.vars.clone()
    }

    fn task(&self, _: &str, fields: &Fields) -> Option<Value> {
        let known = self.vars.as_map()?.iter();
        let named = known.filter(|(name, _)| fields.wants(name));
        Some(Value::map(named.map(|(k, v)| (Arc::clone(k), v.clone()))))
    }

    fn task_field(&self, _: &str, field: &Arc<str>) -> Option<Option<Value>> {
        Some(self.vars.get(field).cloned())
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
        Some(Iteration {
            item: self.item.clone(),
            index: 7,
            batch: None,
        })
    }

    fn completion(&self) -> Option<Completion> {
        None
    }
}

fn json(text: &str) -> Value {
    Value::from_json(text.as_bytes()).expect("the examples are JSON")
}

/// The least time of one call.
fn measure(mut call: impl FnMut()) -> Duration {
    let round = |_| {
        let start = Instant::now();
        (0..TIMES).for_each(|_| call());
        start.elapsed() / TIMES
    };
    (0..ROUNDS).map(round).min().unwrap_or_default()
}

fn main() {
    let world = World {
        vars: json(r#"{"n": 3, "name": "Ada", "a": {"b": {"c": [1, 2, 3]}}, "big": [1, 2, 3, 4]}"#),
        item: json(r#"{"id": 17, "name": "widget", "tags": ["a", "b"]}"#),
    };
    for code in [
        "item",
        "index",
        "item.id",
        "name",
        "vars.a.b.c[1]",
        "task.x.a.b.c",
        "vars.n + 1",
        "vars.n > 2 and item.id != 0",
        "item.name ~ '-' ~ index",
        "item.name | upper",
        "vars.big | map('string') | join(',')",
        "vars.nope | default('x')",
        "{'id': item.id, 'tags': item.tags}",
    ] {
        let expression = Expression::compile(code).expect("the examples are expressions");
        let cost = measure(|| drop(black_box(expression.eval(&world))));
        println!("{code:40} {cost:?}");
    }
    let input = json(
        r#"{"id": "{{ item.id }}", "url": "https://shop/{{ item.name }}/{{ index }}",
        "tags": "{{ item.tags }}", "n": "{{ vars.n }}", "fixed": {"a": [1, 2]}}"#,
    );
    let template = Template::compile(&input).expect("the example is a template");
    let cost = measure(|| drop(black_box(template.render(&world))));
    println!("{:40} {cost:?}", "an input of five fields");
    let cost = measure(|| drop(black_box(Template::compile(&input))));
    println!("{:40} {cost:?}", "compiling it");
}
