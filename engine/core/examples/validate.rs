//! Measures how long it takes to check a workflow of 1 000 tasks and all rehearsal cases.
//!
//! `cargo run --release -p attune-core --example validate`

#![expect(clippy::print_stdout, reason = "an example tells what it measured")]

use std::fmt::Write as _;
use std::time::Duration;

use attune_core::spec::{Options, parse, parse_value, yaml};

const TASKS: usize = 1_000;
const ROUNDS: u32 = 20;

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

fn main() {
    let source = workflow();
    let parsed = parse(&source);
    assert!(
        parsed.definition.is_some(),
        "{:?}",
        parsed.diagnostics.first()
    );
    let best = best(|| {
        parse(&source);
    });
    println!("{TASKS} tasks, {} KB: {best:?}", source.len() / 1024);
    let cases = yaml::to_value(include_str!("../tests/conformance.yaml")).expect("valid YAML");
    let all = self::best(|| {
        for case in cases.as_list().unwrap_or_default() {
            if let Some(workflow) = case.get("workflow") {
                parse_value(workflow, &Options::inline());
            }
        }
    });
    println!("all rehearsal cases: {all:?}");
}

fn best(work: impl Fn()) -> Duration {
    (0..ROUNDS)
        .map(|_| {
            let start = now();
            work();
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

/// A ladder: each rung has a task with conditions, templates and a handler, and a join now and then.
fn workflow() -> String {
    let mut text = String::from(
        "ref: demo.large\nlabel: Large\nversion: 1.0.0\nparameters: {n: {type: integer, default: 1}}\n\
         vars: {x: 0}\ntasks:\n",
    );
    for index in 0..TASKS - 1 {
        let next = index + 1;
        let _ = write!(
            text,
            "- name: t{index}\n  action: demo.work\n  retry: {{count: 2, delay: 1s}}\n  \
             input: {{n: '{{{{ parameters.n + {index} }}}}', text: 'at {{{{ vars.x }}}} of {{{{ system.now }}}}'}}\n  \
             publish: {{x: '{{{{ result().x }}}}'}}\n  next:\n  \
             - {{when: '{{{{ succeeded() and vars.x >= 0 }}}}', do: [t{next}]}}\n  \
             - {{when: '{{{{ not succeeded() }}}}', do: [fail]}}\n"
        );
    }
    let last = TASKS - 1;
    let _ = writeln!(text, "- {{name: t{last}, action: demo.work}}");
    text
}
