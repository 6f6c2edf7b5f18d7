//! A list that only grows, in shared chunks of shared chunks.
//!
//! Cloning it copies one pointer per thousand elements, and changing an element of a clone copies
//! one small chunk and the pointers beside it: so a step on a copy of a run costs the same
//! whatever the run's size.

use std::sync::Arc;

use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Elements per chunk: few, since they are copied one by one.
const CHUNK: usize = 16;
/// Chunks per block: more, since a pointer is cheaply copied.
const BLOCK: usize = 64;
/// Elements of a group as the list is written: the form stored runs have.
const GROUP: usize = 64;

/// A list that only grows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chunked<T> {
    blocks: Vec<Arc<Vec<Chunk<T>>>>,
    len: usize,
}

type Chunk<T> = Arc<Vec<T>>;

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self {
            blocks: Vec::new(),
            len: 0,
        }
    }
}

impl<T: Clone> Chunked<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, element: T) {
        if self.len.is_multiple_of(CHUNK * BLOCK) {
            self.blocks.push(Arc::new(Vec::new()));
        }
        let block = self
            .blocks
            .last_mut()
            .expect("one was just pushed, or is not full");
        let block = Arc::make_mut(block);
        match block.last_mut() {
            Some(last) if last.len() < CHUNK => Arc::make_mut(last).push(element),
            _ => block.push(Arc::new(vec![element])),
        }
        self.len += 1;
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        let block = self.blocks.get(index / (CHUNK * BLOCK))?;
        block.get(index / CHUNK % BLOCK)?.get(index % CHUNK)
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        let block = Arc::make_mut(self.blocks.get_mut(index / (CHUNK * BLOCK))?);
        let chunk = Arc::make_mut(block.get_mut(index / CHUNK % BLOCK)?);
        chunk.get_mut(index % CHUNK)
    }
}

impl<T> Chunked<T> {
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        let chunks = self.blocks.iter().flat_map(|block| block.iter());
        chunks.flat_map(|chunk| chunk.iter())
    }
}

impl<T: Serialize> Serialize for Chunked<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut written = serializer.serialize_struct("Chunked", 1)?;
        written.serialize_field("chunks", &Groups(self))?;
        written.end()
    }
}

/// A list as it is written: in groups.
struct Groups<'l, T>(&'l Chunked<T>);

impl<T: Serialize> Serialize for Groups<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(list) = self;
        let mut groups = serializer.serialize_seq(Some(list.len.div_ceil(GROUP)))?;
        let mut elements = list.iter();
        let mut left = list.len;
        while left > 0 {
            let group: Vec<&T> = elements.by_ref().take(GROUP).collect();
            left -= group.len();
            groups.serialize_element(&group)?;
        }
        groups.end()
    }
}

impl<'de, T: Clone + Deserialize<'de>> Deserialize<'de> for Chunked<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// The form that [`Groups`] writes.
        #[derive(Deserialize)]
        #[serde(rename = "Chunked")]
        struct Written<T> {
            chunks: Vec<Vec<T>>,
        }
        let written = Written::deserialize(deserializer)?;
        let mut list = Self::default();
        let elements = written.chunks.into_iter().flatten();
        elements.for_each(|element| list.push(element));
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::Chunked;

    #[test]
    fn a_changed_clone_leaves_the_original() {
        let mut list = Chunked::default();
        (0..2000).for_each(|n| list.push(n));
        let mut copy = list.clone();
        *copy.get_mut(1300).unwrap() = 7;
        copy.push(2000);
        assert_eq!((list.len(), copy.len()), (2000, 2001));
        assert_eq!((list.get(1300), copy.get(1300)), (Some(&1300), Some(&7)));
        assert!(list.iter().copied().eq(0..2000));
        assert_eq!(copy.iter().next_back(), Some(&2000));
        assert_eq!(list.get(2000), None);
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        for size in [0_usize, 1, 16, 64, 65, 1024, 1025, 3000] {
            let mut list = Chunked::default();
            (0..size).for_each(|n| list.push(n));
            let text = serde_json::to_string(&list).unwrap();
            let groups = size.div_ceil(64);
            assert_eq!(text.matches('[').count(), 1 + groups, "{size}");
            let read: Chunked<usize> = serde_json::from_str(&text).unwrap();
            assert_eq!(read, list);
        }
    }
}
