//! `core.sleep`: a durable timer.

use crate::error::{Failure, kind};
use crate::run::{TaskStatus, TimerKind, VisitId};
use crate::value::Value;

use super::machine::{Flow, Machine};
use super::open::duration;
use super::settle::End;

impl Machine<'_> {
    pub(super) fn start_sleep(&mut self, visit: VisitId, index: u32) -> Flow {
        let work = &self.run.visit(visit).work;
        let input = work.inputs.get(index as usize).cloned().unwrap_or_default();
        let seconds = input.get("seconds").cloned().unwrap_or_default();
        let length = match duration(Ok(seconds)) {
            Ok(length) => length,
            Err(message) => {
                let failure = Failure::engine(kind::INVALID_INPUT, format!("`seconds`: {message}"));
                return self.end_own(visit, index, End::failed(failure));
            }
        };
        let timeout = work.plan(index).timeout.filter(|timeout| *timeout < length);
        let (wait, kind) = match timeout {
            Some(timeout) => (timeout, TimerKind::Timeout(visit, index)),
            None => (length, TimerKind::Sleep(visit, index)),
        };
        let timer = self.set_timer(self.at.after(wait), kind);
        self.execution_mut(visit, index).timer = Some(timer);
        self.show(visit, index, TaskStatus::Waiting);
        Ok(())
    }

    pub(super) fn sleep_over(&mut self, visit: VisitId, index: u32) -> Flow {
        self.end_own(visit, index, End::ok(Value::Null))
    }
}
