//! What may leave the process only when the disk has what it depends on, in order.

use std::collections::VecDeque;

use attune_core::{AttemptId, RunId};
use tokio::sync::oneshot;

use crate::handle::Inspected;
use crate::machine::Answer;
use crate::message::Peer;
use crate::port::{Attempt, Position};
use crate::progress::Progress;

/// Something that leaves when its position is durable.
#[derive(Debug)]
pub(super) enum Output {
    /// An answer to a request.
    Answer(Answer),
    /// An effectful attempt.
    Offer(Box<Attempt>),
    /// Stop an attempt.
    Interrupt(AttemptId),
    /// A message to another run, in the care of that actor.
    Send(usize, Peer),
    /// Create the child that this task execution of the run waits for.
    Child(RunId, Box<attune_core::effect::StartChild>),
    /// Tell watchers how far the run is.
    Progress(RunId, Progress),
    /// Hand the machine of an ended run to who waits for it.
    Ended(oneshot::Sender<Inspected>, Box<Inspected>),
    /// Look whether the run may leave the memory.
    Settle(RunId),
}

/// The queue of outputs, rising in position.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    queue: VecDeque<(Position, Output)>,
    /// Positions that somebody waits for, rising.
    urgent: VecDeque<Position>,
}

impl Outputs {
    /// Queues an output. Positions of one actor never fall, because a run's events are appended
    /// in order; an output that depends on an older position only leaves a little late.
    pub(super) fn push(&mut self, position: Position, output: Output) {
        let last = self.queue.back().map_or(position, |(last, _)| *last);
        let position = position.max(last);
        if output.is_urgent() && self.urgent.back() != Some(&position) {
            self.urgent.push_back(position);
        }
        self.queue.push_back((position, output));
    }

    /// Takes the next output that `synced` covers.
    pub(super) fn pop(&mut self, synced: Position) -> Option<Output> {
        while self.urgent.front().is_some_and(|first| *first <= synced) {
            self.urgent.pop_front();
        }
        let ready = self.queue.front().is_some_and(|(at, _)| *at <= synced);
        if ready {
            self.queue.pop_front().map(|(_, output)| output)
        } else {
            None
        }
    }

    /// Returns the first position that somebody waits for.
    pub(super) fn awaited(&self) -> Option<Position> {
        self.urgent.front().copied()
    }

    /// Makes everything that is queued urgent.
    pub(super) fn hurry(&mut self) {
        if let Some((last, _)) = self.queue.back() {
            self.urgent.clear();
            self.urgent.push_back(*last);
        }
    }

    /// Tells whether nothing is queued.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

impl Output {
    /// Tells whether somebody waits for it. What nobody waits for leaves with the next commit.
    fn is_urgent(&self) -> bool {
        match self {
            Self::Answer(Answer::Start(reply)) => reply.hurried,
            Self::Settle(_) => false,
            Self::Answer(Answer::Command(..))
            | Self::Offer(_)
            | Self::Interrupt(_)
            | Self::Send(..)
            | Self::Child(..)
            | Self::Progress(..)
            | Self::Ended(..) => true,
        }
    }
}
