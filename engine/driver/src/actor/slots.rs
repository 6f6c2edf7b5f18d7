//! The runs an actor has in memory, or is about to.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use attune_core::RunId;

use crate::machine::Machine;
use crate::message::Letter;

/// A hash table keyed by ids. Ids are numbers given in order, never chosen by a client, so a
/// multiplication spreads them well enough; and the order of iteration is the same in each
/// simulation of a seed.
pub(super) type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// Hashes ids by multiplication.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

/// The runs in memory.
#[derive(Debug, Default)]
pub(super) struct Slots {
    map: IdMap<RunId, Slot>,
}

/// A run in memory, or about to be.
#[derive(Debug)]
pub(super) enum Slot {
    /// Being loaded; what has come for it meanwhile.
    Loading(VecDeque<Letter>),
    /// In memory.
    Resident(Box<Machine>),
}

impl Slots {
    pub(super) fn get_mut(&mut self, run: RunId) -> Option<&mut Slot> {
        self.map.get_mut(&run)
    }

    pub(super) fn resident(&mut self, run: RunId) -> Option<&mut Machine> {
        match self.map.get_mut(&run)? {
            Slot::Resident(machine) => Some(machine),
            Slot::Loading(_) => None,
        }
    }

    pub(super) fn contains(&self, run: RunId) -> bool {
        self.map.contains_key(&run)
    }

    pub(super) fn insert(&mut self, run: RunId, slot: Slot) -> Option<Slot> {
        self.map.insert(run, slot)
    }

    pub(super) fn remove(&mut self, run: RunId) -> Option<Slot> {
        self.map.remove(&run)
    }

    pub(super) fn len(&self) -> usize {
        self.map.len()
    }
}
