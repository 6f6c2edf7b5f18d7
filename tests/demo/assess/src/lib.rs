//! Rates the risk of a pull request by its size, its labels and who wrote it.

use attune_sdk::prelude::*;

/// Lines above which a change is large.
const LARGE: u64 = 400;
/// Lines up to which a change is small.
const SMALL: u64 = 50;

/// What is known of the pull request.
#[derive(Deserialize, JsonSchema)]
struct PullRequest {
    /// Its title.
    title: String,
    /// How its author belongs to the repository, as GitHub says it.
    association: String,
    /// Changed files.
    files: u64,
    /// Added and deleted lines.
    lines: u64,
    /// Names of its labels.
    labels: Vec<String>,
}

/// The verdict.
#[derive(Serialize, JsonSchema, Debug, PartialEq)]
struct Assessment {
    /// `low`, `medium` or `high`.
    risk: &'static str,
    /// What spoke for it.
    reasons: Vec<String>,
}

#[action(summary = "Rates the risk of a pull request")]
fn assess(pull: PullRequest) -> Result<Assessment, ActionError> {
    let mut points = 0;
    let mut reasons = Vec::new();
    let mut add = |weight: i32, reason: String| {
        points += weight;
        reasons.push(reason);
    };
    match pull.lines {
        lines if lines > LARGE => add(3, format!("{lines} lines are a lot")),
        lines if lines <= SMALL => add(-1, format!("{lines} lines are few")),
        lines => add(1, format!("{lines} lines")),
    }
    if pull.files > 20 {
        add(2, format!("{} files are touched", pull.files));
    }
    if !matches!(pull.association.as_str(), "OWNER" | "MEMBER" | "COLLABORATOR") {
        add(2, format!("the author is `{}`", pull.association.to_lowercase()));
    }
    if pull.labels.iter().any(|label| label == "security") {
        add(3, "labelled `security`".to_owned());
    }
    if pull.title.to_lowercase().contains("readme") {
        add(-1, "it is about documentation".to_owned());
    }
    let risk = match points {
        ..=0 => "low",
        1..=2 => "medium",
        _ => "high",
    };
    info!("assessed", risk = risk, points = points);
    Ok(Assessment { risk, reasons })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_change_of_an_owner_is_low_risk() {
        let pull = PullRequest {
            title: "Update the README".into(),
            association: "OWNER".into(),
            files: 1,
            lines: 2,
            labels: vec![],
        };
        assert_eq!(assess(pull).unwrap().risk, "low");
    }

    #[test]
    fn a_large_change_of_a_stranger_is_high_risk() {
        let pull = PullRequest {
            title: "Rewrite".into(),
            association: "NONE".into(),
            files: 30,
            lines: 900,
            labels: vec!["security".into()],
        };
        assert_eq!(assess(pull).unwrap().risk, "high");
    }
}
