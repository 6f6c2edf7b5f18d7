//! A list that only grows, in shared chunks.
//!
//! Cloning it copies one pointer per chunk, and changing an element of a clone copies one chunk:
//! so a step on a copy of a run costs the same whatever the run's size.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Elements per chunk: few enough to copy, many enough to keep the list of chunks short.
const CHUNK: usize = 64;

/// A list that only grows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Chunked<T> {
    chunks: Vec<Arc<Vec<T>>>,
}

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T: Clone> Chunked<T> {
    pub(crate) fn len(&self) -> usize {
        match self.chunks.last() {
            None => 0,
            Some(last) => (self.chunks.len() - 1) * CHUNK + last.len(),
        }
    }

    pub(crate) fn push(&mut self, element: T) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => Arc::make_mut(last).push(element),
            _ => self.chunks.push(Arc::new(vec![element])),
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        Arc::make_mut(self.chunks.get_mut(index / CHUNK)?).get_mut(index % CHUNK)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::Chunked;

    #[test]
    fn a_changed_clone_leaves_the_original() {
        let mut list = Chunked::default();
        (0..200).for_each(|n| list.push(n));
        let mut copy = list.clone();
        *copy.get_mut(130).unwrap() = 7;
        copy.push(200);
        assert_eq!((list.len(), copy.len()), (200, 201));
        assert_eq!((list.get(130), copy.get(130)), (Some(&130), Some(&7)));
        assert!(list.iter().copied().eq(0..200));
        assert_eq!(list.get(200), None);
    }
}
