//! Which transitions of an ended visit fire. All conditions see the same state.

use crate::definition::{Task, Transition, TransitionKind};
use crate::error::{Failure, kind};
use crate::run::{TaskStatus, VisitId};

use super::machine::{Flow, Machine, holds};
use super::trace::trace;

impl<'a> Machine<'a> {
    /// Returns the transitions that fire, in order. One whose condition cannot be evaluated does
    /// not; the failure goes to `broken`.
    pub(super) fn choose(
        &mut self,
        visit: VisitId,
        task: &'a Task,
        broken: &mut Vec<Failure>,
    ) -> Flow<Vec<&'a Transition>> {
        let status = self.run.visit(visit).status;
        let candidates = task.transitions.iter().enumerate();
        let candidates = candidates.filter(|(_, one)| applies(task, one.kind, status));
        let mut fired = Vec::new();
        let mut decision = Decision::default();
        for (place, transition) in candidates {
            if let TransitionKind::Decision { default } = transition.kind {
                decision.seen = true;
                if decision.chosen {
                    continue;
                }
                if default {
                    decision.default = Some((fired.len(), transition));
                    continue;
                }
            }
            let view = self.ended_view(visit, task.has_on_skip);
            let fires = match &transition.when {
                None => Ok(true),
                Some(when) => {
                    let fires = holds(when, &view)?;
                    if self.trace.is_some() {
                        let site = (visit, Some((place, transition.kind)));
                        let seen = trace(site, when, &view, &fires);
                        self.trace.get_or_insert_default().push(seen);
                    }
                    fires
                }
            };
            match fires {
                Ok(true) => {
                    decision.chosen |= is_decision(transition);
                    fired.push(transition);
                }
                Ok(false) => {}
                Err(message) => {
                    let message = format!("a transition of task `{}`: {message}", task.name);
                    broken.push(Failure::engine(kind::EXPRESSION, message));
                }
            }
        }
        if decision.seen && !decision.chosen {
            match decision.default {
                Some((place, transition)) => fired.insert(place, transition),
                None if self.definition.strict_decision => {
                    let message = format!("no branch of task `{}` matched", task.name);
                    broken.push(Failure::engine(kind::NO_BRANCH, message));
                }
                None => {}
            }
        }
        Ok(fired)
    }
}

#[derive(Default)]
struct Decision<'a> {
    seen: bool,
    chosen: bool,
    /// The default, and its place among what fires.
    default: Option<(usize, &'a Transition)>,
}

fn is_decision(transition: &Transition) -> bool {
    matches!(transition.kind, TransitionKind::Decision { .. })
}

/// Tells whether transitions of a kind are looked at after such an end.
fn applies(task: &Task, kind: TransitionKind, status: TaskStatus) -> bool {
    let has = |wanted: fn(TransitionKind) -> bool| {
        task.transitions
            .iter()
            .any(|transition| wanted(transition.kind))
    };
    let skipped = status == TaskStatus::Skipped;
    if skipped && task.has_on_skip {
        return kind == TransitionKind::OnSkip;
    }
    let succeeded = skipped || status == TaskStatus::Completed;
    let timed_out = status == TaskStatus::Timeout;
    match kind {
        TransitionKind::OnSuccess => {
            succeeded && !has(|kind| matches!(kind, TransitionKind::Decision { .. }))
        }
        TransitionKind::Decision { .. } => succeeded,
        TransitionKind::OnFailure if timed_out => !has(|kind| kind == TransitionKind::OnTimeout),
        TransitionKind::OnFailure => !succeeded,
        TransitionKind::OnTimeout => timed_out,
        TransitionKind::OnSkip => false,
        TransitionKind::OnComplete | TransitionKind::Next => true,
    }
}
