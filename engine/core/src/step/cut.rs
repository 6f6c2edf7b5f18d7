//! A visit is cut off: what waits in it ends, what runs may finish or is interrupted.

use crate::effect::Effect;
use crate::event::CancelMode;
use crate::run::{Ending, Execution, Kind, Stage, State, TaskStatus, VisitId};

use super::machine::Machine;
use super::settle::End;

/// How a visit is cut off.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    /// The only way it can still end; `None`: what runs decides.
    ending: Option<Ending>,
    /// Whether attempts that run are interrupted.
    interrupt: bool,
    /// What happens to children; `None`: they go on.
    children: Option<CancelMode>,
    /// Whether a rerun takes up what was cut off.
    remember: bool,
}

impl Cut {
    /// By `fail_fast` or a limit.
    pub(super) const STOPPED: Self = Self {
        ending: None,
        interrupt: false,
        children: None,
        remember: true,
    };

    /// By its deadline or timeout.
    pub(super) const TIMED_OUT: Self = Self {
        ending: Some(Ending::TimedOut),
        interrupt: true,
        children: Some(CancelMode::CancelRunning),
        remember: false,
    };

    /// Because the block around it ended that way.
    pub(super) const WITH_BLOCK: Self = Self {
        ending: Some(Ending::Cancelled),
        ..Self::TIMED_OUT
    };

    /// By a cancel of the run, or its timeout.
    pub(super) fn cancelled(mode: CancelMode) -> Self {
        Self {
            ending: None,
            interrupt: mode == CancelMode::CancelRunning,
            children: Some(mode),
            remember: false,
        }
    }
}

impl Machine<'_> {
    pub(super) fn cut(&mut self, visit: VisitId, how: Cut) {
        let found = self.run.visit(visit);
        match found.stage {
            Stage::Over => {}
            Stage::Held(_) | Stage::Delayed | Stage::Keyed => {
                self.remember(visit, how);
                let end = forced(how);
                self.end_visit(visit, end.status, end.failure);
            }
            Stage::Open => self.cut_open(visit, how),
        }
    }

    fn cut_open(&mut self, visit: VisitId, how: Cut) {
        let found = self.run.visit_mut(visit);
        found.ending = found.ending.or(how.ending);
        let work = &mut found.work;
        let begun = work.executions.len() as u32;
        let unfinished = begun < work.total || !work.again.is_empty();
        if work.cut.is_none() {
            work.cut = Some(TaskStatus::Cancelled);
        }
        work.again.clear();
        let block = self.kind(visit) == Kind::Block;
        if block && how.ending.is_some() {
            self.cut_inside(visit, Cut::WITH_BLOCK);
        }
        let waits = |execution: &Execution| match execution.state {
            State::Ready | State::Backoff => true,
            State::Waiting => !block,
            State::Flying(_) | State::Over => false,
        };
        let waiting = self.indexes(visit, waits);
        let mut cut_any = unfinished;
        for index in waiting {
            cut_any |= self.cut_execution(visit, index, how);
        }
        if how.interrupt {
            self.interrupt(visit);
        }
        if cut_any {
            self.remember(visit, how);
        }
        if self.run.visit(visit).work.is_finished() {
            self.end_work(visit);
        }
    }

    fn remember(&mut self, visit: VisitId, how: Cut) {
        if how.remember {
            let start = self.run.visit(visit).start.clone();
            self.run.graph_mut(start.graph).not_started.push(start);
        }
    }

    /// Ends an execution that waits; tells whether it did.
    fn cut_execution(&mut self, visit: VisitId, index: u32, how: Cut) -> bool {
        let execution = self.execution_mut(visit, index);
        let (state, child) = (execution.state, execution.child);
        if state == State::Waiting {
            match self.kind(visit) {
                Kind::Child => match how.children {
                    None => return false,
                    Some(mode) => {
                        let task = self.run.visit(visit).id(index);
                        self.cancel_child(task, child, mode);
                    }
                },
                Kind::Inquiry => {
                    let task = self.run.visit(visit).id(index);
                    self.effect(Effect::CloseInquiry { task });
                }
                Kind::Action | Kind::Sleep | Kind::Block => {}
            }
            self.vacate(visit);
        }
        let end = forced(how);
        self.close_execution(visit, index, end);
        true
    }

    fn interrupt(&mut self, visit: VisitId) {
        let found = self.run.visit(visit);
        let flying = |execution: &Execution| matches!(execution.state, State::Flying(_));
        let executions = found.work.executions.iter().enumerate();
        let effects: Vec<Effect> = executions
            .filter(|(_, execution)| flying(execution))
            .map(|(index, execution)| Effect::InterruptAttempt {
                task: found.id(index as u32),
                attempt: execution.attempt,
            })
            .collect();
        self.out.effects.extend(effects);
    }

    /// Cuts off everything inside a block.
    pub(super) fn cut_inside(&mut self, block: VisitId, how: Cut) {
        let execution = self.run.visit(block).work.execution(0);
        let Some(inner) = execution.and_then(|execution| execution.graph) else {
            return;
        };
        let inside = |visit: &VisitId| self.run.visit(*visit).start.graph == inner;
        let live: Vec<VisitId> = self.live_visits().into_iter().filter(inside).collect();
        for visit in live {
            self.cut(visit, how);
        }
    }
}

fn forced(how: Cut) -> End {
    match how.ending {
        Some(Ending::TimedOut) => End::timed_out("the task"),
        Some(Ending::Cancelled) | None => End::cancelled(),
    }
}
