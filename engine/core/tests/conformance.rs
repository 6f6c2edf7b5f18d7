//! All rehearsal cases of the language, and further ones rule by rule, run by the machine.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use attune_core::rehearse::{Case, Expect, read, rehearse};

fn check(text: &str) {
    let cases = read(text).unwrap();
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
fn every_conformance_case_comes_out_as_written() {
    check(include_str!("conformance.yaml"));
}

#[test]
fn every_rule_holds() {
    check(include_str!("rules.yaml"));
    check(include_str!("values.yaml"));
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
            expect.tasks.insert(name.clone(), "zzz".into());
        });
    }
    if let Some(name) = expect.counts.keys().next() {
        add("counts", &|expect| {
            expect.counts.insert(name.clone(), 99);
        });
    }
    if let Some(name) = expect.inputs_of.keys().next() {
        add("inputs_of", &|expect| {
            expect.inputs_of.insert(name.clone(), Vec::new());
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
    let cases = [
        include_str!("conformance.yaml"),
        include_str!("rules.yaml"),
        include_str!("values.yaml"),
    ];
    for case in cases.into_iter().flat_map(|text| read(text).unwrap()) {
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
