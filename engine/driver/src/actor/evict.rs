//! Keeps memory bounded: runs that are over leave it, and beyond a number of machines those that
//! have waited longest, and then those that have not begun, go back into the store.

use attune_core::RunId;

use super::Actor;
use super::bench::Bench;
use super::outputs::Output;
use super::slots::Slot;
use crate::config::SNAPSHOT_EVENTS;
use crate::machine::Machine;
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
    pub(super) fn evict(&mut self) {
        // Entries of runs that have moved since pile up in front; they are not waiting any more.
        let limit = self.bench.shared.config.machines;
        while self.slots.len() > limit || self.bench.idle.len() > 2 * limit + SPARE {
            let Some((run, stamp)) = self.bench.idle.pop_front() else {
                break;
            };
            let still = |machine: &&mut Machine| machine.idle == stamp && !machine.in_ring;
            let Some(machine) = self.slots.resident(run).filter(still) else {
                continue;
            };
            if !machine.is_quiet() {
                continue;
            }
            if machine.tail > self.bench.synced {
                self.bench.idle.push_front((run, stamp));
                break;
            }
            if self.slots.len() > limit {
                self.put_back(run);
            } else {
                self.bench.idle.push_back((run, stamp));
                break;
            }
        }
        self.evict_ready(limit);
    }

    /// Puts back ready runs that came last and have nothing in flight.
    fn evict_ready(&mut self, limit: usize) {
        while self.slots.len() > limit {
            let Some(&run) = self.bench.ring.back() else {
                return;
            };
            let synced = self.bench.synced;
            let Some(machine) = self.slots.resident(run) else {
                self.bench.ring.pop_back();
                continue;
            };
            if !machine.is_quiet() || machine.tail > synced {
                return;
            }
            machine.in_ring = false;
            self.bench.ring.pop_back();
            self.put_back(run);
            self.loader.left_ready(run);
        }
    }

    fn put_back(&mut self, run: RunId) {
        let Some(machine) = self.slots.resident(run) else {
            return;
        };
        if machine.events - machine.kept >= SNAPSHOT_EVENTS
            && self.bench.append_snapshot(machine).is_err()
        {
            // The next append will tell; until then the machine stays.
            return;
        }
        self.leave(run);
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
