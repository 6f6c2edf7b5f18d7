//! Events of one run as one value: a format byte, their number (4 bytes), the events.
//!
//! What several appends bring for a run is joined without encoding anything twice, so that a
//! commit writes one value for it.

use std::fmt::Display;

use attune_core::Event;

use super::{FORMAT, body, corrupt, write};
use crate::port::StoreError;

/// A value of events grows up to this size; only a single larger event exceeds it. Small enough
/// that reading one event is cheap, large enough that a long run has few values.
pub const MAX_CHUNK_BYTES: usize = 64 << 10;

const NAME: &str = "events";
const HEADER_BYTES: usize = 5;
/// Most events without large values need less.
const EVENT_GUESS_BYTES: usize = 96;

/// Encoded events, ready to be stored or joined with those that follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventChunk {
    count: u32,
    bytes: Vec<u8>,
}

impl EventChunk {
    fn new(capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + capacity);
        bytes.push(FORMAT);
        bytes.extend_from_slice(&[0; 4]);
        Self { count: 0, bytes }
    }

    /// Returns how many events are in it.
    pub fn count(&self) -> u64 {
        u64::from(self.count)
    }

    /// Returns its size.
    pub fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Takes up the events of `later`, or gives it back if there is no room.
    ///
    /// # Errors
    /// `later`, unchanged, if both together exceed [`MAX_CHUNK_BYTES`].
    pub fn join(&mut self, later: Self) -> Result<(), Self> {
        if self.bytes.len() + later.bytes.len() - HEADER_BYTES > MAX_CHUNK_BYTES {
            return Err(later);
        }
        self.count += later.count;
        self.bytes.extend_from_slice(&later.bytes[HEADER_BYTES..]);
        Ok(())
    }

    /// Returns the value to store.
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.bytes[1..HEADER_BYTES].copy_from_slice(&self.count.to_le_bytes());
        self.bytes
    }
}

/// Writes events, in chunks of at most [`MAX_CHUNK_BYTES`] where no single event is larger.
pub fn encode_events(events: &[Event]) -> Vec<EventChunk> {
    let guess = (events.len() * EVENT_GUESS_BYTES).min(MAX_CHUNK_BYTES);
    let mut chunks = Vec::with_capacity(1);
    let mut chunk = EventChunk::new(guess);
    for event in events {
        let before = chunk.bytes.len();
        write(&mut chunk.bytes, event);
        chunk.count += 1;
        if chunk.bytes.len() > MAX_CHUNK_BYTES && chunk.count > 1 {
            let mut next = EventChunk::new(chunk.bytes.len() - before);
            next.bytes.extend_from_slice(&chunk.bytes[before..]);
            next.count = 1;
            chunk.bytes.truncate(before);
            chunk.count -= 1;
            chunks.push(std::mem::replace(&mut chunk, next));
        }
    }
    if chunk.count > 0 {
        chunks.push(chunk);
    }
    chunks
}

/// Reads how many events a stored chunk holds.
///
/// # Errors
/// [`StoreError::Corrupt`] if it is no chunk in a known format.
pub fn count_events(key: impl Display, bytes: &[u8]) -> Result<u64, StoreError> {
    header(&key, bytes).map(|(count, _)| u64::from(count))
}

/// Reads the events of a stored chunk, without the first `skip` ones.
///
/// # Errors
/// [`StoreError::Corrupt`] if it is no chunk in a known format.
pub fn decode_events(
    key: impl Display,
    bytes: &[u8],
    skip: usize,
) -> Result<Vec<Event>, StoreError> {
    let (count, mut rest) = header(&key, bytes)?;
    let mut events = Vec::with_capacity((count as usize).min(rest.len()));
    for number in 0..count as usize {
        let (event, after) = postcard::take_from_bytes::<Event>(rest)
            .map_err(|error| corrupt(NAME, &key, format_args!("event {number} in it: {error}")))?;
        rest = after;
        if number >= skip {
            events.push(event);
        }
    }
    if rest.is_empty() {
        Ok(events)
    } else {
        Err(corrupt(
            NAME,
            &key,
            format_args!("{} bytes too many", rest.len()),
        ))
    }
}

fn header<'a>(key: &impl Display, bytes: &'a [u8]) -> Result<(u32, &'a [u8]), StoreError> {
    let (count, rest) = body(NAME, key, bytes)?
        .split_first_chunk::<4>()
        .ok_or_else(|| corrupt(NAME, key, "it is cut short"))?;
    Ok((u32::from_le_bytes(*count), rest))
}
