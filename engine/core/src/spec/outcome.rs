//! Which ends of a task let a transition fire, and which transitions exclude each other.

use crate::definition::{Target, TransitionKind};
use crate::spec::arrow::Arrow;
use crate::spec::logic::{Formula, Truth};
use crate::spec::task::Draft;

/// A set of ways in which a task can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcomes(u8);

impl Outcomes {
    pub(crate) const SUCCESS: Self = Self(1);
    pub(crate) const FAILURE: Self = Self(2);
    pub(crate) const TIMEOUT: Self = Self(4);
    pub(crate) const SKIP: Self = Self(8);
    const EACH: [Self; 4] = [Self::SUCCESS, Self::FAILURE, Self::TIMEOUT, Self::SKIP];

    /// Tells whether the two have anything in common.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The transitions of a task, judged.
pub(crate) struct Judged {
    arrows: Vec<JudgedArrow>,
}

struct JudgedArrow {
    outcomes: Outcomes,
    formula: Option<Formula>,
    decision: bool,
}

impl Judged {
    /// Judges all transitions of a task.
    pub(crate) fn new(draft: &Draft<'_>) -> Self {
        let has = |kind| draft.arrows.iter().any(|arrow| arrow.kind == kind);
        let decides = draft.arrows.iter().any(is_decision);
        let on_timeout = has(TransitionKind::OnTimeout);
        let on_skip = draft.task.has_on_skip;
        let judge = |arrow: &Arrow| {
            let formula = arrow.when_text.as_deref().map(Formula::parse);
            let fires = |outcome: Outcomes| match arrow.kind {
                TransitionKind::OnSuccess if decides => false,
                TransitionKind::OnSuccess | TransitionKind::Decision { .. } => {
                    outcome == Outcomes::SUCCESS || (outcome == Outcomes::SKIP && !on_skip)
                }
                TransitionKind::OnFailure => {
                    outcome == Outcomes::FAILURE || (outcome == Outcomes::TIMEOUT && !on_timeout)
                }
                TransitionKind::OnTimeout => outcome == Outcomes::TIMEOUT,
                TransitionKind::OnSkip => outcome == Outcomes::SKIP,
                TransitionKind::OnComplete | TransitionKind::Next => {
                    !(outcome == Outcomes::SKIP && on_skip)
                }
            };
            let outcomes = Outcomes::EACH
                .into_iter()
                .filter(|outcome| fires(*outcome))
                .filter(|outcome| {
                    let formula = formula.as_ref();
                    formula.is_none_or(|f| f.truth(&|atom| known(atom, *outcome)) != Some(false))
                })
                .fold(Outcomes(0), Outcomes::union);
            JudgedArrow {
                outcomes,
                formula,
                decision: is_decision(arrow),
            }
        };
        Self {
            arrows: draft.arrows.iter().map(judge).collect(),
        }
    }

    /// Returns the ends after which the transition may fire.
    pub(crate) fn outcomes(&self, arrow: usize) -> Outcomes {
        self.arrows[arrow].outcomes
    }

    /// Tells whether the transition may fire at all.
    pub(crate) fn fires(&self, arrow: usize) -> bool {
        self.arrows[arrow].outcomes.0 != 0
    }

    /// Tells whether the transition surely fires after this end.
    pub(crate) fn always_fires(&self, arrow: usize, outcome: Outcomes) -> bool {
        let judged = &self.arrows[arrow];
        judged.outcomes.meets(outcome)
            && judged
                .formula
                .as_ref()
                .is_none_or(|f| f.truth(&|atom| known(atom, outcome)) == Some(true))
    }

    /// Tells whether both transitions may fire after the same end.
    pub(crate) fn compatible(&self, a: usize, b: usize) -> bool {
        if a == b {
            return true;
        }
        let (a, b) = (&self.arrows[a], &self.arrows[b]);
        let excluded = match (&a.formula, &b.formula) {
            (Some(a), Some(b)) => a.excludes(b),
            _ => false,
        };
        a.outcomes.meets(b.outcomes) && !(a.decision && b.decision) && !excluded
    }
}

/// Tells whether the transition is a branch of the task's decision.
pub(crate) fn is_decision(arrow: &Arrow) -> bool {
    matches!(arrow.kind, TransitionKind::Decision { .. })
}

/// Tells whether the transition has the command among its targets.
pub(crate) fn commands(arrow: &Arrow, command: Target) -> bool {
    arrow.goals.iter().any(|goal| goal.target == Some(command))
}

/// What the functions on completion answer.
fn known(atom: &str, outcome: Outcomes) -> Truth {
    let skipped = outcome == Outcomes::SKIP;
    match atom {
        "succeeded()" => Some(outcome == Outcomes::SUCCESS || skipped),
        "failed()" => Some(outcome == Outcomes::FAILURE),
        "timed_out()" => Some(outcome == Outcomes::TIMEOUT),
        "skipped()" => Some(skipped),
        "completed()" => Some(true),
        _ => None,
    }
}
