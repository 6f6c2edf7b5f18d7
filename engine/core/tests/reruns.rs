//! What has failed and runs again comes out as if it had never failed: in random graphs with joins,
//! items, blocks and `fail_fast`, every task has in the end succeeded as often as without failures.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use attune_core::rehearse::{Case, Happened, rehearse};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

#[derive(Clone, Debug)]
struct Task {
    /// Which of the later tasks it leads to.
    targets: u16,
    fails: bool,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Single,
    /// Three items, of which the second fails.
    Items,
    /// A block of two tasks, of which the first fails.
    Block,
}

fn task() -> impl Strategy<Value = Task> {
    let kind = prop_oneof![
        5 => Just(Kind::Single),
        1 => Just(Kind::Items),
        1 => Just(Kind::Block),
    ];
    let bits = (any::<u16>(), any::<u16>()).prop_map(|(a, b)| a & b);
    (bits, prop::bool::weighted(0.3), kind).prop_map(|(targets, fails, kind)| Task {
        targets,
        fails,
        kind,
    })
}

fn name(place: usize) -> String {
    format!("t{place}")
}

/// Where several branches meet they all join, or all run on by themselves.
fn workflow(tasks: &[Task], joins: bool, fail_fast: bool) -> Json {
    let count = tasks.len();
    let leads = |from: usize, to: usize| tasks[from].targets >> (to - from) & 1 == 1;
    let mut output = Map::new();
    let write = |(place, task): (usize, &Task)| {
        let targets: Vec<String> = (place + 1..count)
            .filter(|to| leads(place, *to))
            .map(name)
            .collect();
        let mut json = json!({"name": name(place), "on_success": targets});
        match task.kind {
            Kind::Single => json["action"] = json!("n"),
            Kind::Items => {
                json["action"] = json!("n");
                json["with_items"] = json!(["a", "b", "c"]);
            }
            Kind::Block => {
                json["type"] = json!("parallel");
                json["tasks"] = json!([
                    {"name": format!("x{place}"), "action": "n", "on_success": format!("y{place}")},
                    {"name": format!("y{place}"), "action": "n"},
                ]);
            }
        }
        if joins && (0..place).any(|from| leads(from, place)) {
            json["join"] = json!("all");
        }
        let name = name(place);
        let ends = format!("{{{{ task.{name}.visits | map(attribute='status') | list }}}}");
        let result = format!("{{{{ task.{name}.result }}}}");
        output.insert(name, json!([ends, result]));
        json
    };
    let tasks: Vec<Json> = tasks.iter().enumerate().map(write).collect();
    json!({"fail_fast": fail_fast, "tasks": tasks, "output_map": output})
}

/// What every task gives, and those that fail before that.
fn mocks(tasks: &[Task], with_failures: bool) -> Vec<Json> {
    let mut mocks = Vec::new();
    for (place, task) in tasks.iter().enumerate() {
        let failed = with_failures && task.fails;
        let mut add = |mock: Json| mocks.push(mock);
        match task.kind {
            Kind::Single if failed => {
                add(json!({"task": name(place), "status": "failed", "times": 999}));
            }
            Kind::Single => add(json!({"task": name(place), "result": place, "times": 999})),
            Kind::Block if failed => {
                add(json!({"task": format!("x{place}"), "status": "failed", "times": 999}));
            }
            Kind::Block => {}
            Kind::Items => {
                if failed {
                    add(json!({"task": name(place), "index": 1, "status": "failed", "times": 999}));
                }
                for index in 0..3 {
                    add(
                        json!({"task": name(place), "index": index, "result": index, "times": 999}),
                    );
                }
            }
        }
    }
    mocks
}

fn run(case: Json) -> Happened {
    let case: Case = serde_json::from_value(case).unwrap();
    let verdict = rehearse(&case, &|_| None);
    verdict.happened.expect("the workflow is valid")
}

/// How often each task succeeded, and what its latest visit gave.
fn successes(happened: &Happened) -> Vec<(String, usize, Json)> {
    let output = happened.output.to_public_serde();
    let tasks = output.as_object().unwrap().iter();
    let told = tasks.map(|(name, told)| {
        let ends = told[0].as_array().unwrap().iter();
        let succeeded = ends.filter(|end| *end == "completed").count();
        (name.clone(), succeeded, told[1].clone())
    });
    told.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_failed_and_runs_again_comes_out_as_if_it_had_not(
        tasks in prop::collection::vec(task(), 2..9),
        joins in any::<bool>(),
        fail_fast in any::<bool>(),
    ) {
        prop_assume!(tasks.iter().any(|task| task.fails));
        let workflow = workflow(&tasks, joins, fail_fast);
        let mocks = |with_failures| mocks(&tasks, with_failures);
        let well = run(json!({"id": "well", "workflow": workflow, "mocks": mocks(false)}));
        let again = run(json!({
            "id": "again",
            "workflow": workflow,
            "mocks": mocks(true),
            "rerun": {"mocks": mocks(false)},
        }));
        prop_assert_eq!(well.status.as_str(), "completed", "{}", &workflow);
        prop_assert_eq!(again.status.as_str(), "completed", "{:?} {}", again.errors, &workflow);
        prop_assert_eq!(successes(&again), successes(&well), "{}", &workflow);
    }
}
