//! All rehearsal cases of the language, run by the machine.

use attune_core::rehearse::{read, rehearse};

/// Cases that cannot pass yet, each with the reason.
const NOT_YET: &[(&str, &str)] = &[];

const CASES: &str = include_str!("conformance.yaml");

#[test]
fn every_case_comes_out_as_written() {
    let cases = read(CASES).unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let verdict = rehearse(case, &|_| None);
        let known = NOT_YET.iter().any(|(id, _)| *id == case.id);
        if verdict.passed() == known {
            let told: Vec<_> = verdict
                .differences
                .iter()
                .map(ToString::to_string)
                .collect();
            wrong.push(format!("{} {}\n{}", case.id, case.title, told.join("\n")));
        }
    }
    let count = wrong.len();
    assert!(
        wrong.is_empty(),
        "{count} of {} cases:\n{}",
        cases.len(),
        wrong.join("\n\n")
    );
}
