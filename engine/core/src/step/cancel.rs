//! Cancel, and the run's timeout: all but `finally` ends.

use crate::effect::Effect;
use crate::event::CancelMode;
use crate::run::{Gate, Phase, RunStatus, Tier};

use super::Refusal;
use super::cut::Cut;
use super::machine::{Flow, Machine};

impl Machine<'_> {
    pub(super) fn cancel_requested(&mut self, mode: CancelMode) -> Flow {
        let status = self.run.status();
        match status {
            RunStatus::Cancelled => return Ok(()),
            RunStatus::Completed | RunStatus::Failed | RunStatus::Timeout => {
                return Err(Refusal::Forbidden(status).into());
            }
            RunStatus::Requested
            | RunStatus::Scheduling
            | RunStatus::Scheduled
            | RunStatus::Running
            | RunStatus::Pausing
            | RunStatus::Paused
            | RunStatus::Canceling => {}
        }
        let harder = mode == CancelMode::CancelRunning
            && self.run.stop.cancelled == Some(CancelMode::AllowFinish);
        if self.run.stop.timed_out || (self.run.stop.cancelled.is_some() && !harder) {
            return Ok(());
        }
        self.run.stop.cancelled = Some(mode);
        if self.run.phase == Phase::Before {
            return self.cancel_before_start();
        }
        self.set_status(RunStatus::Canceling);
        self.end_all(mode)
    }

    /// A run that has not started ends at once: there is nothing for `finally` to put in order.
    fn cancel_before_start(&mut self) -> Flow {
        match self.run.gate.take() {
            Some(Gate::Time(timer)) => self.cancel_timer(timer),
            Some(Gate::Key(key)) => self.effect(Effect::ReleaseKey { task: None, key }),
            Some(Gate::Open) | None => {}
        }
        self.run.pause = None;
        self.end()
    }

    pub(super) fn run_timed_out(&mut self) -> Flow {
        self.run.timeout = None;
        if self.run.phase >= Phase::Finally || self.run.stop.cancelled.is_some() {
            return Ok(());
        }
        self.run.stop.timed_out = true;
        if self.run.pause.is_some() {
            self.set_status(RunStatus::Running);
        }
        self.end_all(CancelMode::CancelRunning)
    }

    fn end_all(&mut self, mode: CancelMode) -> Flow {
        self.run.pause = None;
        for visit in self.live_visits() {
            if self.run.visit(visit).start.tier != Tier::Finally {
                self.cut(visit, Cut::cancelled(mode));
            }
        }
        // What a pause still holds belongs to `finally`: it goes on.
        self.let_all_go()
    }
}
