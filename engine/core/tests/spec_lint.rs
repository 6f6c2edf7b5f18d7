//! The warning about two arrivals, compared with trying out every way in which tasks can end.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use attune_core::spec::{Options, parse_with};
use proptest::prelude::*;

/// The fields that lead on, each with targets further down.
const FIELDS: &[&str] = &[
    "on_success",
    "on_failure",
    "on_timeout",
    "on_complete",
    "branch",
    "else",
];

/// How a task ends; a success takes one of the branches of a decision.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Branch,
    Else,
    Failure,
    Timeout,
}

const ENDS: [End; 4] = [End::Branch, End::Else, End::Failure, End::Timeout];

/// For each task, the fields it has and the tasks they lead to.
type Graph = Vec<Vec<(usize, BTreeSet<usize>)>>;

fn graph() -> impl Strategy<Value = Graph> {
    (3_usize..7).prop_flat_map(|count| {
        let task = |index: usize| {
            let field = (
                0..FIELDS.len(),
                prop::collection::btree_set(0_usize..6, 1..3),
            );
            prop::collection::vec(field, 0..3).prop_map(move |fields| {
                let mut seen = BTreeSet::new();
                fields
                    .into_iter()
                    .filter(|(field, _)| seen.insert(*field))
                    .map(|(field, targets)| {
                        let further = count - index - 1;
                        let below =
                            |target: usize| (further > 0).then(|| index + 1 + target % further);
                        (
                            field,
                            targets
                                .into_iter()
                                .filter_map(below)
                                .collect::<BTreeSet<_>>(),
                        )
                    })
                    .filter(|(_, targets)| !targets.is_empty())
                    .collect::<Vec<_>>()
            })
        };
        (0..count).map(task).collect::<Vec<_>>()
    })
}

fn targets<'g>(graph: &'g Graph, task: usize, field: &str) -> Option<&'g BTreeSet<usize>> {
    let found = graph[task]
        .iter()
        .find(|(index, _)| FIELDS[*index] == field);
    found.map(|(_, targets)| targets)
}

/// Writes the graph as a file.
fn file(graph: &Graph) -> String {
    let mut text = String::from("tasks:\n");
    for task in 0..graph.len() {
        let _ = writeln!(text, "- name: t{task}\n  action: n");
        for field in &FIELDS[..4] {
            if let Some(targets) = targets(graph, task, field) {
                let _ = writeln!(text, "  {field}: [{}]", list(targets));
            }
        }
        let branch = targets(graph, task, "branch");
        let other = targets(graph, task, "else");
        if branch.is_some() || other.is_some() {
            let next =
                |targets: Option<&BTreeSet<usize>>| targets.map_or("continue".to_owned(), list);
            let _ = writeln!(
                text,
                "  decision: [{{when: true, next: [{}]}}, {{default: [{}]}}]",
                next(branch),
                next(other)
            );
        }
    }
    text
}

fn list(targets: &BTreeSet<usize>) -> String {
    let names: Vec<String> = targets.iter().map(|task| format!("t{task}")).collect();
    names.join(", ")
}

/// Returns the tasks that follow one end of a task.
fn follow(graph: &Graph, task: usize, end: End) -> BTreeSet<usize> {
    let decides = ["branch", "else"]
        .iter()
        .any(|field| targets(graph, task, field).is_some());
    let timeout = targets(graph, task, "on_timeout").is_some();
    let main = match end {
        End::Branch if decides => "branch",
        End::Else if decides => "else",
        End::Branch | End::Else => "on_success",
        End::Timeout if timeout => "on_timeout",
        End::Failure | End::Timeout => "on_failure",
    };
    [main, "on_complete"]
        .iter()
        .filter_map(|field| targets(graph, task, field))
        .flatten()
        .copied()
        .collect()
}

/// Returns the tasks to which two others lead in one run, for any way in which tasks can end.
fn twice(graph: &Graph) -> BTreeSet<usize> {
    let count = graph.len();
    let inbound: BTreeSet<usize> = graph
        .iter()
        .flatten()
        .flat_map(|(_, t)| t)
        .copied()
        .collect();
    let mut found = BTreeSet::new();
    for combination in 0..4_usize.pow(u32::try_from(count).unwrap_or(0)) {
        let mut sources = vec![0; count];
        for task in 0..count {
            // Targets lie below, so what leads to a task is known when it is its turn.
            if sources[task] > 0 || !inbound.contains(&task) {
                let end = ENDS[combination / 4_usize.pow(u32::try_from(task).unwrap_or(0)) % 4];
                for target in follow(graph, task, end) {
                    sources[target] += 1;
                }
            }
        }
        found.extend((0..count).filter(|task| sources[*task] > 1));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn two_arrivals_are_warned_of_exactly_where_they_can_happen(graph in graph()) {
        let source = file(&graph);
        let parsed = parse_with(&source, &Options::inline());
        prop_assert!(parsed.definition.is_some(), "{}\n{:?}", source, parsed.diagnostics);
        let warned: BTreeSet<usize> = parsed
            .diagnostics
            .iter()
            .filter(|d| d.code == "W_MULTI_INBOUND_NO_JOIN")
            .filter_map(|d| d.pointer.split('/').nth(2)?.parse().ok())
            .collect();
        prop_assert_eq!(warned, twice(&graph), "{}", source);
    }
}
