//! The run as a whole: when nothing is queued, running or waiting, its next part begins.

use crate::effect::Effect;
use crate::event::ChildEnded;
use crate::run::{GraphId, Phase, RunStatus, Tier};

use super::machine::{Flow, Machine};

impl Machine<'_> {
    /// Takes the run to its next phase if nothing in it is pending; tells whether it did.
    pub(super) fn advance(&mut self) -> Flow<bool> {
        let root = GraphId::default();
        let pending = self.run.graph(root).live > 0 || !self.run.queue.is_empty();
        if self.is_paused() || pending {
            return Ok(false);
        }
        let ends_early = self.run.stop.cancelled.is_some() || self.run.stop.timed_out;
        match self.run.phase {
            Phase::Before | Phase::Over => return Ok(false),
            Phase::Main => {
                if !ends_early {
                    self.report_unreachable(root);
                }
                let fails = !self.run.graph(root).failures.is_empty();
                if fails && !ends_early && !self.definition.on_failure.is_empty() {
                    self.run.phase = Phase::OnFailure;
                    self.start_all(&self.definition.on_failure, Tier::OnFailure)?;
                } else {
                    self.begin_finally()?;
                }
            }
            Phase::OnFailure => {
                if !ends_early {
                    self.report_unreachable(root);
                }
                self.begin_finally()?;
            }
            Phase::Finally => {
                if !ends_early {
                    self.report_unreachable(root);
                }
                self.end()?;
            }
        }
        Ok(true)
    }

    fn begin_finally(&mut self) -> Flow {
        self.run.phase = Phase::Finally;
        if let Some(timer) = self.run.timeout.take() {
            self.cancel_timer(timer);
        }
        self.start_all(&self.definition.finally, Tier::Finally)
    }

    /// Ends the run.
    pub(super) fn end(&mut self) -> Flow {
        self.run.phase = Phase::Over;
        self.render_output()?;
        self.run.completed = Some(self.at);
        let timers: Vec<_> = self.run.timers.keys().copied().collect();
        timers
            .into_iter()
            .for_each(|timer| self.cancel_timer(timer));
        let status = self.run.prospective_status();
        self.set_status(status);
        if let Some(key) = self.run.held_key.take() {
            self.effect(Effect::ReleaseKey { task: None, key });
        }
        if let Some(report) = self.run.report() {
            self.effect(report);
        }
        Ok(())
    }
}

impl crate::run::Run {
    /// Returns how the run ends if nothing more happens.
    pub(crate) fn prospective_status(&self) -> RunStatus {
        if self.stop.timed_out {
            RunStatus::Timeout
        } else if self.stop.cancelled.is_some() {
            RunStatus::Cancelled
        } else if self.graph(GraphId::default()).failures.is_empty() {
            RunStatus::Completed
        } else {
            RunStatus::Failed
        }
    }

    /// Returns the message to the parent of a run that has ended.
    pub(crate) fn report(&self) -> Option<Effect> {
        let request = &self.born().request;
        let parent = request.parent.filter(|_| self.status().is_over())?;
        Some(Effect::ReportToParent {
            parent: parent.run,
            ended: Box::new(ChildEnded {
                task: parent.task,
                child: request.run,
                status: self.status(),
                output: self.output.clone(),
                errors: self
                    .errors()
                    .into_iter()
                    .map(|error| error.failure)
                    .collect(),
                usage: self.usage,
            }),
        })
    }
}
