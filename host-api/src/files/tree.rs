//! Files and directories in memory, all of one attempt counted together.
//!
//! A node lives as long as somebody names it or holds it open, and gives back what it took when
//! it goes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

/// Bytes of all files together.
pub const SCRATCH_BYTES: u64 = 16 << 20;

/// Files and directories together.
const MAX_NODES: u64 = 1_000;

/// The scratch files are over a limit. Ends the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// Of bytes.
    #[error("the action's scratch files are over their limit of {SCRATCH_BYTES} bytes")]
    Bytes,
    /// Of files and directories.
    #[error("the action has more than {MAX_NODES} scratch files")]
    Files,
}

/// The scratch files of one attempt.
#[derive(Clone, Debug)]
pub struct Scratch {
    root: Arc<Directory>,
}

/// What all nodes of an attempt take.
#[derive(Debug, Default)]
pub(super) struct Taken {
    bytes: AtomicU64,
    nodes: AtomicU64,
    /// Names nodes; never used again.
    last: AtomicU64,
}

/// A file or a directory.
#[derive(Clone, Debug)]
pub(super) enum Node {
    File(Arc<File>),
    Directory(Arc<Directory>),
}

/// A file.
#[derive(Debug)]
pub(super) struct File {
    id: u64,
    data: Mutex<Vec<u8>>,
    taken: Arc<Taken>,
}

/// A directory.
#[derive(Debug)]
pub(super) struct Directory {
    id: u64,
    entries: Mutex<BTreeMap<String, Node>>,
    taken: Arc<Taken>,
}

impl Default for Scratch {
    fn default() -> Self {
        let root = Directory {
            id: 0,
            entries: Mutex::default(),
            taken: Arc::default(),
        };
        Self {
            root: Arc::new(root),
        }
    }
}

impl Scratch {
    pub(super) fn root(&self) -> &Arc<Directory> {
        &self.root
    }
}

impl Taken {
    /// Counts a new node and names it.
    fn node(&self) -> Result<u64, Full> {
        if self.nodes.fetch_add(1, Ordering::Relaxed) >= MAX_NODES {
            self.nodes.fetch_sub(1, Ordering::Relaxed);
            return Err(Full::Files);
        }
        Ok(self.last.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Counts a file's growth.
    fn grow(&self, bytes: u64) -> Result<(), Full> {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > SCRATCH_BYTES {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Full::Bytes);
        }
        Ok(())
    }
}

impl Node {
    pub(super) fn id(&self) -> u64 {
        match self {
            Self::File(file) => file.id,
            Self::Directory(directory) => directory.id,
        }
    }
}

impl File {
    /// Returns the size.
    pub(super) fn len(&self) -> u64 {
        self.data().len() as u64
    }

    /// Returns at most `most` bytes from `offset` on; nothing is the end.
    pub(super) fn read(&self, offset: u64, most: usize) -> Vec<u8> {
        let data = self.data();
        let from = usize::try_from(offset).map_or(data.len(), |from| from.min(data.len()));
        let to = from.saturating_add(most).min(data.len());
        data[from..to].to_vec()
    }

    /// Writes `bytes` at `offset`; a gap is filled with zeros.
    pub(super) fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), Full> {
        let end = offset.saturating_add(bytes.len() as u64);
        if end > self.len() {
            self.set_len(end)?;
        }
        let from = usize::try_from(offset).map_err(|_| Full::Bytes)?;
        if let Some(place) = self.data().get_mut(from..from + bytes.len()) {
            place.copy_from_slice(bytes);
        }
        Ok(())
    }

    /// Cuts or fills the file to a size.
    pub(super) fn set_len(&self, size: u64) -> Result<(), Full> {
        let mut data = self.data();
        let before = data.len() as u64;
        if size > before {
            self.taken.grow(size - before)?;
        } else {
            self.taken.bytes.fetch_sub(before - size, Ordering::Relaxed);
        }
        let size = usize::try_from(size).map_err(|_| Full::Bytes)?;
        data.resize(size, 0);
        if size == 0 {
            data.shrink_to_fit();
        }
        Ok(())
    }

    fn data(&self) -> MutexGuard<'_, Vec<u8>> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.taken.bytes.fetch_sub(self.len(), Ordering::Relaxed);
        self.taken.nodes.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // The root was never counted.
        if self.id != 0 {
            self.taken.nodes.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Directory {
    /// Makes a file that no directory names yet.
    pub(super) fn new_file(&self) -> Result<Arc<File>, Full> {
        Ok(Arc::new(File {
            id: self.taken.node()?,
            data: Mutex::default(),
            taken: Arc::clone(&self.taken),
        }))
    }

    /// Makes a directory that no other names yet.
    pub(super) fn new_directory(&self) -> Result<Arc<Self>, Full> {
        Ok(Arc::new(Self {
            id: self.taken.node()?,
            entries: Mutex::default(),
            taken: Arc::clone(&self.taken),
        }))
    }

    /// Returns what `name` is here.
    pub(super) fn get(&self, name: &str) -> Option<Node> {
        self.entries().get(name).cloned()
    }

    /// Names a node; whatever had the name loses it.
    pub(super) fn insert(&self, name: String, node: Node) {
        // Dropped after the lock is given back: a directory may hold many.
        let before = self.entries().insert(name, node);
        drop(before);
    }

    /// Takes a name away.
    pub(super) fn remove(&self, name: &str) {
        let before = self.entries().remove(name);
        drop(before);
    }

    /// Tells whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// Returns all names and nodes.
    pub(super) fn list(&self) -> Vec<(String, Node)> {
        let entries = self.entries();
        let each = entries
            .iter()
            .map(|(name, node)| (name.clone(), node.clone()));
        each.collect()
    }

    /// Tells whether `other` is this directory or somewhere below it.
    pub(super) fn holds(&self, other: &Self) -> bool {
        self.id == other.id
            || self.list().iter().any(|(_, node)| match node {
                Node::File(_) => false,
                Node::Directory(below) => below.holds(other),
            })
    }

    /// Moves what `from` names to `to` in another directory, over what it may replace.
    pub(super) fn rename(&self, from: &str, target: &Self, to: &str) -> Result<(), ErrorCode> {
        let node = self.get(from).ok_or(ErrorCode::NoEntry)?;
        if let Node::Directory(directory) = &node
            && directory.holds(target)
        {
            return Err(ErrorCode::Invalid);
        }
        match (&node, target.get(to)) {
            (_, Some(before)) if before.id() == node.id() => return Ok(()),
            (Node::File(_), Some(Node::Directory(_))) => return Err(ErrorCode::IsDirectory),
            (Node::Directory(_), Some(Node::File(_))) => return Err(ErrorCode::NotDirectory),
            (Node::Directory(_), Some(Node::Directory(before))) if !before.is_empty() => {
                return Err(ErrorCode::NotEmpty);
            }
            (Node::File(_), Some(Node::File(_)) | None)
            | (Node::Directory(_), Some(Node::Directory(_)) | None) => {}
        }
        self.remove(from);
        target.insert(to.to_owned(), node);
        Ok(())
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, Node>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_and_given_back() {
        let scratch = Scratch::default();
        let root = scratch.root();
        let file = root.new_file().unwrap();
        file.write(SCRATCH_BYTES - 1, b"x").unwrap();
        assert_eq!(file.write(SCRATCH_BYTES, b"x"), Err(Full::Bytes));
        assert_eq!(file.write(u64::MAX, b"x"), Err(Full::Bytes));
        let other = root.new_file().unwrap();
        assert_eq!(other.write(0, b"x"), Err(Full::Bytes));
        file.set_len(10).unwrap();
        other.write(0, b"x").unwrap();
        drop((file, other));
        assert_eq!(root.taken.bytes.load(Ordering::Relaxed), 0);
        assert_eq!(root.taken.nodes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn file_that_is_open_counts_until_it_is_closed() {
        let scratch = Scratch::default();
        let root = scratch.root();
        let file = root.new_file().unwrap();
        root.insert("a".into(), Node::File(Arc::clone(&file)));
        file.write(0, &[0; 100]).unwrap();
        root.remove("a");
        assert_eq!(root.taken.bytes.load(Ordering::Relaxed), 100);
        drop(file);
        assert_eq!(root.taken.bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn files_are_counted() {
        let root = Arc::clone(Scratch::default().root());
        for index in 0..MAX_NODES {
            let file = root.new_file().unwrap();
            root.insert(index.to_string(), Node::File(file));
        }
        assert_eq!(root.new_directory().unwrap_err(), Full::Files);
        root.remove("7");
        assert!(root.new_directory().is_ok());
    }

    #[test]
    fn directory_does_not_move_into_itself() {
        let scratch = Scratch::default();
        let root = scratch.root();
        let (outer, inner) = (root.new_directory().unwrap(), root.new_directory().unwrap());
        outer.insert("inner".into(), Node::Directory(Arc::clone(&inner)));
        root.insert("outer".into(), Node::Directory(outer));
        assert_eq!(root.rename("outer", &inner, "x"), Err(ErrorCode::Invalid));
        assert_eq!(root.rename("none", root, "x"), Err(ErrorCode::NoEntry));
        assert_eq!(root.rename("outer", root, "outer"), Ok(()));
        assert_eq!(root.rename("outer", root, "moved"), Ok(()));
        assert!(root.get("moved").is_some() && root.get("outer").is_none());
    }
}
