//! What people do while a rehearsal goes on, and when.

use crate::event::EventKind;
use crate::run::RunStatus;
use crate::time::Millis;
use crate::value::Value;

use super::case::{Op, OpKind};
use super::mock::length;

/// An operation that has not been done yet.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) moment: Moment,
    pub(super) op: Op,
}

/// When an operation is done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Moment {
    /// After a task, or an item of it, before its transitions.
    After(String, Option<u32>),
    /// When the run has this status.
    Status(RunStatus),
    /// At a virtual time.
    Time(Millis),
    /// Nobody can tell.
    Never,
}

impl Planned {
    pub(super) fn new(op: &Op) -> Self {
        Self {
            moment: moment(op),
            op: op.clone(),
        }
    }

    /// Returns the event for the run, but for an answer, which needs to know who waits.
    pub(super) fn event(&self) -> Option<EventKind> {
        let by = || "tester".into();
        match self.op.op {
            OpKind::Pause => Some(EventKind::PauseRequested {
                reason: None,
                by: by(),
            }),
            OpKind::Resume => Some(EventKind::ResumeRequested { by: by() }),
            OpKind::Cancel => Some(EventKind::CancelRequested {
                mode: self.op.mode,
                by: by(),
            }),
            OpKind::Respond => None,
        }
    }

    pub(super) fn answer(&self) -> Value {
        Value::from_serde(&self.op.value)
    }
}

fn moment(op: &Op) -> Moment {
    if let Some(after) = &op.after {
        let item = after
            .strip_suffix(']')
            .and_then(|text| text.split_once('['));
        return match item {
            Some((task, index)) => Moment::After(task.to_owned(), index.parse().ok()),
            None => Moment::After(after.clone(), None),
        };
    }
    let Some(at) = &op.at else {
        return Moment::Never;
    };
    let status = at.as_str().and_then(RunStatus::parse).map(Moment::Status);
    status
        .or_else(|| length(at).map(Moment::Time))
        .unwrap_or(Moment::Never)
}
