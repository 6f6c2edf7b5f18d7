//! Timers come due.

use crate::event::{CancelMode, TimerId};
use crate::run::{Held, Kind, Stage, State, TimerKind, VisitId};

use super::Refusal;
use super::cut::Cut;
use super::machine::{Flow, Machine};
use super::settle::End;

impl Machine<'_> {
    pub(super) fn timer_fired(&mut self, timer: TimerId) -> Flow {
        let set = self.run.timers.remove(&timer).ok_or(Refusal::Stale)?;
        self.out.timers_gone.push((timer, set.due));
        self.direct = true;
        let held = match set.kind {
            TimerKind::Delay(_) | TimerKind::Retry(..) | TimerKind::Sleep(..) => self.is_paused(),
            TimerKind::Start
            | TimerKind::RunTimeout
            | TimerKind::Deadline(_)
            | TimerKind::Timeout(..) => false,
        };
        if held {
            self.run.held.push_back(Held::Due(set.kind));
            return Ok(());
        }
        self.came_due(set.kind)
    }

    /// Does what a timer was set for.
    pub(super) fn came_due(&mut self, kind: TimerKind) -> Flow {
        match kind {
            TimerKind::Start => self.pass_time_gate(),
            TimerKind::RunTimeout => self.run_timed_out(),
            TimerKind::Delay(visit) if self.run.visit(visit).stage == Stage::Delayed => {
                self.delay_over(visit)
            }
            TimerKind::Deadline(visit) => {
                self.cut(visit, Cut::TIMED_OUT);
                Ok(())
            }
            TimerKind::Retry(visit, index) if self.state(visit, index) == Some(State::Backoff) => {
                self.ready_again(visit, index)
            }
            TimerKind::Sleep(visit, index) if self.state(visit, index) == Some(State::Waiting) => {
                self.sleep_over(visit, index)
            }
            TimerKind::Timeout(visit, index)
                if self.state(visit, index) == Some(State::Waiting) =>
            {
                self.timed_out(visit, index)
            }
            TimerKind::Delay(_)
            | TimerKind::Retry(..)
            | TimerKind::Sleep(..)
            | TimerKind::Timeout(..) => Ok(()),
        }
    }

    fn state(&self, visit: VisitId, index: u32) -> Option<State> {
        let execution = self.run.visit(visit).work.execution(index);
        execution.map(|execution| execution.state)
    }

    /// The timeout of what the machine itself runs has passed.
    fn timed_out(&mut self, visit: VisitId, index: u32) -> Flow {
        match self.kind(visit) {
            Kind::Block => {
                self.block_timed_out(visit);
                Ok(())
            }
            Kind::Inquiry => self.inquiry_timed_out(visit, index),
            Kind::Child => {
                let found = self.run.visit(visit);
                let child = found
                    .work
                    .execution(index)
                    .and_then(|execution| execution.child);
                self.cancel_child(found.id(index), child, CancelMode::CancelRunning);
                self.end_own(visit, index, End::timed_out("the workflow"))
            }
            Kind::Sleep | Kind::Action => self.end_own(visit, index, End::timed_out("the task")),
        }
    }
}
