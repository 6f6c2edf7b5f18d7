//! Random graphs with all that the language has for going on: a model written from the text of
//! the language alone agrees with the machine on what runs, in which order, and how it ends.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

#[path = "whole/fired.rs"]
mod fired;
#[path = "whole/graph.rs"]
mod graph;
#[path = "whole/model.rs"]
mod model;
#[path = "whole/work.rs"]
mod work;

use std::collections::{BTreeMap, BTreeSet};

use attune_core::rehearse::{Case, rehearse};
use proptest::prelude::*;
use serde_json::json;

use graph::Graph;

fn case(graph: &Graph, tasks: &BTreeMap<String, &str>) -> Case {
    let case = json!({
        "id": "random",
        "workflow": graph::workflow(graph),
        "mocks": graph::mocks(graph),
        "expect": {"tasks": tasks},
    });
    serde_json::from_value(case).unwrap()
}

/// Errors of blocks are told as `parallel`: whether by command depends on which came first.
fn word(kind: &str) -> &str {
    match kind {
        "parallel_failed" => "parallel",
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_model_agrees_on_order_end_and_errors(graph in graph::graph()) {
        let expected = model::run(&graph);
        let case = case(&graph, &expected.statuses);
        let verdict = std::panic::catch_unwind(|| rehearse(&case, &|_| None));
        prop_assert!(verdict.is_ok(), "a panic: {} {}", case.workflow, json!(graph::mocks(&graph)));
        let verdict = verdict.unwrap();
        let refused = verdict.diagnostics.iter().find(|problem| problem.is_error());
        prop_assert!(refused.is_none(), "{refused:?} {}", case.workflow);
        let happened = verdict.happened.unwrap();
        let sequence: Vec<String> = happened.sequence.iter().map(ToString::to_string).collect();
        prop_assert_eq!(&sequence, &expected.sequence, "{}", &case.workflow);
        let status = if expected.failed { "failed" } else { "completed" };
        prop_assert_eq!(happened.status.as_str(), status, "{}", &case.workflow);
        prop_assert!(verdict.differences.is_empty(), "{:?} {:?} {} {}", verdict.differences, sequence, case.workflow, json!(graph::mocks(&graph)));
        let actual: BTreeSet<&str> = happened.errors.iter().map(|kind| word(kind)).collect();
        let by_block = |kinds: &BTreeSet<&str>| kinds.contains("parallel") || kinds.contains("failed_by_command");
        let rest = |kinds: &BTreeSet<&str>| -> BTreeSet<String> {
            let kinds = kinds.iter().filter(|kind| !matches!(**kind, "parallel" | "failed_by_command"));
            kinds.map(ToString::to_string).collect()
        };
        prop_assert_eq!(rest(&actual), rest(&expected.errors), "{}", &case.workflow);
        prop_assert_eq!(by_block(&actual), by_block(&expected.errors), "{}", &case.workflow);
    }

    #[test]
    fn a_pause_anywhere_changes_nothing(graph in graph::graph(), at in 0..8_usize, inner in prop::option::of(0..4_usize)) {
        // With `fail_fast` or a limit a pause may hold what is then stopped; and which arrival
        // comes first decides how often a join of some fires.
        let graph = graph::patient(graph);
        let plain = rehearse(&case(&graph, &BTreeMap::new()), &|_| None).happened.unwrap();
        prop_assume!(!plain.errors.iter().any(|kind| &**kind == "limit_exceeded"));
        let mut paused = case(&graph, &BTreeMap::new());
        let place = inner.map_or(format!("t{at}"), |inner| format!("t{at}_{inner}"));
        paused.ops = serde_json::from_value(json!([
            {"after": place, "op": "pause"},
            {"at": "paused", "op": "resume"},
        ])).unwrap();
        let verdict = rehearse(&paused, &|_| None);
        let happened = verdict.happened.unwrap();
        prop_assert_eq!(happened.status, plain.status, "{} {}", place, paused.workflow);
        let sorted = |list: &[std::sync::Arc<str>]| {
            let mut list = list.to_vec();
            list.sort();
            list
        };
        prop_assert_eq!(sorted(&happened.sequence), sorted(&plain.sequence), "{} {}", place, paused.workflow);
        prop_assert_eq!(sorted(&happened.errors), sorted(&plain.errors), "{} {}", place, paused.workflow);
    }
}
