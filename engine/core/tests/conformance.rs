//! All rehearsal cases of the language, and further ones rule by rule, run by the machine.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use attune_core::rehearse::{Case, Expect, read, rehearse};

/// Cases of the language, then those that say of each of its rules what follows from it.
const ALL: [&str; 12] = [
    include_str!("conformance.yaml"),
    include_str!("rules.yaml"),
    include_str!("values.yaml"),
    include_str!("rules/transitions.yaml"),
    include_str!("rules/joins.yaml"),
    include_str!("rules/blocks.yaml"),
    include_str!("rules/items.yaml"),
    include_str!("rules/time.yaml"),
    include_str!("rules/states.yaml"),
    include_str!("rules/limits.yaml"),
    include_str!("rules/expressions.yaml"),
    include_str!("rules/combined.yaml"),
];

fn all() -> Vec<Case> {
    ALL.into_iter()
        .flat_map(|text| read(text).unwrap())
        .collect()
}

#[test]
fn every_case_comes_out_as_written() {
    let cases = all();
    let mut wrong = Vec::new();
    for case in &cases {
        let verdict = rehearse(case, &|_| None);
        if !verdict.passed() {
            let differences = verdict.differences.iter();
            let told: Vec<_> = differences.map(ToString::to_string).collect();
            wrong.push(format!("{} {}\n{}", case.id, case.title, told.join("\n")));
        }
    }
    let told = wrong.join("\n\n");
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n{told}",
        wrong.len(),
        cases.len()
    );
}

#[test]
fn every_case_has_an_id_of_its_own() {
    let mut seen = std::collections::BTreeSet::new();
    let twice: Vec<String> = all()
        .into_iter()
        .map(|case| case.id)
        .filter(|id| !seen.insert(id.clone()))
        .collect();
    assert!(twice.is_empty(), "{twice:?}");
}

/// Every case with one of its expectations falsified, and which.
fn falsified(case: &Case) -> Vec<(Case, &'static str)> {
    let mut wrong = Vec::new();
    let expect = &case.expect;
    let mut add = |what, change: &dyn Fn(&mut Expect)| {
        let mut changed = case.clone();
        change(&mut changed.expect);
        wrong.push((changed, what));
    };
    if expect.status.is_some() {
        add("status", &|expect| expect.status = Some("abandoned".into()));
    }
    if expect.sequence.is_some() {
        add("sequence", &|expect| {
            expect.sequence.get_or_insert_default().push("zzz".into());
        });
    }
    if expect.output.is_some() {
        add("output", &|expect| expect.output = Some("zzz".into()));
    }
    if expect.invalid.is_some() {
        add("invalid", &|expect| {
            expect.invalid = Some(vec!["E_ZZZ".into()]);
        });
        add("workflow", &|expect| expect.invalid = None);
    }
    if expect.rerun_error.is_some() {
        add("rerun_error", &|expect| {
            expect.rerun_error = Some("zzz".into());
        });
    }
    if expect.input_error {
        add("inputs", &|expect| expect.input_error = false);
    }
    if let Some(name) = expect.tasks.keys().next() {
        add("tasks", &|expect| {
            expect.tasks.insert(name.clone(), Some("zzz".into()));
        });
    }
    if let Some(name) = expect.counts.keys().next() {
        add("counts", &|expect| {
            expect.counts.insert(name.clone(), 99);
        });
    }
    if let Some(name) = expect.inputs_of.keys().next() {
        add("inputs_of", &|expect| {
            expect.inputs_of.insert(name.clone(), vec!["zzz".into()]);
        });
    }
    if expect.invalid.is_none() && !expect.input_error {
        add("errors", &|expect| expect.errors.push("zzz".into()));
        add("warnings", &|expect| expect.warnings.push("W_ZZZ".into()));
    }
    wrong
}

#[test]
fn a_falsified_expectation_fails_and_names_what_differed() {
    for case in all() {
        for (wrong, what) in falsified(&case) {
            let verdict = rehearse(&wrong, &|_| None);
            let named = verdict
                .differences
                .iter()
                .any(|found| found.what.starts_with(what));
            assert!(
                named,
                "{}: {what} is not named: {:?}",
                case.id, verdict.differences
            );
        }
    }
}

#[test]
fn a_case_that_makes_no_sense_fails_alone() {
    let text = "
- id: A
  note: for people
  x-origin: elsewhere
  workflow: {tasks: [{name: t, action: n}]}
  expect: {status: completed}
- id: B
  workflow: {tasks: [{name: t, action: n}]}
  expect: {staus: completed}
";
    let cases = read(text).unwrap();
    let verdicts: Vec<_> = cases.iter().map(|case| rehearse(case, &|_| None)).collect();
    assert!(verdicts[0].passed());
    assert_eq!(verdicts[1].differences[0].what, "case");
    assert!(read("- {workflow: {}}").is_err());
    assert!(read("cases: []").is_err());
}
