//! A disk that crashes: what was written since the last sync is kept aside, and a crash keeps any
//! part of it, torn at 512 bytes, with the file's length before or after.

use std::io::{Error, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

/// Disks write this much at once or not at all.
const SECTOR_BYTES: usize = 512;

/// `SplitMix64`: small, and its streams for neighbouring seeds have nothing in common.
#[derive(Clone, Debug)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Returns a number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

#[derive(Debug)]
enum Change {
    Write { offset: usize, data: Vec<u8> },
    Length(usize),
}

#[derive(Debug, Default)]
struct State {
    /// What the process sees.
    seen: Vec<u8>,
    /// What is on disk for sure.
    synced: Vec<u8>,
    unsynced: Vec<Change>,
    /// Calls until the next failure.
    fuse: Option<u64>,
    dead: bool,
    syncs: u64,
}

/// See the module. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

impl Disk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Lets the call after `calls` others fail, and all after it.
    pub(crate) fn light_fuse(&self, calls: u64) {
        self.state().fuse = Some(calls);
    }

    pub(crate) fn syncs(&self) -> u64 {
        self.state().syncs
    }

    /// Tells whether calls fail.
    pub(crate) fn is_dead(&self) -> bool {
        self.state().dead
    }

    /// Makes calls work again, on what a mere failure leaves: all that the process has written.
    pub(crate) fn revive(&self) {
        let mut state = self.state();
        state.dead = false;
        state.fuse = None;
    }

    /// Returns the disk as a crash now leaves it.
    pub(crate) fn crash(&self, chance: &mut Chance) -> Self {
        let mut state = self.state();
        state.dead = true;
        let mut image = state.synced.clone();
        // Sometimes nearly all of it arrives, sometimes nearly nothing.
        let keep = [0, 5, 50, 95, 100][chance.below(5) as usize];
        let lengths: Vec<usize> = state
            .unsynced
            .iter()
            .filter_map(|change| match change {
                Change::Length(length) => Some(*length),
                Change::Write { .. } => None,
            })
            .collect();
        if chance.percent(keep.max(20)) && !lengths.is_empty() {
            image.resize(lengths[chance.below(lengths.len() as u64) as usize], 0);
        }
        for change in &state.unsynced {
            let Change::Write { offset, data } = change else {
                continue;
            };
            let mut at = 0;
            while at < data.len() {
                let sector_end = (offset + at) / SECTOR_BYTES * SECTOR_BYTES + SECTOR_BYTES;
                let end = data.len().min(sector_end - offset);
                if chance.percent(keep) {
                    put(&mut image, offset + at, &data[at..end]);
                }
                at = end;
            }
        }
        Self(Arc::new(Mutex::new(State {
            seen: image.clone(),
            synced: image,
            ..State::default()
        })))
    }
}

/// Writes what fits into `image`.
fn put(image: &mut [u8], offset: usize, data: &[u8]) {
    if offset < image.len() {
        let end = image.len().min(offset + data.len());
        image[offset..end].copy_from_slice(&data[..end - offset]);
    }
}

impl State {
    fn call(&mut self) -> Result<(), Error> {
        match &mut self.fuse {
            Some(0) => self.dead = true,
            Some(calls) => *calls -= 1,
            None => {}
        }
        if self.dead {
            return Err(Error::other("the disk has crashed"));
        }
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, Error> {
        Ok(self.state().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        let state = self.state();
        let from = offset as usize;
        let bytes = state.seen.get(from..from + out.len());
        out.copy_from_slice(bytes.ok_or(Error::from(ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), Error> {
        let mut state = self.state();
        state.call()?;
        state.seen.resize(len as usize, 0);
        state.unsynced.push(Change::Length(len as usize));
        Ok(())
    }

    fn sync_data(&self) -> Result<(), Error> {
        let mut state = self.state();
        state.call()?;
        state.syncs += 1;
        for change in std::mem::take(&mut state.unsynced) {
            match change {
                Change::Write { offset, data } => put(&mut state.synced, offset, &data),
                Change::Length(length) => state.synced.resize(length, 0),
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        let mut state = self.state();
        state.call()?;
        let offset = offset as usize;
        put(&mut state.seen, offset, data);
        state.unsynced.push(Change::Write {
            offset,
            data: data.to_vec(),
        });
        Ok(())
    }
}
