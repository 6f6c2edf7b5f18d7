//! Messages to other actors whose mailboxes may be full. An actor never waits for another one,
//! or two could wait for each other.

use std::collections::VecDeque;

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use crate::config::OUTBOX;
use crate::message::Peer;

/// Messages on their way, in order for each receiver.
#[derive(Debug)]
pub(super) struct Outbox {
    lanes: Vec<(Sender<Peer>, VecDeque<Peer>)>,
    waiting: usize,
}

impl Outbox {
    pub(super) fn new(lanes: Vec<Sender<Peer>>) -> Self {
        let lanes = lanes.into_iter().map(|lane| (lane, VecDeque::new()));
        Self {
            lanes: lanes.collect(),
            waiting: 0,
        }
    }

    /// Sends a message, or keeps it until there is room.
    pub(super) fn push(&mut self, to: usize, peer: Peer) {
        let (lane, waiting) = &mut self.lanes[to];
        if waiting.is_empty() {
            match lane.try_send(peer) {
                Ok(()) | Err(TrySendError::Closed(_)) => return,
                Err(TrySendError::Full(peer)) => waiting.push_back(peer),
            }
        } else {
            waiting.push_back(peer);
        }
        self.waiting += 1;
    }

    /// Sends what there is room for.
    pub(super) fn drain(&mut self) {
        if self.waiting == 0 {
            return;
        }
        for (lane, waiting) in &mut self.lanes {
            while let Some(peer) = waiting.pop_front() {
                match lane.try_send(peer) {
                    Ok(()) | Err(TrySendError::Closed(_)) => self.waiting -= 1,
                    Err(TrySendError::Full(peer)) => {
                        waiting.push_front(peer);
                        break;
                    }
                }
            }
        }
    }

    /// Returns a receiver that must be waited for.
    pub(super) fn blocked(&self) -> Option<Sender<Peer>> {
        let mut lanes = self.lanes.iter();
        let blocked = lanes.find(|(_, waiting)| !waiting.is_empty());
        blocked.map(|(lane, _)| lane.clone())
    }

    /// Tells whether so much waits that nothing new should be begun.
    pub(super) fn is_full(&self) -> bool {
        self.waiting >= OUTBOX
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }
}
