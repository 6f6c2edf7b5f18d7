//! All rehearsal cases of the language, run by the machine.

use attune_core::rehearse::{read, rehearse};

/// Cases that cannot pass until expressions are evaluated.
const NEED_EXPRESSIONS: &[&str] = &[
    "SEQ-01", "SEQ-04", "DEC-01", "DEC-03", "DEC-04", "DEC-05", "DEC-07", "ERR-08", "ERR-10",
    "ERR-14", "ERR-15", "ERR-17", "JOIN-11", "CYC-01", "WI-01", "WI-02", "WI-04", "WI-06", "WI-08",
    "WI-10", "WI-11", "RT-01", "RT-04", "RT-06", "RT-08", "PAR-01", "PAR-06", "SK-01", "SUB-01",
    "RR-05", "TY-01", "SC-01", "V-06", "LIN-01", "LIN-03", "TRN-01", "CON-01", "DEF-01", "DEF-02",
    "ET-01", "SK-05", "PAR-07", "CMD-01", "MX-01", "TM-01", "TM-03", "INQ-01", "V-12",
];

/// Cases that cannot pass until the validator gives this warning.
const NEED_WARNINGS: &[&str] = &["JOIN-12", "LIN-02"];

const CASES: &str = include_str!("conformance.yaml");

#[test]
fn every_case_comes_out_as_written() {
    let cases = read(CASES).unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let verdict = rehearse(case, &|_| None);
        let mut known = NEED_EXPRESSIONS.iter().chain(NEED_WARNINGS);
        if !verdict.passed() && !known.any(|id| *id == case.id) {
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
