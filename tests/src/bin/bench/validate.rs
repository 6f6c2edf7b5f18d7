//! Workload I: how long it takes to check a large workflow, and to rehearse all cases of the
//! language. In this process: what is measured is the core, whoever calls it.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use attune_core::rehearse::{read, rehearse};
use attune_core::spec::parse;
use attune_core::spec::yaml::to_value;

use crate::figure::Figures;

/// The most tasks a file may have.
const TASKS: usize = 1_000;
/// Rounds measured; the best counts, since others share the machine.
const ROUNDS: usize = 20;
/// The language's own cases.
const CASES: &str = include_str!("../../../../engine/core/tests/conformance.yaml");

/// Measures in this process.
pub(crate) fn run(figures: &mut Figures) -> Result<()> {
    let source = ladder();
    let began = Instant::now();
    let parsed = parse(&source);
    let first = began.elapsed().as_secs_f64() * 1e3;
    ensure!(parsed.definition.is_some(), "{:?}", parsed.diagnostics);
    // What a command pays, whose process has checked nothing before.
    figures.add("I.1000 tasks, first of a process", first, "ms", "<= 20");
    let best = self::best(|| drop(parse(&source)));
    figures.add("I.1000 tasks, best", best, "ms", "<= 20");
    let reading = self::best(|| drop(to_value(&source)));
    figures.add("floor.yaml, the same text", reading, "ms", "");
    figures.add("I.1000 tasks / floor.yaml", best / reading, "ratio", "");

    let began = Instant::now();
    let cases = read(CASES).map_err(|problem| anyhow!("{}", problem.message))?;
    for case in &cases {
        let verdict = rehearse(case, &|_| None);
        ensure!(verdict.passed(), "case {} fails", case.id);
    }
    let all = began.elapsed().as_secs_f64() * 1e3;
    figures.add("I.all conformance cases", all, "ms", "<= 1000");
    Ok(())
}

fn best(work: impl Fn()) -> f64 {
    let round = |_| {
        let began = Instant::now();
        work();
        began.elapsed().as_secs_f64() * 1e3
    };
    (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min)
}

/// A ladder: each rung has an input with expressions, conditions, a publish and a handler, and no
/// two rungs are alike.
fn ladder() -> String {
    let mut text = String::from(
        "ref: demo.large\nlabel: Large\nversion: 1.0.0\n\
         parameters: {n: {type: integer, default: 1}}\nvars: {x: 0}\ntasks:\n",
    );
    for rung in 0..TASKS - 1 {
        let next = rung + 1;
        let _ = write!(
            text,
            "- name: t{rung}\n  action: demo.work\n  retry: {{count: 2, delay: 1s}}\n  \
             input: {{n: '{{{{ parameters.n + {rung} }}}}', text: 'at {{{{ vars.x }}}} of {{{{ system.now }}}}'}}\n  \
             publish: {{x: '{{{{ result().x + {rung} }}}}'}}\n  next:\n  \
             - {{when: '{{{{ succeeded() and vars.x >= {rung} }}}}', do: [t{next}]}}\n  \
             - {{when: '{{{{ not succeeded() }}}}', do: [fail]}}\n"
        );
    }
    let last = TASKS - 1;
    let _ = writeln!(text, "- {{name: t{last}, action: demo.work}}");
    text
}
