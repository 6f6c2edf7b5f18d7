//! An iteration: which item starts next, and how the task ends.

use std::collections::VecDeque;

use crate::graph::{End, Items};

#[derive(Debug)]
pub(crate) struct Work {
    items: Items,
    /// How the last attempt of each item that has begun ended; `None` while one is under way.
    ends: Vec<Option<End>>,
    retries: Vec<usize>,
    again: VecDeque<usize>,
    /// Nothing new starts: more have failed than are tolerated.
    cut: bool,
}

impl Work {
    pub(crate) fn new(items: Items) -> Self {
        Self {
            items,
            ends: Vec::new(),
            retries: vec![0; items.count],
            again: VecDeque::new(),
            cut: false,
        }
    }

    fn under_way(&self) -> usize {
        self.ends.iter().filter(|end| end.is_none()).count() - self.again.len()
    }

    fn failed(&self) -> usize {
        let failed = |end: &&Option<End>| end.is_some_and(is_failure);
        self.ends.iter().filter(failed).count()
    }

    /// Returns the item that starts now, if one may: one that is tried again before a new one.
    pub(crate) fn start(&mut self) -> Option<usize> {
        if self.cut || self.under_way() >= self.items.concurrency {
            return None;
        }
        if let Some(again) = self.again.pop_front() {
            return Some(again);
        }
        let next = self.ends.len();
        (next < self.items.count).then(|| {
            self.ends.push(None);
            next
        })
    }

    /// An attempt has ended; with retries left, a failed one is made again, unless the run is
    /// stopped.
    pub(crate) fn end(&mut self, item: usize, end: End, retries: usize, stopped: bool) {
        if is_failure(end) && self.retries[item] < retries && !self.cut && !stopped {
            self.retries[item] += 1;
            self.again.push_back(item);
            return;
        }
        self.ends[item] = Some(end);
        self.cut |= !stopped && self.items.fail_fast && self.failed() > self.items.tolerated;
    }

    /// Returns how the task ends, once nothing is under way and nothing more starts.
    pub(crate) fn outcome(&self, stopped: bool) -> Option<End> {
        let all = self.ends.len() == self.items.count;
        if self.ends.contains(&None) || !(all || self.cut || stopped) {
            return None;
        }
        Some(if !all && !self.cut {
            End::Cancelled
        } else if self.failed() > self.items.tolerated {
            End::Failed
        } else {
            End::Succeeded
        })
    }

    /// The command `retry`: what has failed begins again, or all if nothing has.
    pub(crate) fn reopen(&mut self) {
        let all = self.failed() == 0;
        self.cut = false;
        for item in 0..self.ends.len() {
            if all || self.ends[item].is_some_and(is_failure) {
                self.ends[item] = None;
                self.again.push_back(item);
            }
        }
    }
}

fn is_failure(end: End) -> bool {
    matches!(end, End::Failed | End::TimedOut | End::Cancelled)
}
