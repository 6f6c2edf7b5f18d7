//! Keeps memory bounded: runs that are over leave it, and beyond a number of machines those that
//! have waited longest, and then those that have not begun, go back into the store.

use attune_core::RunId;

use super::Actor;
use super::bench::Bench;
use super::outputs::Output;
use super::slots::Slot;
use crate::config::SNAPSHOT_EVENTS;
use crate::machine::Machine;
use crate::port::StoreError;
use crate::ports::World;

impl<W: World> Bench<W> {
    /// Arranges for a run that nothing happens to: over, it leaves the memory once the disk has
    /// it; waiting, it may be evicted.
    pub(super) fn settle_later(&mut self, machine: &mut Machine) {
        if !machine.is_quiet() || machine.in_ring {
            return;
        }
        if machine.run.status().is_over() {
            self.outputs.push(machine.tail, Output::Settle(machine.id));
        } else {
            self.stamp += 1;
            machine.idle = self.stamp;
            self.idle.push_back((machine.id, self.stamp));
        }
    }
}

impl<W: World> Actor<W> {
    /// Lets a run that is over leave the memory.
    pub(super) fn settle(&mut self, run: RunId) {
        let machine = self.slots.resident(run);
        let leaves = machine.is_some_and(|machine| {
            machine.run.status().is_over() && machine.is_quiet() && !machine.in_ring
        });
        if leaves {
            self.leave(run);
        }
    }

    /// Puts runs back into the store while there are too many in memory.
    pub(super) fn evict(&mut self) -> Result<(), StoreError> {
        let limit = self.bench.shared.config.machines;
        self.evict_idle(limit)?;
        self.evict_ready(limit)?;
        self.tidy_idle(limit);
        Ok(())
    }

    /// Makes room for one more run; tells whether there is.
    pub(super) fn make_room(&mut self) -> Result<bool, StoreError> {
        let limit = self.bench.shared.config.machines.max(1);
        self.evict_idle(limit - 1)?;
        Ok(self.slots.len() < limit)
    }

    /// Puts back runs that wait, those that have waited longest first.
    fn evict_idle(&mut self, limit: usize) -> Result<(), StoreError> {
        while self.slots.len() > limit {
            let Some((run, stamp)) = self.bench.idle.pop_front() else {
                break;
            };
            // A run that has moved since has a later entry, or is not idle; one whose timer is due
            // moves in the next turn, and put back it would only be fetched again.
            let now = self.bench.now;
            let idle = |machine: &&mut Machine| {
                machine.idle == stamp
                    && !machine.in_ring
                    && machine.is_quiet()
                    && machine.run.timers().iter().all(|(_, due)| *due > now)
            };
            let Some(machine) = self.slots.resident(run).filter(idle) else {
                continue;
            };
            if machine.tail > self.bench.synced {
                self.bench.idle.push_front((run, stamp));
                // Nobody else may wait for the disk, and who waits for room must look again.
                if self.bench.outputs.is_empty() {
                    self.bench.outputs.push(machine.tail, Output::Settle(run));
                }
                break;
            }
            self.put_back(run)?;
        }
        Ok(())
    }

    /// Drops outdated entries of the list of idle runs when most of it is outdated.
    fn tidy_idle(&mut self, limit: usize) {
        if self.bench.idle.len() > 2 * limit + SPARE {
            let slots = &mut self.slots;
            let current = |(run, stamp): &(RunId, u64)| {
                let machine = slots.resident(*run);
                machine.is_some_and(|machine| machine.idle == *stamp)
            };
            self.bench.idle.retain(current);
        }
    }

    /// Puts back ready runs that came last and have nothing in flight. The first stays: it is
    /// served next, and runs that push each other out before that would never go on.
    fn evict_ready(&mut self, limit: usize) -> Result<(), StoreError> {
        while self.slots.len() > limit && self.bench.ring.len() > 1 {
            let Some(&run) = self.bench.ring.back() else {
                break;
            };
            let synced = self.bench.synced;
            let Some(machine) = self.slots.resident(run) else {
                self.bench.ring.pop_back();
                continue;
            };
            if !machine.is_quiet() || machine.tail > synced {
                break;
            }
            machine.in_ring = false;
            self.bench.ring.pop_back();
            self.put_back(run)?;
            self.loader.left_ready(run);
        }
        Ok(())
    }

    fn put_back(&mut self, run: RunId) -> Result<(), StoreError> {
        let Some(machine) = self.slots.resident(run) else {
            return Ok(());
        };
        if machine.events - machine.kept >= SNAPSHOT_EVENTS {
            self.bench.append_snapshot(machine)?;
        }
        self.leave(run);
        Ok(())
    }

    fn leave(&mut self, run: RunId) {
        let Some(Slot::Resident(machine)) = self.slots.remove(run) else {
            return;
        };
        for (timer, due) in machine.run.timers() {
            self.bench.timers.leave(due, run, timer);
        }
    }
}

/// Entries beyond twice the machines before outdated ones are dropped.
const SPARE: usize = 1_024;
