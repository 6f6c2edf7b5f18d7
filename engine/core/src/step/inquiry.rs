//! `core.inquiry`: a task that waits until somebody answers.

use crate::effect::Effect;
use crate::error::{Failure, kind};
use crate::event::Outcome;
use crate::id::TaskId;
use crate::run::{Kind, State, TaskStatus, VisitId};
use crate::spec::schema::Schema;
use crate::value::Value;

use super::Refusal;
use super::machine::{Flow, Machine};
use super::settle::End;

const INPUTS: [&str; 3] = ["prompt", "schema", "assigned_to"];

impl Machine<'_> {
    pub(super) fn open_inquiry(&mut self, visit: VisitId, index: u32) -> Flow {
        let input = self.run.visit(visit).work.inputs.get(index as usize);
        let input = input.cloned().unwrap_or_default();
        let strange = match input.as_map() {
            Some(map) => map.keys().find(|key| !INPUTS.contains(&&***key)).cloned(),
            None => Some(input.type_name().into()),
        };
        if let Some(strange) = strange {
            let message =
                format!("an inquiry takes prompt, schema and assigned_to, not `{strange}`");
            let failure = Failure::engine(kind::INVALID_INPUT, message);
            return self.end_own(visit, index, End::failed(failure));
        }
        let schema = input.get("schema").filter(|schema| !schema.is_null());
        if let Some(Err(problems)) = schema.map(Schema::from_value) {
            let why = problems.first().map_or("", |problem| &problem.message);
            let message = format!("the schema of the answer is none: {why}");
            let failure = Failure::engine(kind::INVALID_INPUT, message);
            return self.end_own(visit, index, End::failed(failure));
        }
        self.set_own_timeout(visit, index);
        self.show(visit, index, TaskStatus::Waiting);
        if let Some(inquiry) = self.run.inquiry_of(visit, index) {
            self.effect(Effect::OpenInquiry(Box::new(inquiry)));
        }
        Ok(())
    }

    pub(super) fn inquiry_answered(&mut self, task: TaskId, value: &Value) -> Flow {
        let refused = Refusal::NotWaiting(task);
        let (visit, index) = self.run.find(task).ok_or(refused.clone())?;
        let asks = self.kind(visit) == Kind::Inquiry;
        let execution = self.run.visit(visit).work.execution(index);
        if !asks || execution.is_none_or(|execution| execution.state != State::Waiting) {
            return Err(refused.into());
        }
        self.direct = true;
        self.run.secret = self.run.secret || value.has_secret();
        self.effect(Effect::CloseInquiry { task });
        self.end_own(visit, index, End::ok(value.clone()))
    }

    /// What asks tells that nobody will answer: a channel that is down, or the mock of a rehearsal.
    pub(super) fn inquiry_failed(
        &mut self,
        (visit, index): (VisitId, u32),
        outcome: &Outcome,
    ) -> Flow {
        self.direct = true;
        match outcome {
            Outcome::TimedOut => self.inquiry_timed_out(visit, index),
            Outcome::Failed(failure) => {
                let task = self.run.visit(visit).id(index);
                self.effect(Effect::CloseInquiry { task });
                self.end_own(visit, index, End::failed(failure.clone()))
            }
            Outcome::Succeeded(_) | Outcome::Interrupted | Outcome::Abandoned => {
                Err(Refusal::Stale.into())
            }
        }
    }

    pub(super) fn inquiry_timed_out(&mut self, visit: VisitId, index: u32) -> Flow {
        let task = self.run.visit(visit).id(index);
        self.effect(Effect::CloseInquiry { task });
        self.end_own(visit, index, End::timed_out("the answer"))
    }
}
