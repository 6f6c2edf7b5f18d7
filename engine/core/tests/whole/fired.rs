//! Which transitions of a task fire at its end.

use crate::graph::{Cond, End, Kind, Task, Transition};

impl Task {
    /// Returns the transitions that fire at such an end, in the order of the language.
    pub(crate) fn fired(&self, end: End) -> Vec<&Transition> {
        let has = |kind| self.transitions.iter().any(|one| one.kind == kind);
        let skipped = end == End::Skipped;
        let holds = |one: &&Transition| {
            if skipped && has(Kind::OnSkip) {
                return one.kind == Kind::OnSkip;
            }
            let succeeded = skipped || end == End::Succeeded;
            match one.kind {
                Kind::OnSuccess => succeeded && !has(Kind::Decision),
                Kind::Decision => succeeded,
                Kind::OnFailure => {
                    end == End::Failed || (end == End::TimedOut && !has(Kind::OnTimeout))
                }
                Kind::OnTimeout => end == End::TimedOut,
                Kind::OnSkip => false,
                Kind::OnComplete => true,
                Kind::Next => match one.cond {
                    Cond::None | Cond::True | Cond::Completed => true,
                    Cond::False => false,
                    Cond::Succeeded => succeeded,
                    Cond::Failed => end == End::Failed,
                    Cond::TimedOut => end == End::TimedOut,
                    Cond::Skipped => skipped,
                },
            }
        };
        let mut decided = false;
        let mut fired: Vec<&Transition> = Vec::new();
        for one in self.transitions.iter().filter(holds) {
            if one.kind == Kind::Decision {
                let takes = !decided && one.cond != Cond::False;
                decided |= takes;
                if !takes {
                    continue;
                }
            }
            fired.push(one);
        }
        fired
    }
}
