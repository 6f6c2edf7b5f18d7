//! Log lines of one run as one value: a format byte, the number of lines (4 bytes), then a block
//! for each attempt, which can be skipped without being read.

use std::fmt::Display;

use attune_core::TaskId;

use super::{FORMAT, MAX_CHUNK_BYTES, body, corrupt, whole, write};
use crate::port::{LogLine, StoreError};

const NAME: &str = "log";
const HEADER_BYTES: usize = 5;
/// Task (8), attempt (4), number of lines (4), size (4).
const BLOCK_HEADER_BYTES: usize = 20;

/// Encoded log lines, ready to be stored or joined with those that follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogChunk {
    count: u32,
    bytes: Vec<u8>,
}

/// Lines of one attempt, read from a chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct LogBlock {
    /// Place of the first line within the chunk.
    pub first: u64,
    /// The task execution.
    pub task: TaskId,
    /// The attempt.
    pub attempt: u32,
    /// The lines.
    pub lines: Vec<LogLine>,
}

impl LogChunk {
    /// Writes lines of one attempt.
    pub fn new(task: TaskId, attempt: u32, lines: &[LogLine]) -> Self {
        let count = u32::try_from(lines.len()).expect("an attempt's log is bounded in bytes");
        let mut bytes = Vec::with_capacity(MAX_CHUNK_BYTES.min(128 + 64 * lines.len()));
        bytes.push(FORMAT);
        bytes.extend_from_slice(&[0; HEADER_BYTES - 1]);
        bytes.extend_from_slice(&task.0.to_le_bytes());
        bytes.extend_from_slice(&attempt.to_le_bytes());
        bytes.extend_from_slice(&count.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        let start = bytes.len();
        write(&mut bytes, lines);
        let size = u32::try_from(bytes.len() - start).expect("an attempt's log is bounded");
        bytes[start - 4..start].copy_from_slice(&size.to_le_bytes());
        Self { count, bytes }
    }

    /// Returns how many lines are in it.
    pub fn count(&self) -> u64 {
        u64::from(self.count)
    }

    /// Returns its size.
    pub fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Takes up the lines of `later`, or gives it back if there is no room.
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

/// Reads how many lines a stored chunk holds.
///
/// # Errors
/// [`StoreError::Corrupt`] if it is no chunk in a known format.
pub fn count_lines(key: impl Display, bytes: &[u8]) -> Result<u64, StoreError> {
    header(&key, bytes).map(|(count, _)| u64::from(count))
}

/// Reads the blocks of a stored chunk that `wanted` names.
///
/// # Errors
/// [`StoreError::Corrupt`] if it is no chunk in a known format.
pub fn decode_logs(
    key: impl Display,
    bytes: &[u8],
    wanted: impl Fn(TaskId, u32) -> bool,
) -> Result<Vec<LogBlock>, StoreError> {
    let (count, mut rest) = header(&key, bytes)?;
    let (mut first, mut blocks) = (0, Vec::new());
    while !rest.is_empty() {
        let block = Block::split(rest).ok_or_else(|| corrupt(NAME, &key, "it is cut short"))?;
        if wanted(block.task, block.attempt) {
            blocks.push(LogBlock {
                first,
                task: block.task,
                attempt: block.attempt,
                lines: whole(NAME, &key, block.lines)?,
            });
        }
        first += u64::from(block.count);
        rest = block.rest;
    }
    if first == u64::from(count) {
        Ok(blocks)
    } else {
        Err(corrupt(NAME, &key, "its lines do not add up"))
    }
}

/// A block whose lines have not been read.
struct Block<'a> {
    task: TaskId,
    attempt: u32,
    count: u32,
    lines: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Block<'a> {
    fn split(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = bytes.split_at_checked(BLOCK_HEADER_BYTES)?;
        let (task, header) = header.split_first_chunk::<8>()?;
        let (attempt, header) = header.split_first_chunk::<4>()?;
        let (count, header) = header.split_first_chunk::<4>()?;
        let (size, _) = header.split_first_chunk::<4>()?;
        let (lines, rest) = rest.split_at_checked(u32::from_le_bytes(*size) as usize)?;
        Some(Self {
            task: TaskId(u64::from_le_bytes(*task)),
            attempt: u32::from_le_bytes(*attempt),
            count: u32::from_le_bytes(*count),
            lines,
            rest,
        })
    }
}

fn header<'a>(key: &impl Display, bytes: &'a [u8]) -> Result<(u32, &'a [u8]), StoreError> {
    let (count, rest) = body(NAME, key, bytes)?
        .split_first_chunk::<4>()
        .ok_or_else(|| corrupt(NAME, key, "it is cut short"))?;
    Ok((u32::from_le_bytes(*count), rest))
}
