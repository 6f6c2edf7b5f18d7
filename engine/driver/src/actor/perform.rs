//! Lets out what the disk has caught up with, in order.

use attune_core::event::Parent;
use attune_core::{AttemptId, Effect, EventKind, RunId};

use super::Actor;
use super::bench::Bench;
use super::keys::{Claim, KeyRequest};
use super::outputs::Output;
use crate::handle::Started;
use crate::machine::{Answer, Machine};
use crate::message::Peer;
use crate::port::{Store, StoreError};
use crate::ports::World;

/// Who pauses, resumes and cancels a child.
pub(super) const PARENT: &str = "parent";

impl<W: World> Actor<W> {
    /// Performs every output whose position is on disk.
    pub(super) fn let_out(&mut self) -> Result<(), StoreError> {
        let synced = self.bench.shared.ports().store.synced();
        self.bench.synced = self.bench.synced.max(synced);
        while let Some(output) = self.bench.outputs.pop(self.bench.synced) {
            self.perform(output)?;
        }
        Ok(())
    }

    fn perform(&mut self, output: Output) -> Result<(), StoreError> {
        match output {
            Output::Answer(answer) => reply(answer),
            Output::Offer(attempt) => self.bench.offer(attempt),
            Output::Interrupt(id) => self.bench.interrupt(id),
            Output::Send(to, peer) => self.bench.send(to, peer),
            Output::Child(parent, start) => self.create_child(parent, *start),
            Output::Progress(run, progress) => self.watches.tell(run, progress),
            // Whoever waited may be gone.
            Output::Ended(ended, inspected) => drop(ended.send(*inspected)),
            Output::Settle(run) => self.settle(run),
        }
        Ok(())
    }
}

fn reply(answer: Answer) {
    match answer {
        Answer::Command(reply, result) => reply.send(result),
        Answer::Start(reply) => {
            let started = Started {
                run: reply.run,
                replayed: false,
            };
            drop(reply.answer.send(Ok(started)));
            drop(reply.claim);
        }
    }
}

impl<W: World> Bench<W> {
    /// Queues an effect of a run until its latest append is on disk.
    pub(super) fn queue_effect(&mut self, machine: &mut Machine, effect: Effect) {
        let run = machine.id;
        let output = match effect {
            Effect::InterruptAttempt { task, attempt } => Output::Interrupt(AttemptId {
                run: machine.id,
                task,
                attempt,
            }),
            Effect::StartChild(start) => {
                machine.creating += 1;
                Output::Child(machine.id, start)
            }
            Effect::CancelChild { child, mode } => {
                let by = PARENT.into();
                self.to_run(child, EventKind::CancelRequested { mode, by })
            }
            Effect::PauseChild { child } => {
                let reason = Some(pause_reason(machine.id).into());
                let by = PARENT.into();
                self.to_run(child, EventKind::PauseRequested { reason, by })
            }
            Effect::ResumeChild { child } => {
                let by = PARENT.into();
                self.to_run(child, EventKind::ResumeRequested { by })
            }
            Effect::ReportToParent { parent, ended } => {
                self.to_run(parent, EventKind::ChildEnded(ended))
            }
            Effect::AcquireKey {
                task,
                key,
                overlap,
                priority,
            } => self.to_home(KeyRequest::Acquire {
                key,
                claim: Claim { run, task },
                overlap,
                priority,
            }),
            Effect::ReleaseKey { task, key } => {
                let claim = Claim { run, task };
                self.to_home(KeyRequest::Release { key, claim })
            }
            // Attempts and timers were seen to when they came up; inquiries are rows.
            Effect::StartAttempt(_)
            | Effect::SetTimer { .. }
            | Effect::CancelTimer { .. }
            | Effect::OpenInquiry(_)
            | Effect::CloseInquiry { .. } => return,
        };
        self.outputs.push(machine.tail, output);
    }

    fn to_run(&self, run: RunId, kind: EventKind) -> Output {
        Output::Send(self.shared.owner(run), Peer::Deliver { run, kind })
    }

    /// Tries to create a child again when the store may have caught up.
    pub(super) fn again_later(&mut self, parent: Parent) {
        let clock = std::sync::Arc::clone(&self.shared.ports().clock);
        let at = self.now.after(crate::config::CHILD_AGAIN);
        self.chores.push(Box::pin(async move {
            crate::port::Clock::sleep_until(&*clock, at).await;
            super::sources::Done::Again(parent)
        }));
    }
}

/// The reason that a child shows which its parent has paused.
pub(super) fn pause_reason(parent: RunId) -> String {
    format!("run `{parent}` is paused")
}
