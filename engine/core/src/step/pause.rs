//! Pause and resume: nothing new is dispatched, and what comes up meanwhile is held in order.

use std::sync::Arc;

use crate::effect::Effect;
use crate::run::{Gate, Held, Pause, RunStatus, Stage, VisitId};

use super::Refusal;
use super::machine::{Flow, Machine};

impl Machine<'_> {
    pub(super) fn pause_requested(&mut self, reason: Option<&Arc<str>>) -> Flow {
        let status = self.run.status();
        match status {
            RunStatus::Paused | RunStatus::Pausing => return Ok(()),
            RunStatus::Requested
            | RunStatus::Scheduling
            | RunStatus::Scheduled
            | RunStatus::Running => {}
            RunStatus::Canceling
            | RunStatus::Completed
            | RunStatus::Failed
            | RunStatus::Timeout
            | RunStatus::Cancelled => return Err(Refusal::Forbidden(status).into()),
        }
        self.run.pause = Some(Pause {
            reason: reason.cloned(),
        });
        self.set_status(RunStatus::Pausing);
        for (_, child) in self.run.children() {
            self.effect(Effect::PauseChild { child });
        }
        self.settle_pause();
        Ok(())
    }

    /// Once nothing runs any more, a run that pauses is paused.
    pub(super) fn settle_pause(&mut self) {
        if self.run.status() == RunStatus::Pausing && self.run.flights.is_empty() {
            self.set_status(RunStatus::Paused);
        }
    }

    pub(super) fn resume_requested(&mut self) -> Flow {
        let status = self.run.status();
        if status.is_over() || status == RunStatus::Canceling {
            return Err(Refusal::Forbidden(status).into());
        }
        if self.run.pause.take().is_none() {
            return Ok(());
        }
        for (_, child) in self.run.children() {
            self.effect(Effect::ResumeChild { child });
        }
        match &self.run.gate {
            Some(Gate::Time(_)) => self.set_status(RunStatus::Scheduled),
            Some(Gate::Key(_)) => self.set_status(RunStatus::Requested),
            Some(Gate::Open) => return self.open_run(),
            None => self.set_status(RunStatus::Running),
        }
        self.let_all_go()
    }

    /// Lets go on what the pause has held, in order.
    pub(super) fn let_all_go(&mut self) -> Flow {
        for held in std::mem::take(&mut self.run.held) {
            match held {
                Held::Visit(visit) => self.let_go(visit)?,
                Held::Due(kind) => self.came_due(kind)?,
            }
        }
        Ok(())
    }

    fn let_go(&mut self, visit: VisitId) -> Flow {
        // If it starts nothing after all, its place goes to who waits for one.
        self.freed.extend(self.graphs_of(visit));
        match self.run.visit(visit).stage {
            Stage::Held(next) => self.go_on(visit, next),
            Stage::Open => {
                self.run.visit_mut(visit).queued = false;
                self.enqueue(visit)
            }
            Stage::Delayed | Stage::Keyed | Stage::Over => Ok(()),
        }
    }
}
